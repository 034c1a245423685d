#include "scheduler/open_work.h"

#include <algorithm>

#include "scheduler/work.h"

namespace sluice::scheduler {

void OpenWork::settle(const Event& event) {
  const Action& action = event.action;
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      if (const auto found = open.find(action); found != open.end()) found->second.begun = true;
      return;
    case Event::Kind::ActionFinished:
      if (const auto found = open.find(action); found != open.end()) {
        if (!found->second.cancelled && is_manual(action)) --manual_;
        open.erase(found);
      }
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

void OpenWork::follow(const Command& command, base::Instant at) {
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
        if (!found->second.cancelled && is_manual(action)) --manual_;
        found->second.cancelled = true;
      }
      return;
    case Command::Kind::SetTimer:
      event.kind = Event::Kind::TimerFired;
      event.timer = command.timer;
      timers.emplace(command.at, event);
      if (const auto found = open.find(action);
          found != open.end() && command.timer == TimerKind::Timeout) {
        found->second.timeout = command.at - at;
      }
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

bool OpenWork::is_manual(const Action& action) const {
  return scheduler::is_manual(work_for(plan, action));
}

// Whatever its slot does next, nobody is asked about it any more.
void OpenWork::close_question(const Action& action) {
  if (action.lane == Action::none) return;  // a step, which has no slot
  std::erase_if(questions, [&](const Action& open_one) { return open_one.slot == action.slot; });
}

}  // namespace sluice::scheduler
