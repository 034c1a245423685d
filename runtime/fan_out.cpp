#include "runtime/fan_out.h"

#include <algorithm>

#include "base/check.h"
#include "runtime/output.h"
#include "runtime/request.h"
#include "scheduler/work.h"

namespace sluice::runtime {

namespace {

scheduler::Action without_attempt(scheduler::Action action) {
  action.attempt = 0;
  return action;
}

}  // namespace

FanOut::FanOut(const plan::Plan& plan, Facts facts, Executor& executor, Ended ended, Output output)
    : plan_(plan),
      facts_(std::move(facts)),
      executor_(executor),
      ended_(std::move(ended)),
      output_(std::move(output)) {}

void FanOut::listen(Begun begun, Retries retries, Away away) {
  away_ = std::move(away);
  begun_ = std::move(begun);
  retries_ = std::move(retries);
}

void FanOut::start(const scheduler::Action& action,
                   const std::optional<ActionRequest::Resumed>& resumed) {
  std::vector<plan::TargetId> hosts = hosts_of(plan_, action);
  const auto failed = failed_.find(without_attempt(action));
  if (failed != failed_.end()) {
    hosts = failed->second;
    failed_.erase(failed);
  }
  Attempt& attempt = attempts_[action];
  attempt.resumed = resumed;
  for (const plan::TargetId host : hosts) {
    Host row;
    row.id = host;
    row.name = host.valid() ? plan_.targets.name(host) : plan::controller_name;
    attempt.hosts.push_back(std::move(row));
  }
  attempt.open = attempt.hosts.size();
  for (std::size_t host = 0; host < hosts.size(); ++host) start(action, host);
}

void FanOut::start(const scheduler::Action& action, std::size_t host) {
  Host& row = attempts_[action].hosts[host];
  row.ticket = ++last_ticket_;
  base::Result<ActionRequest> request = make_request(plan_, action, row.id, facts_());
  if (!request) {
    // Refused before it began: executors answer from the loop, and so does this, through one that
    // does nothing but that.
    ActionRequest refused;
    refused.ticket = row.ticket;
    refused.action = action;
    refused.plan = &plan_;
    refused.refused = request.error().message;
    request = std::move(refused);
  }
  ActionRequest made = std::move(request).value();
  made.ticket = row.ticket;
  made.resumed = attempts_[action].resumed;
  if (retries_) made.retries = retries_(action, row.name);
  made.begun = [this, action] { begun(action); };
  made.ended = [this, action, host] { ended(action, host); };
  made.away = [this, action, name = row.name](bool away) {
    if (away_) away_(action, name, away);
  };
  made.output = [this, action, name = row.name](Stream, std::string_view bytes) {
    output_(action, name, bytes);
  };
  made.left_out = [this, action, name = row.name](std::uint64_t bytes) {
    output_(action, name, said_of_left_out(bytes));
  };
  executor_.start(std::move(made), [this, action, host](Completion completion) {
    finish(action, host, std::move(completion));
  });
}

void FanOut::begun(const scheduler::Action& action) {
  const auto found = attempts_.find(action);
  if (found == attempts_.end() || found->second.begun) return;
  found->second.begun = true;
  if (begun_) begun_(action);
}

void FanOut::ended(const scheduler::Action& action, std::size_t host) {
  const auto found = attempts_.find(action);
  if (found == attempts_.end()) return;
  found->second.hosts[host].ended = true;
  look_whether_ended(action, found->second);
}

void FanOut::look_whether_ended(const scheduler::Action& action, const Attempt& attempt) {
  const bool all = std::all_of(attempt.hosts.begin(), attempt.hosts.end(),
                               [](const Host& host) { return host.ended || host.over; });
  if (all && attempt.open > 0) ended_before_.insert(action);
}

void FanOut::settled(const scheduler::Action& action) {
  ended_before_.erase(action);
  const auto found = ended_tickets_.find(action);
  if (found == ended_tickets_.end()) return;
  for (const ActionRequest::Ticket ticket : found->second) executor_.settled(ticket);
  ended_tickets_.erase(found);
}

void FanOut::replayed(const scheduler::Action& action, const std::vector<HostResult>& results) {
  failed_.erase(without_attempt(action));
  std::vector<plan::TargetId> failed;
  for (const plan::TargetId host : hosts_of(plan_, action)) {
    const std::string name(host.valid() ? plan_.targets.name(host) : plan::controller_name);
    const auto bad = [&](const HostResult& row) {
      return row.action == action && row.host == name &&
             row.completion.outcome != scheduler::Outcome::Succeeded;
    };
    if (std::any_of(results.begin(), results.end(), bad)) failed.push_back(host);
  }
  keep_failed(action, std::move(failed));
}

void FanOut::keep_failed(const scheduler::Action& action, std::vector<plan::TargetId> failed) {
  // An operator may ask for one more attempt than the plan has.
  const bool asks = plan_.steps[action.step].on_failure == plan::OnFailure::Ask;
  if (failed.empty()) return;
  if (asks || action.attempt <= scheduler::work_for(plan_, action).retry.more) {
    failed_[without_attempt(action)] = std::move(failed);
  }
}

void FanOut::cancel(const scheduler::Action& action) {
  const auto found = attempts_.find(action);
  if (found == attempts_.end()) return;
  found->second.cancelled = true;
  for (const Host& host : found->second.hosts) {
    if (!host.over) executor_.cancel(host.ticket);
  }
}

std::size_t FanOut::open_hosts(const scheduler::Action& action) const {
  const auto found = attempts_.find(action);
  return found == attempts_.end() ? 0 : found->second.open;
}

void FanOut::finish(const scheduler::Action& action, std::size_t host, Completion completion) {
  const auto found = attempts_.find(action);
  SLUICE_CHECK(found != attempts_.end() && !found->second.hosts[host].over,
               "an executor answered twice");
  Host& row = found->second.hosts[host];
  row.over = true;
  row.completion = std::move(completion);
  if (--found->second.open == 0) return finish_attempt(action);
  look_whether_ended(action, found->second);
}

void FanOut::finish_attempt(const scheduler::Action& action) {
  const auto found = attempts_.find(action);
  const Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  std::vector<HostResult> results;
  std::vector<plan::TargetId> failed;
  bool out_of_reach = false;
  for (const Host& host : attempt.hosts) {
    if (host.completion.outcome != scheduler::Outcome::Succeeded) failed.push_back(host.id);
    out_of_reach = out_of_reach || host.completion.ending == Completion::Ending::Unreachable ||
                   host.completion.outcome == scheduler::Outcome::Unreachable;
    results.push_back({action, host.name, host.completion});
  }
  scheduler::Outcome outcome = scheduler::Outcome::Succeeded;
  if (!failed.empty()) {
    // Of a `via`, a host out of reach is a failure: it says nothing of the target.
    const bool on_target = scheduler::work_for(plan_, action).via.kind == plan::Via::Kind::Target;
    outcome = attempt.cancelled           ? scheduler::Outcome::Cancelled
              : out_of_reach && on_target ? scheduler::Outcome::Unreachable
                                          : scheduler::Outcome::Failed;
    keep_failed(action, std::move(failed));
  }
  for (const Host& host : attempt.hosts) ended_tickets_[action].push_back(host.ticket);
  ended_(action, outcome, std::move(results));
}

}  // namespace sluice::runtime
