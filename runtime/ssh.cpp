#include "runtime/ssh.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "runtime/request.h"
#include "runtime/ssh_attempt.h"
#include "runtime/ssh_predecessors.h"

namespace sluice::runtime {

namespace {

// So many hosts are looked at in vain, each time, for connections to give back: an upload or a
// tunnel may use them.
constexpr std::size_t most_in_vain = 16;
// The next step of a host begins where the one before it has ended: its connection stays for it.
constexpr base::Duration until_next_step{1'000};
// At the run's end: hosts at once, the time of each, and hosts in a row that do not answer before
// the others are not asked any more.
constexpr std::size_t left_at_once = 50;
constexpr base::Duration to_leave{5'000};
constexpr base::Duration to_come_back{10'000};

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
    : loop_(loop),
      processes_(processes),
      settings_(std::move(settings)),
      worker_(loop, processes, settings_.program) {}
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
    row.connection->use(worker_);
    row.wrapper = host_wrapper(place);
    // However few there are: else who rests would keep what another waits for.
    row.connection->when_short([this] { give_back(1); });
  }
  return row;
}

void SshExecutor::work_begins(ActionRequest::Ticket ticket, Host& row) {
  uses(row);
  at_work_[ticket] = &row;
  if (row.at_work++ > 0) return;
  resting_.erase(row.resting);
  row.rests = false;
  ++working_;
}

void SshExecutor::work_ends(ActionRequest::Ticket ticket) {
  const auto found = at_work_.find(ticket);
  if (found == at_work_.end()) return;
  Host& row = *found->second;
  at_work_.erase(found);
  if (--row.at_work > 0) return;
  --working_;
  rest(row);
  give_back_in(until_next_step);
}

void SshExecutor::rest(Host& row) {
  if (row.rests) resting_.erase(row.resting);
  row.resting = resting_.insert(resting_.end(), &row);
  row.rests = true;
}

// Its connection, for whatever it is. Others are given back behind all that begins in this turn.
void SshExecutor::uses(Host& row) {
  if (row.at_work == 0) rest(row);
  if (!row.connection->connected()) give_back_in({});
}

bool SshExecutor::has_too_many() const {
  return !resting_.empty() && working_ + resting_.size() > settings_.most_connections;
}

void SshExecutor::give_back_in(base::Duration delay) {
  const base::Instant when = loop_.now() + delay;
  if (!has_too_many() || when >= gives_back_at_) return;
  gives_back_at_ = when;
  give_back_timer_ = loop_.at(when, [this] { give_some_back(); });
}

void SshExecutor::give_some_back() {
  gives_back_at_ = base::Instant::never();
  const std::size_t all = working_ + resting_.size();
  if (has_too_many() && give_back(all - settings_.most_connections)) give_back_in(until_next_step);
}

// So many, those that were used longest ago, as far as they are idle. Whether any was.
bool SshExecutor::give_back(std::size_t count) {
  bool any = false;
  std::size_t in_vain = 0;
  while (count > 0 && in_vain < most_in_vain && !resting_.empty()) {
    Host& row = *resting_.front();
    if (!row.connection->idle()) {
      ++in_vain;
      rest(row);
      continue;
    }
    any = true;
    --count;
    resting_.pop_front();
    row.rests = false;
    row.given_back = row.given_back || row.connection->connected();
    row.connection->give_back();
  }
  return any;
}

SshConnection& SshExecutor::connection(const Place& place, const std::string& run) {
  Host& row = host(place);
  row.run = wrapper_run_name(run);
  uses(row);
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
  work_begins(ticket, row);
  done = [this, ticket, done = std::move(done)](Completion completion) {
    work_ends(ticket);
    done(std::move(completion));
  };
  row.run = wrapper_key(request).run;
  row.epoch = request.epoch;
  row.for_powershell = is_for_powershell(request);
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
  waiting.before =
      std::make_unique<Predecessors>(loop_, settings_, row, std::move(before), std::move(over));
  const ActionRequest& asked = waiting.request;
  if (!asked.earlier.empty() || asked.stands) waiting.before->wait_for_host();
  if (!asked.stands) waiting.before->tell_away(asked.away);  // else a person is asked already
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
  attempts_[ticket] =
      std::make_unique<Attempt>(loop_, settings_, row, std::move(request), std::move(answered));
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
  others = std::make_unique<Predecessors>(loop_, settings_, row, std::move(keys), std::move(over));
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
  work_ends(ticket);
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
    Host& row = host(place);
    uses(row);
    row.connection->forward(destination, std::move(ready));
  };
}

std::size_t SshExecutor::given_back() const {
  return static_cast<std::size_t>(
      std::count_if(hosts_.begin(), hosts_.end(), [](const auto& entry) {
        const Host& row = entry.second;
        return row.given_back && row.has_files() && !row.connection->connected();
      }));
}

void SshExecutor::finish(std::function<void()> finished, bool comes_back) {
  comes_back_ = comes_back;
  finished_ = std::move(finished);
  // Those that have a connection first: it is one less.
  for (const bool connected : {true, false}) {
    for (auto& [id, row] : hosts_) {
      if (row.connection->connected() == connected) to_leave_.push_back(&row);
    }
  }
  if (hosts_.empty()) soon_ = loop_.after({}, finished_);
  leave_next();
}

void SshExecutor::leave_next() {
  while (leaving_ < left_at_once && !to_leave_.empty()) {
    Host& row = *to_leave_.front();
    to_leave_.pop_front();
    ++leaving_;
    leave(row);
  }
}

void SshExecutor::leave(Host& row) {
  const bool connected = row.connection->connected();
  const bool asked = connected || (row.given_back && comes_back_);
  // Where nobody answers, it is this end that is cut off.
  if (!asked || !row.has_files() || in_vain_ >= left_at_once) return close(row);
  row.deadline = loop_.after(connected ? to_leave : to_come_back, [this, &row] {
    ++in_vain_;
    close(row);
  });
  forget(row);
}

void SshExecutor::forget(Host& row) {
  const std::string nonce = fresh_nonce();
  SshConnection::Request request;
  const Wrapper asked = row.keeper();
  address(request, asked);
  request.input = request_forget(nonce, row.run, row.epoch);
  request.stays = true;  // where there is one: it ends behind this
  request.on_end = [this, &row, asked](const SshConnection::End& end) {
    if (row.closing) return;
    using How = SshConnection::End::How;
    const bool exited = end.how == How::Exited;
    // By the shell at once: whoever forgot them, nothing more is asked of them.
    const bool in_vain = end.how == How::Broken || (exited && end.exit_value != 0);
    if (in_vain && row.wrapper.gives_way(asked)) return forget(row);
    in_vain_ = exited ? 0 : in_vain_ + 1;
    close(row);
  };
  row.connection->open(std::move(request));
}

void SshExecutor::close(Host& row) {
  row.closing = true;
  row.deadline = Loop::Timer();
  row.connection->close([this] {
    --leaving_;
    leave_next();
    if (leaving_ == 0) worker_.end(finished_);
  });
}

}  // namespace sluice::runtime
