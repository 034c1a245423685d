#include "runtime/ssh.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "runtime/request.h"
#include "runtime/ssh_attempt.h"
#include "runtime/ssh_predecessors.h"

namespace sluice::runtime {

namespace {

// A `verify` on behalf of what was lost: that is over, as the host has said.
bool asks_for_lost(const ActionRequest& request) {
  return request.generation >= first_probe_generation;
}

void add_keys(std::vector<WrapperKey>& keys, const ActionRequest& request,
              const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    keys.push_back(wrapper_key(request));
    keys.back().action = name;
  }
}

// What a program before this one may have begun in its place and before it, the last first to end.
std::vector<WrapperKey> other_keys(const ActionRequest& request) {
  std::vector<WrapperKey> keys;
  add_keys(keys, request, request.later);
  add_keys(keys, request, request.earlier);
  return keys;
}

std::pair<plan::StepId, std::uint32_t> lane_of(const ActionRequest& request) {
  return {request.action.step, request.action.lane};
}

void add_lost(std::vector<WrapperKey>& lost, const WrapperKey& key) {
  const auto same = [&](const WrapperKey& row) { return row.action == key.action; };
  if (std::none_of(lost.begin(), lost.end(), same)) lost.push_back(key);
}

// Whether that is to be over before a request begins: all but itself, and what it may come to be
// begun as.
bool comes_before(const WrapperKey& key, const ActionRequest& request) {
  const std::vector<std::string>& later = request.later;
  return key.action != action_key(request) &&
         std::find(later.begin(), later.end(), key.action) == later.end();
}

}  // namespace

SshExecutor::SshExecutor(Loop& loop, Processes& processes, SshSettings settings)
    : loop_(loop), processes_(processes), settings_(std::move(settings)) {}
SshExecutor::~SshExecutor() {
  waiting_.clear();
  ending_.clear();
  attempts_.clear();  // they let go of their sessions while there are connections
}

SshExecutor::Host& SshExecutor::host(const Place& place) {
  Host& row = hosts_[place.host];
  if (!row.connection) {
    row.connection =
        std::make_unique<SshConnection>(loop_, processes_, place, settings_.files,
                                        settings_.directory, fmt::format("{}", place.host.value));
  }
  return row;
}

SshConnection& SshExecutor::connection(const Place& place, const std::string& run) {
  Host& row = host(place);
  row.run = wrapper_run_name(run);
  return *row.connection;
}

void SshExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  const std::string problem = connection_problem(request.place);
  if (!problem.empty()) {
    Completion refused;
    refused.detail = problem;
    loop_.post([done = std::move(done), refused] { done(refused); });
    return;
  }
  Host& row = host(request.place);
  if (request.passed_over) {
    // Who takes the run up would begin it beside what comes next.
    add_lost(row.lost[lane_of(request)], wrapper_key(request));
    loop_.post([done = std::move(done)] { done({}); });
    return;
  }
  row.run = wrapper_key(request).run;
  row.epoch = request.epoch;
  row.windows = is_for_powershell(request);
  std::vector<WrapperKey>& lost = row.lost[lane_of(request)];
  std::vector<WrapperKey> earlier;
  add_keys(earlier, request, request.earlier);
  for (const WrapperKey& key : earlier) add_lost(lost, key);
  std::vector<WrapperKey> before;
  const bool has_begun = request.resumed && request.resumed->begun && !request.rejoins;
  if (!asks_for_lost(request) && !has_begun) {
    std::copy_if(lost.begin(), lost.end(), std::back_inserter(before),
                 [&](const WrapperKey& key) { return comes_before(key, request); });
  }
  if (before.empty()) return begin(row, std::move(request), std::move(done));
  Waiting& waiting = waiting_[ticket];
  waiting.request = std::move(request);
  waiting.done = std::move(done);
  auto over = [this, ticket, &row](const std::optional<Completion>& unable) {
    Waiting ready = std::move(waiting_[ticket]);
    waiting_.erase(ticket);
    if (unable) {
      Completion completion = *unable;
      // Not now; before, it may have been.
      completion.unanswered = !ready.request.earlier.empty() || ready.request.rejoins;
      if (completion.unanswered) completion.ending = Completion::Ending::Lost;
      return ready.done(completion);
    }
    std::erase_if(row.lost[lane_of(ready.request)],
                  [&](const WrapperKey& key) { return comes_before(key, ready.request); });
    begin(row, std::move(ready.request), std::move(ready.done));
  };
  waiting.before = std::make_unique<Predecessors>(loop_, settings_, *row.connection, row.windows,
                                                  std::move(before), std::move(over));
  const ActionRequest& asked = waiting.request;
  if (!asked.earlier.empty() || asked.stands) waiting.before->wait_for_host();
  waiting.before->begin();
}

