// Settling: what an event means for its lane, its step and the deployment.
#include "scheduler/machine.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace sluice::scheduler {

Scheduler::Machine::Machine(const plan::Plan& plan)
    : plan_(plan),
      graph_(plan),
      locks_(plan.targets.size(), graph_.concurrent()),
      steps_(plan.steps.size()) {
  for (const plan::StepId step : plan.steps.ids()) {
    steps_[step.value].lanes = plan::lane_count(plan, step);
  }
}

void Scheduler::Machine::apply(base::Instant now, std::span<const Event> events,
                               Commands& commands) {
  SLUICE_CHECK(now >= now_, "time went back");
  now_ = now;
  commands.clear();
  commands_ = &commands;
  if (!begun_) {
    begun_ = true;
    for (const plan::StepId step : graph_.roots()) make_ready(step);
  }
  sorted_.assign(events.begin(), events.end());
  std::sort(sorted_.begin(), sorted_.end(), [](const Event& a, const Event& b) {
    return std::tie(a.kind, a.action, a.timer) < std::tie(b.kind, b.action, b.timer);
  });
  for (const Event& event : sorted_) settle(event);
  decide_starts();
}

bool Scheduler::Machine::at_rest() const {
  return in_flight_ == 0 && (ended_ || paused_);
}

State Scheduler::Machine::state() const {
  if (!ended_) return paused_ ? State::Paused : State::Running;
  if (aborted_) return State::Aborted;
  if (any_failed_) return State::Failed;
  return any_degraded_ ? State::Degraded : State::Succeeded;
}

void Scheduler::Machine::settle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      return;
    case Event::Kind::ActionFinished:
      return finish(event);
    case Event::Kind::Pause:
      paused_ = !aborted_ && !ended_;
      return;
    case Event::Kind::Continue:
      paused_ = false;
      return;
    case Event::Kind::Abort:
      return abort();
    case Event::Kind::TimerFired:
      return fire(event);
  }
}

void Scheduler::Machine::finish(const Event& event) {
  Slot* slot = slot_of(event.action);
  SLUICE_CHECK(slot != nullptr &&
                   (slot->phase == SlotPhase::Running || slot->phase == SlotPhase::Cancelling),
               "an action ended that does not run");
  // What was told to end has failed, even where it came through in the meantime.
  if (slot->given_up != GivenUp::No || event.outcome != Outcome::Succeeded) {
    attempt_failed(*slot);
    return;
  }
  say_task_ended(*slot, slot->action.task, slot->action.attempt, State::Succeeded, Reason::None);
  go_on(*slot, slot->action.task + 1);
}

void Scheduler::Machine::fire(const Event& event) {
  Slot* slot = slot_of(event.action);
  if (slot == nullptr) return;
  if (event.timer == TimerKind::RetryPause) {
    if (slot->phase != SlotPhase::Pausing) return;
    move(slot->phase, SlotPhase::Continuing);
    continuing_.push_back(slot->action.slot);
    return;
  }
  if (slot->phase != SlotPhase::Running) return;
  slot->given_up = GivenUp::TimedOut;
  say(Command::Kind::CancelAction, slot->action);
  move(slot->phase, SlotPhase::Cancelling);
  // The attempt has failed now; that it still takes a while to end keeps its slot, and no more.
  if (slot->action.attempt > task_of(*slot).retry.more) {
    slot->failure_settled = true;
    fail_task(*slot);
  }
}

void Scheduler::Machine::abort() {
  if (ended_) return;
  aborted_ = true;
  paused_ = false;
  for (const plan::StepId step : active_) steps_[step.value].stopped = true;
  for (Slot& slot : slots_) {
    if (slot.phase != SlotPhase::Free) stop(slot);
  }
  for (std::size_t i = active_.size(); i > 0; --i) end_step_if_over(active_[i - 1]);
}

