// A lane's way from task to task, decided when all events of the instant are settled.
#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

namespace {

// None: it runs. A condition looks at the earlier tasks of the same lane.
Reason why_not_run(const TaskRules& task, bool failed, bool cut) {
  if (task.disabled) return Reason::Disabled;
  if (task.when == plan::When::Always) return Reason::None;
  if (task.when == plan::When::Success && failed) return Reason::AfterFailure;
  if (task.when == plan::When::Failure && !failed) return Reason::WithoutFailure;
  return cut ? Reason::Aborted : Reason::None;
}

}  // namespace

void Scheduler::Machine::decide_lanes() {
  for (const std::uint32_t place : deciding_) decide(place);
  deciding_.clear();
}

void Scheduler::Machine::decide(std::uint32_t place) {
  Slot& slot = slots_[place];
  const bool cut = steps_[slot.step].cut;
  switch (slot.verdict) {
    case Verdict::None:
      return end_lane(place);  // it had nothing to run
    case Verdict::Succeeded:
      say_task(place, slot.task, slot.attempt, State::Succeeded, Reason::None);
      break;
    case Verdict::Failed:
      if (task_rules(slot, slot.task).ignore_failure) slot.degraded = true;
      say_task(place, slot.task, slot.attempt, State::Failed, Reason::None);
      break;
    case Verdict::Again:
      if (!cut && task_rules(slot, slot.task).pause.ms > 0) return pause_lane(place);
      [[fallthrough]];
    case Verdict::PauseOver:
      if (!cut) {
        ++slot.attempt;
        starting_.push_back(place);
        return;
      }
      [[fallthrough]];
    case Verdict::Cancelled:
      slot.cut_short = true;
      say_task(place, slot.task, slot.attempt, State::Cancelled, Reason::Aborted);
      break;
  }
  if (find_task(slot, place, slot.task + 1)) {
    starting_.push_back(place);
  } else {
    end_lane(place);
  }
}

// The next task that runs becomes the slot's, before its first attempt; those in between are
// skipped. False: there is none.
bool Scheduler::Machine::find_task(Slot& slot, std::uint32_t place, std::uint32_t from) {
  const std::uint32_t tasks = rules_.steps[slot.step].tasks;
  const bool cut = steps_[slot.step].cut;
  for (std::uint32_t task = from; task < tasks; ++task) {
    const Reason reason = why_not_run(task_rules(slot, task), slot.failed, cut);
    if (reason == Reason::None) {
      slot.task = task;
      slot.attempt = 1;
      return true;
    }
    if (reason == Reason::Aborted) slot.cut_short = true;
    say_task(place, task, 0, State::Skipped, reason);
  }
  return false;
}

void Scheduler::Machine::start_attempts() {
  for (const std::uint32_t place : starting_) start_attempt(place);
  starting_.clear();
}

void Scheduler::Machine::start_attempt(std::uint32_t place) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Acting);
  const Action action = action_of(place);
  say(Command::Kind::StartAction, action);
  const base::Duration timeout = task_rules(slot, slot.task).timeout;
  if (timeout == TaskRules::no_timeout) return;
  Command& timer = say(Command::Kind::SetTimer, action);
  timer.timer = TimerKind::Timeout;
  timer.at = now_ + timeout;
}

// The slot is kept: what the lane has begun must not be left standing while others go first.
void Scheduler::Machine::pause_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Pausing);
  Command& timer = say(Command::Kind::SetTimer, action_of(place));
  timer.timer = TimerKind::RetryPause;
  timer.at = now_ + task_rules(slot, slot.task).pause;
}

void Scheduler::Machine::end_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  const plan::StepId step = slot.step;
  StepRow& row = steps_[step];
  change(slot.phase, slot.failed      ? LanePhase::Failed
                     : slot.cut_short ? LanePhase::Cancelled
                     : slot.degraded  ? LanePhase::Degraded
                                      : LanePhase::Succeeded);
  Command& said = say(Command::Kind::LaneEnded, {.step = step, .lane = slot.lane, .slot = place});
  said.state = state_of(slot.phase);
  if (slot.phase == LanePhase::Cancelled) {
    said.reason = Reason::Aborted;
    row.cancelled = true;
  }
  row.degraded = row.degraded || slot.degraded;
  --row.live;
  --in_flight_;
  free_slots_.push_back(place);
  if (rules_.steps[step].locks) release_target(slot);
  if (is_over(step)) {
    end_step(step);
  } else {
    offer(step);
  }
}

void Scheduler::Machine::say_task(std::uint32_t place, std::uint32_t task, std::uint32_t attempts,
                                  State state, Reason reason) {
  Action action = action_of(place);
  action.task = task;
  action.attempt = attempts;
  Command& said = say(Command::Kind::TaskEnded, action);
  said.state = state;
  said.reason = reason;
}

}  // namespace sluice::scheduler
