// Starting: once all of an instant is settled, which steps open, which lanes go on, and which
// targets begin.
#include <algorithm>

#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

void Scheduler::Machine::decide_starts() {
  // A lane whose tasks are all skipped ends as it begins, and may free what another waits for: so
  // it is gone round again until nothing ends any more.
  do {
    changed_ = false;
    open_steps();
    continue_lanes();
    for (std::size_t i = 0; i < active_.size();) {
      const plan::StepId step = active_[i];
      admit(step);
      // A step that ended has left the list, and the next one stands in its place.
      if (i < active_.size() && active_[i] == step) ++i;
    }
    if (!changed_ && in_flight_ == 0 && !paused_) fail_stuck_steps();
  } while (changed_ || (!ready_.empty() && !paused_));
  end_deployment_if_over();
}

void Scheduler::Machine::open_steps() {
  while (!ready_.empty() && !paused_) {
    std::pop_heap(ready_.begin(), ready_.end(), std::greater<>());
    const plan::StepId step = ready_.back();
    ready_.pop_back();
    open(step);
  }
}

void Scheduler::Machine::open(plan::StepId step) {
  const plan::Step& rules = plan_.steps[step];
  StepRow& row = steps_[step.value];
  const plan::StepId failed = row.failed_ancestor;
  const auto skip = [&](Reason reason, plan::StepId cause) {
    end_step(step, State::Skipped, reason, cause);
  };
  if (rules.disabled) return skip(Reason::Disabled, {});
  if (aborted_ && rules.when != plan::When::Always) return skip(Reason::Aborted, {});
  if (rules.when == plan::When::Success && failed.valid())
    return skip(Reason::AfterFailure, failed);
  if (rules.when == plan::When::Failure && !failed.valid()) return skip(Reason::WithoutFailure, {});
  if (row.lanes == 0) return skip(Reason::NoTargets, {});
  plan::StepId cause;
  if (rules.when == plan::When::Success && !target_failures_.empty()) leave_out_failed(step, cause);
  if (row.over == row.lanes) return skip(Reason::AfterFailure, cause);
  move(row.phase, StepPhase::Active);
  active_.insert(std::lower_bound(active_.begin(), active_.end(), step), step);
  say(Command::Kind::StepBegan, Action{.step = step});
}

void Scheduler::Machine::leave_out_failed(plan::StepId step, plan::StepId& cause) {
  const plan::Step& rules = plan_.steps[step];
  if (rules.on_controller) return;
  // The first failure of each target in a step that this one waits for.
  std::vector<TargetFailure> failures;
  for (const TargetFailure& failure : target_failures_) {
    if (graph_.waits_for(step, failure.step)) failures.push_back(failure);
  }
  if (failures.empty()) return;
  const auto by_target = [](const TargetFailure& a, const TargetFailure& b) {
    return a.target < b.target;
  };
  std::stable_sort(failures.begin(), failures.end(), by_target);
  StepRow& row = steps_[step.value];
  std::uint32_t lane = 0;
  plan_.target_lists[rules.targets].for_each([&](plan::TargetId target) {
    const auto found =
        std::lower_bound(failures.begin(), failures.end(), TargetFailure{target, {}}, by_target);
    if (found != failures.end() && found->target == target) {
      if (row.left_out.empty()) row.left_out.resize(row.lanes);
      row.left_out[lane] = true;
      ++row.over;
      if (!cause.valid()) cause = found->step;
      Command& said = say(Command::Kind::LaneLeftOut, Action{.step = step, .lane = lane});
      said.state = State::Skipped;
      said.reason = Reason::FailedBefore;
      said.cause = found->step;
    }
    ++lane;
  });
}

void Scheduler::Machine::continue_lanes() {
  // A lane that is stopped may go on to its next task here, and is then found at the end.
  for (std::size_t i = 0; i < continuing_.size(); ++i) {
    Slot& slot = slots_[continuing_[i]];
    if (slot.phase == SlotPhase::Continuing) continue_lane(slot);
  }
  continuing_.clear();
}

void Scheduler::Machine::continue_lane(Slot& slot) {
  const bool may_start = !slot.stopped || task_of(slot).when == plan::When::Always;
  if (may_start) return start_attempt(slot);
  if (slot.action.attempt == 1) return go_on(slot, slot.action.task);
  say_task_ended(slot, slot.action.task, slot.action.attempt - 1, State::Cancelled,
                 Reason::Aborted);
  go_on(slot, slot.action.task + 1);
}

void Scheduler::Machine::admit(plan::StepId step) {
  const StepRow& row = steps_[step.value];
  const std::uint32_t window = plan_.steps[step].window.value;
  std::uint32_t lane = 0;
  while (row.phase == StepPhase::Active && row.at_work < window && !row.halted && !row.stopped &&
         !paused_ && next_lane(step, lane)) {
    begin_lane(step, lane);
  }
}

// The first lane in order whose target is free. One that is held back waits at its target's lock,
// without a slot, and comes back when the lock is released.
bool Scheduler::Machine::next_lane(plan::StepId step, std::uint32_t& lane) {
  StepRow& row = steps_[step.value];
  const plan::Step& rules = plan_.steps[step];
  for (;;) {
    if (!row.returned.empty()) {  // always before `next`: they were looked at already
      std::pop_heap(row.returned.begin(), row.returned.end(), std::greater<>());
      lane = row.returned.back();
      row.returned.pop_back();
    } else if (row.next < row.lanes) {
      lane = row.next++;
      if (!row.left_out.empty() && row.left_out[lane]) continue;
    } else {
      return false;
    }
    if (rules.shared || rules.on_controller) return true;
    const plan::TargetId target = plan::lane_target(plan_, step, lane);
    if (!locks_.held(target)) return true;
    locks_.wait(target, {step, lane});
  }
}

void Scheduler::Machine::begin_lane(plan::StepId step, std::uint32_t lane) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t place = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[place];
  slot = Slot{};
  slot.action = {.step = step, .lane = lane, .task = 0, .attempt = 1, .slot = place};
  ++steps_[step.value].at_work;
  ++in_flight_;
  const plan::Step& rules = plan_.steps[step];
  if (!rules.shared && !rules.on_controller) locks_.take(plan::lane_target(plan_, step, lane));
  say(Command::Kind::LaneBegan, slot.action);
  move(slot.phase, SlotPhase::Continuing);
  go_on(slot, 0);
  if (slot.phase == SlotPhase::Continuing) {
    continuing_.pop_back();
    start_attempt(slot);
  }
}

void Scheduler::Machine::start_attempt(Slot& slot) {
  move(slot.phase, SlotPhase::Running);
  slot.given_up = GivenUp::No;
  slot.failure_settled = false;
  say(Command::Kind::StartAction, slot.action);
  const auto& timeout = task_of(slot).timeout;
  if (!timeout) return;
  Command& timer = say(Command::Kind::SetTimer, slot.action);
  timer.timer = TimerKind::Timeout;
  timer.at = now_ + *timeout;
}

// Nothing is at work that could free anything, and yet lanes wait: they would wait for ever.
void Scheduler::Machine::fail_stuck_steps() {
  while (!active_.empty()) end_step(active_.back(), State::Failed, Reason::Stuck, {});
}

void Scheduler::Machine::end_deployment_if_over() {
  if (ended_ || steps_ended_ < steps_.size()) return;
  ended_ = true;
  say(Command::Kind::DeploymentEnded, Action{}).state = state();
}

}  // namespace sluice::scheduler