void Scheduler::Machine::stop(Slot& slot) {
  slot.stopped = true;
  switch (slot.phase) {
    case SlotPhase::Running:
      say(Command::Kind::CancelAction, slot.action);
      move(slot.phase, SlotPhase::Cancelling);
      slot.given_up = GivenUp::Aborted;
      return;
    case SlotPhase::Cancelling:
      slot.given_up = GivenUp::Aborted;
      return;
    case SlotPhase::Pausing:
      // The attempt that is never made: those before it failed, but the task was not done with.
      say_task_ended(slot, slot.action.task, slot.action.attempt - 1, State::Cancelled,
                     Reason::Aborted);
      go_on(slot, slot.action.task + 1);
      return;
    case SlotPhase::Continuing:  // continue_lane looks again
    case SlotPhase::Free:
      return;
  }
}

void Scheduler::Machine::attempt_failed(Slot& slot) {
  const plan::Task& task = task_of(slot);
  const std::uint32_t attempt = slot.action.attempt;
  if (slot.given_up == GivenUp::Aborted && !slot.failure_settled) {
    say_task_ended(slot, slot.action.task, attempt, State::Cancelled, Reason::Aborted);
    go_on(slot, slot.action.task + 1);
    return;
  }
  if (attempt <= task.retry.more) {
    slot.action.attempt = attempt + 1;
    if (task.retry.pause.ms == 0) {
      move(slot.phase, SlotPhase::Continuing);
      continuing_.push_back(slot.action.slot);
      return;
    }
    move(slot.phase, SlotPhase::Pausing);
    Command& timer = say(Command::Kind::SetTimer, slot.action);
    timer.timer = TimerKind::RetryPause;
    timer.at = now_ + task.retry.pause;
    return;
  }
  if (!slot.failure_settled) fail_task(slot);
  say_task_ended(slot, slot.action.task, attempt, State::Failed, Reason::None);
  go_on(slot, slot.action.task + 1);
}

void Scheduler::Machine::fail_task(Slot& slot) {
  const plan::StepId step = slot.action.step;
  StepRow& row = steps_[step.value];
  if (task_of(slot).ignore_failure) {
    slot.degraded = true;
    row.ignored = true;
    return;
  }
  if (slot.failed) return;  // a target fails once, however many of its tasks do
  slot.failed = true;
  ++row.failures;
  const plan::Step& rules = plan_.steps[step];
  if (row.failures > rules.tolerate.value && rules.on_failure == plan::OnFailure::Halt) {
    row.halted = true;
  }
  const plan::TargetId target = plan::lane_target(plan_, step, slot.action.lane);
  if (target.valid()) target_failures_.push_back({target, step});
}

Reason Scheduler::Machine::reason_to_skip(const Slot& slot, const plan::Task& task) const {
  if (task.disabled) return Reason::Disabled;
  if (slot.stopped && task.when != plan::When::Always) return Reason::Aborted;
  if (slot.failed && task.when == plan::When::Success) return Reason::AfterFailure;
  if (!slot.failed && task.when == plan::When::Failure) return Reason::WithoutFailure;
  return Reason::None;
}

void Scheduler::Machine::go_on(Slot& slot, std::uint32_t from_task) {
  const auto& tasks = plan_.steps[slot.action.step].tasks;
  slot.failure_settled = false;
  slot.given_up = GivenUp::No;
  for (std::uint32_t task = from_task; task < tasks.size(); ++task) {
    const Reason reason = reason_to_skip(slot, tasks[task]);
    if (reason != Reason::None) {
      say_task_ended(slot, task, 0, State::Skipped, reason);
      continue;
    }
    slot.action.task = task;
    slot.action.attempt = 1;
    move(slot.phase, SlotPhase::Continuing);
    continuing_.push_back(slot.action.slot);
    return;
  }
  end_lane(slot);
}