void SshExecutor::begin(Host& row, ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  auto answered = [this, ticket, &row, lane = lane_of(request), key = wrapper_key(request),
                   asks = asks_for_lost(request), resumed = request.resumed.has_value(),
                   others = other_keys(request), rejoins = request.rejoins,
                   done = std::move(done)](const Completion& completion) {
    using Ending = Completion::Ending;
    const bool lost = completion.ending == Ending::Lost;
    const bool not_begun =
        completion.ending == Ending::NotStarted || completion.ending == Ending::Unreachable;
    if (lost) row.keeps_files = true;
    // A `verify` that was passed over never begins: who takes the run up would begin it beside what
    // comes next. And what a program before this one may have begun in its place is lost with it.
    if (lost || (asks && not_begun)) {
      add_lost(row.lost[lane], key);
      for (const WrapperKey& other : others) add_lost(row.lost[lane], other);
    }
    if (rejoins && !lost) {
      std::erase_if(row.lost[lane],
                    [&](const WrapperKey& other) { return other.action == key.action; });
    }
    const std::unique_ptr<Attempt> ended = std::move(attempts_[ticket]);
    attempts_.erase(ticket);
    const bool cancelled = completion.outcome == scheduler::Outcome::Cancelled && (lost || asks);
    // The program before, which could not know it, may have begun something in its place.
    const bool known = resumed && !lost && !not_begun;
    const bool settles = known && (!asks || completion.outcome == scheduler::Outcome::Succeeded);
    if ((cancelled || settles) && !others.empty()) {
      return end_others(ticket, row, lane, others, completion, done);
    }
    done(completion);
  };
  attempts_[ticket] = std::make_unique<Attempt>(loop_, settings_, *row.connection,
                                                std::move(request), std::move(answered));
  attempts_[ticket]->begin();
}

// Nobody goes on with what was begun in place of what was lost, or before it, where that is
// cancelled or its end is known after all: it is over before that is told.
void SshExecutor::end_others(ActionRequest::Ticket ticket, Host& row, Lane lane,
                             std::vector<WrapperKey> keys, const Completion& completion,
                             Sink done) {
  auto over = [this, ticket, &row, completion,
               done = std::move(done)](const std::optional<Completion>& unable) {
    const EndingOthers ended = std::move(ending_[ticket]);
    ending_.erase(ticket);
    Completion all = completion;
    if (unable) {
      row.keeps_files = true;
      all.detail += fmt::format("; {}", unable->detail);
    }
    done(all);
  };
  EndingOthers& ending = ending_[ticket];
  ending.host = &row;
  ending.lane = lane;
  ending.keys = keys;
  std::unique_ptr<Predecessors>& others = ending.others;
  others = std::make_unique<Predecessors>(loop_, settings_, *row.connection, row.windows,
                                          std::move(keys), std::move(over));
  if (row.connection->connected()) others->wait_for_host();
  others->begin();
}

void SshExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto found = attempts_.find(ticket);
  if (found != attempts_.end()) return found->second->cancel();
  const auto waits = waiting_.find(ticket);
  if (waits == waiting_.end()) return;
  const Waiting waiting = std::move(waits->second);
  waiting_.erase(waits);
  Completion never;
  never.outcome = scheduler::Outcome::Cancelled;
  never.detail = "cancelled before it began";
  if (waiting.request.resumed) {
    // By this program; by one before it, it may have been.
    Host& row = host(waiting.request.place);
    row.keeps_files = true;
    never.ending = Completion::Ending::Lost;
    std::vector<WrapperKey> keys = other_keys(waiting.request);
    keys.push_back(wrapper_key(waiting.request));
    return end_others(ticket, row, lane_of(waiting.request), std::move(keys), never, waiting.done);
  }
  loop_.post([done = waiting.done, never] { done(never); });
}

void SshExecutor::let_go(ActionRequest::Ticket ticket) {
  attempts_.erase(ticket);
  waiting_.erase(ticket);
  const auto found = ending_.find(ticket);
  if (found == ending_.end()) return;
  const EndingOthers ending = std::move(found->second);
  ending_.erase(found);
  ending.host->keeps_files = true;
  for (const WrapperKey& key : ending.keys) add_lost(ending.host->lost[ending.lane], key);
}

OpenTunnel SshExecutor::tunnels() {
  return [this](const Place& place, const std::string& destination,
                std::function<void(base::Result<std::string>)> ready) {
    const std::string problem = connection_problem(place);
    if (!problem.empty()) {
      loop_.post([ready = std::move(ready), problem] { ready(base::Error{problem}); });
      return;
    }
    host(place).connection->forward(destination, std::move(ready));
  };
}

void SshExecutor::finish(std::function<void()> finished) {
  finished_ = std::move(finished);
  open_hosts_ = hosts_.size();
  for (auto& [id, row] : hosts_) {
    if (row.connection->connected() && !row.run.empty() && !row.keeps_files) {
      forget(row);
    } else {
      close(row);
    }
  }
  if (hosts_.empty()) soon_ = loop_.after({}, finished_);
}

void SshExecutor::forget(Host& row) {
  const std::string nonce = fresh_nonce();
  SshConnection::Request request;
  request.command = wrapper_command();
  if (row.windows) address_powershell(request);
  request.input = request_forget(nonce, row.run, row.epoch);
  request.stays = true;  // where there is one: it ends behind this
  request.patience = settings_.patience;
  request.on_end = [this, &row](const SshConnection::End&) { close(row); };
  row.connection->open(std::move(request));
}

void SshExecutor::close(Host& row) {
  row.connection->close([this] {
    if (--open_hosts_ == 0) finished_();
  });
}

}  // namespace sluice::runtime
