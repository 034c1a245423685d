#include "runtime/run_state.h"

#include <algorithm>

#include "scheduler/work.h"

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;

bool ends(const Instant& instant, const Action& action) {
  return std::any_of(instant.events.begin(), instant.events.end(), [&](const Event& event) {
    return event.kind == Event::Kind::ActionFinished && event.action == action;
  });
}

}  // namespace

RunState::RunState(const plan::Plan& whole) : plan(whole), machine(whole), outputs(whole) {}

void RunState::take(const Instant& instant, scheduler::Commands& commands) {
  keep_outputs(instant);
  for (const Event& event : instant.events) settle(event);
  for (const Order& order : instant.orders) {
    if (!order.name.empty()) taken.insert(order.name);
    if (order.host.empty()) {
      if (answers_question(order.kind)) ++answers[order.action];
      continue;
    }
    unknown.erase({order.action, order.host});
    if (order.kind == Order::Kind::Retry) ++retries[{order.action, order.host}];
  }
  if (instant.session) {
    ++sessions;
    last_session = instant.session;
    last_session_at = instant.at;
  }
  machine.apply(instant.at, instant.events, commands);
  for (const Command& command : commands) follow(command, instant.at);
  last = instant.at;
}

// Those of an attempt on several hosts are put together, in the hosts' order.
void RunState::keep_outputs(const Instant& instant) {
  const std::vector<HostResult>& results = instant.results;
  for (std::size_t i = 0; i < results.size();) {
    const Action& action = results[i].action;
    if (!ends(instant, action)) {
      unknown[{action, results[i].host}] = results[i].completion.detail;
      ++i;
      continue;
    }
    std::vector<Output> written;
    for (; i < results.size() && results[i].action == action; ++i) {
      // The last of a name counts: it is found first.
      const std::vector<Output>& more = results[i].completion.outputs;
      written.insert(written.begin(), more.begin(), more.end());
    }
    outputs.keep(action, std::move(written));
  }
}

void RunState::settle(const Event& event) {
  const Action& action = event.action;
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      if (const auto found = open.find(action); found != open.end()) found->second.begun = true;
      return;
    case Event::Kind::ActionFinished:
      if (open.erase(action) > 0 && is_manual(action)) --manual_;
      std::erase_if(unknown, [&](const auto& row) { return row.first.first == action; });
      std::erase_if(retries, [&](const auto& row) { return row.first.first == action; });
      return;
    case Event::Kind::ConditionKnown:
      std::erase(conditions, action);
      return;
    case Event::Kind::TimerFired:
      for (auto timer = timers.begin(); timer != timers.end(); ++timer) {
        if (!(timer->second == event)) continue;
        timers.erase(timer);
        return;
      }
      return;
    default:
      return;
  }
}

void RunState::follow(const Command& command, base::Instant at) {
  const Action& action = command.action;
  Event event;
  event.action = action;
  switch (command.kind) {
    case Command::Kind::StartAction:
      close_question(action);
      if (is_manual(action)) ++manual_;
      open[action].since = at;
      return;
    case Command::Kind::CancelAction:
      if (const auto found = open.find(action); found != open.end()) {
        found->second.cancelled = true;
      }
      return;
    case Command::Kind::SetTimer:
      event.kind = Event::Kind::TimerFired;
      event.timer = command.timer;
      timers.emplace(command.at, event);
      return;
    case Command::Kind::EvaluateCondition:
      close_question(action);
      conditions.push_back(action);
      return;
    case Command::Kind::AskOperator:
      questions.push_back(action);
      return;
    case Command::Kind::TaskEnded:
      return close_question(action);
    default:
      return;
  }
}

bool RunState::is_manual(const Action& action) const {
  return scheduler::work_for(plan, action).action.kind == "manual";
}

std::size_t RunState::waiting_for_people() const {
  std::size_t count = questions.size() + manual_;
  const Action* before = nullptr;
  for (const auto& [where, why] : unknown) {
    if (before == nullptr || *before != where.first) ++count;
    before = &where.first;
  }
  return count;
}

// Whatever its slot does next, nobody is asked about it any more.
void RunState::close_question(const Action& action) {
  if (action.lane == Action::none) return;  // a step, which has no slot
  std::erase_if(questions, [&](const Action& open_one) { return open_one.slot == action.slot; });
}

}  // namespace sluice::runtime