void Scheduler::Machine::end_lane(Slot& slot) {
  const Action lane = slot.action;
  Command& said = say(Command::Kind::LaneEnded, lane);
  said.state = slot.failed     ? State::Failed
               : slot.stopped  ? State::Cancelled
               : slot.degraded ? State::Degraded
                               : State::Succeeded;
  move(slot.phase, SlotPhase::Free);
  free_slots_.push_back(lane.slot);
  StepRow& row = steps_[lane.step.value];
  --row.at_work;
  ++row.over;
  --in_flight_;
  changed_ = true;
  const plan::Step& rules = plan_.steps[lane.step];
  if (!rules.shared && !rules.on_controller) {
    waiters_.clear();
    locks_.release(plan::lane_target(plan_, lane.step, lane.lane), waiters_);
    for (const Locks::Waiter& waiter : waiters_) {
      auto& returned = steps_[waiter.step.value].returned;
      returned.push_back(waiter.lane);
      std::push_heap(returned.begin(), returned.end(), std::greater<>());
    }
  }
  end_step_if_over(lane.step);
}

void Scheduler::Machine::end_step_if_over(plan::StepId step) {
  const StepRow& row = steps_[step.value];
  if (row.phase != StepPhase::Active || row.at_work > 0) return;
  if (row.stopped) return end_step(step, State::Failed, Reason::Aborted, {});
  if (row.over < row.lanes && !row.halted) return;
  const bool too_many = row.failures > plan_.steps[step].tolerate.value;
  const State state = too_many                          ? State::Failed
                      : row.failures > 0 || row.ignored ? State::Degraded
                                                        : State::Succeeded;
  end_step(step, state, row.over < row.lanes ? Reason::Halted : Reason::None, {});
}

void Scheduler::Machine::end_step(plan::StepId step, State state, Reason reason,
                                  plan::StepId cause) {
  StepRow& row = steps_[step.value];
  if (row.phase == StepPhase::Active)
    active_.erase(std::find(active_.begin(), active_.end(), step));
  move(row.phase, StepPhase::Ended);
  row.failed = state == State::Failed;
  any_failed_ = any_failed_ || row.failed;
  any_degraded_ = any_degraded_ || state == State::Degraded;
  ++steps_ended_;
  changed_ = true;
  Command& said = say(Command::Kind::StepEnded, Action{.step = step});
  said.state = state;
  said.reason = reason;
  said.cause = cause;
  opened_.clear();
  graph_.end(step, opened_);
  for (const plan::StepId next : opened_) make_ready(next);
}

void Scheduler::Machine::make_ready(plan::StepId step) {
  StepRow& row = steps_[step.value];
  move(row.phase, StepPhase::Ready);
  for (const plan::StepId awaited : plan_.joins[plan_.steps[step].join].steps) {
    const StepRow& before = steps_[awaited.value];
    const plan::StepId failed = before.failed ? awaited : before.failed_ancestor;
    row.failed_ancestor = std::min(row.failed_ancestor, failed);
  }
  ready_.push_back(step);
  std::push_heap(ready_.begin(), ready_.end(), std::greater<>());
}

Scheduler::Machine::Slot* Scheduler::Machine::slot_of(const Action& action) {
  if (action.slot >= slots_.size()) return nullptr;
  Slot& slot = slots_[action.slot];
  return slot.phase != SlotPhase::Free && slot.action == action ? &slot : nullptr;
}

const plan::Task& Scheduler::Machine::task_of(const Slot& slot) const {
  return plan_.steps[slot.action.step].tasks[slot.action.task];
}

Command& Scheduler::Machine::say(Command::Kind kind, const Action& action) {
  Command& command = commands_->emplace_back();
  command.kind = kind;
  command.action = action;
  return command;
}

void Scheduler::Machine::say_task_ended(const Slot& slot, std::uint32_t task,
                                        std::uint32_t attempts, State state, Reason reason) {
  Action action = slot.action;
  action.task = task;
  action.attempt = attempts;
  Command& command = say(Command::Kind::TaskEnded, action);
  command.state = state;
  command.reason = reason;
}

}  // namespace sluice::scheduler
