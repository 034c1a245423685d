// Whether conditions hold: those that the scheduler can work out, and those that the driver is
// asked for.
#include <algorithm>

#include "base/check.h"
#include "scheduler/machine.h"
#include "scheduler/outputs.h"

namespace sluice::scheduler {

Truth Scheduler::Machine::evaluated(const plan::Expression& condition, plan::StepId step,
                                    std::uint32_t lane) const {
  const plan::TargetId target = plan::lane_target(plan_, step, lane);
  return truth_of(condition, plan::PlanEnvironment(plan_, target, target));
}

// Those whose target failed before or is gone, and those that do not meet the step's condition.
void Scheduler::Machine::leave_out_lanes(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  StepRow& row = steps_[step];
  const FailedTargets::StepSet set = joins_[rules.join].failed_targets;
  if (rules.targets != nullptr && set != FailedTargets::none) {
    const auto which =
        rules.when == plan::When::Success ? FailedTargets::Which::All : FailedTargets::Which::Gone;
    row.left_out = failed_targets_.lanes_of(set, *rules.targets, which);
  }
  if (rules.lane_condition != Asks::Self) return;
  const plan::Expression& condition = *plan_.steps[step].condition;
  const std::size_t before = row.left_out.size();
  std::size_t next = 0;
  for (std::uint32_t lane = 0; lane < rules.lanes; ++lane) {
    const bool left_out = next < before && row.left_out[next].lane == lane;
    if (left_out) ++next;
    if (evaluated(condition, step, lane) != Truth::False) continue;
    if (row.unneeded_tasks.made()) row.unneeded_tasks.set_all(lane);
    if (!left_out) row.left_out.push_back({lane, {}, Reason::Condition});
  }
  std::inplace_merge(row.left_out.begin(),
                     row.left_out.begin() + static_cast<std::ptrdiff_t>(before), row.left_out.end(),
                     [](const auto& a, const auto& b) { return a.lane < b.lane; });
}

// Why a step is skipped of which all lanes are left out: for the lowest step that is to blame.
void Scheduler::Machine::skip_left_out(plan::StepId step) {
  FailedTargets::Lane blamed{0, {}, Reason::Condition};
  for (const FailedTargets::Lane& lane : steps_[step].left_out) {
    if (lane.cause < blamed.cause) blamed = lane;
  }
  const bool failed = blamed.reason == Reason::FailedBefore;
  say_left_out(step);
  skip_step(step, failed ? Reason::AfterFailure : blamed.reason, blamed.cause);
}

// Its condition, where it has one for all its lanes; then it is ready.
void Scheduler::Machine::ask_step(plan::StepId step) {
  const Asks asks = rules_.steps[step].condition;
  if (asks == Asks::Driver) {
    change(steps_[step].phase, StepPhase::Asking);
    ++evaluating_steps_;
    say(Command::Kind::EvaluateCondition,
        {.step = step, .lane = Action::none, .task = Action::none, .attempt = 0});
    return;
  }
  const Truth truth =
      asks == Asks::Self ? evaluated(*plan_.steps[step].condition, step, 0) : Truth::True;
  step_known(step, truth);
}

void Scheduler::Machine::step_known(plan::StepId step, Truth truth) {
  StepRow& row = steps_[step];
  if (truth == Truth::False) return skip_step(step, Reason::Condition, {});
  // It begins, and has failed.
  if (truth == Truth::Unknown) row.stop = Reason::NotKnown;
  change(row.phase, StepPhase::Ready);
  offer(step);
}

void Scheduler::Machine::settle_truth(const Event& event) {
  const Action& action = event.action;
  if (action.lane == Action::none) {
    if (!steps_.contains(action.step) || steps_[action.step].phase != StepPhase::Asking) return;
    --evaluating_steps_;
    return step_known(action.step, event.truth);
  }
  const std::uint32_t place = action.slot;
  if (place >= slots_.size() || action_of(place) != action) return;
  if (slots_[place].phase != LanePhase::Evaluating) return;
  slots_[place].truth = event.truth;
  decide_later(place, Verdict::Known);
}

// The step's condition, for this lane.
Scheduler::Machine::Next Scheduler::Machine::ask_lane(Slot& slot, std::uint32_t place) {
  const Asks asks = rules_.steps[slot.step].lane_condition;
  if (asks == Asks::Nothing) return enter_lane(slot, place);
  slot.task = Action::none;
  slot.attempt = 0;
  if (asks == Asks::Self) {
    return lane_known(slot, place,
                      evaluated(*plan_.steps[slot.step].condition, slot.step, slot.lane));
  }
  change(slot.phase, LanePhase::Evaluating);
  say(Command::Kind::EvaluateCondition, action_of(place));
  return Next::Wait;
}

Scheduler::Machine::Next Scheduler::Machine::lane_known(Slot& slot, std::uint32_t place,
                                                        Truth truth) {
  StepRow& row = steps_[slot.step];
  slot.task = 0;
  if (truth == Truth::True) return enter_lane(slot, place);
  if (truth == Truth::False) {
    slot.unneeded = true;
    if (row.unneeded_tasks.made()) row.unneeded_tasks.set_all(slot.lane);
    return skip_tasks(slot, place, 0, Reason::Condition);
  }
  slot.lane_not_known = true;
  count_failure(slot);
  return skip_tasks(slot, place, 0, Reason::NotKnown);
}

// The condition of the slot's task.
Scheduler::Machine::Next Scheduler::Machine::ask_task(Slot& slot, std::uint32_t place) {
  const plan::Task& task = plan_.steps[slot.step].tasks[slot.task];
  slot.part = Part::Run;
  slot.attempt = 0;
  if (task_rules(slot, slot.task).condition == Asks::Self) {
    return task_known(slot, place, evaluated(*task.condition, slot.step, slot.lane));
  }
  change(slot.phase, LanePhase::Evaluating);
  say(Command::Kind::EvaluateCondition, action_of(place));
  return Next::Wait;
}

Scheduler::Machine::Next Scheduler::Machine::task_known(Slot& slot, std::uint32_t place,
                                                        Truth truth) {
  const TaskRules& rules = task_rules(slot, slot.task);
  if (steps_[slot.step].cut && rules.when != plan::When::Always) {  // an abort came in between
    slot.cut_short = true;
    say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Aborted);
    return next_task(slot, place, slot.task + 1);
  }
  slot.not_known = truth == Truth::Unknown;
  slot.out_of_reach = false;
  if (truth == Truth::True) return start_task(slot, place);
  if (truth == Truth::Unknown) {
    fail_work(slot);
    return after_failure(slot, place);
  }
  StepRow& row = steps_[slot.step];
  if (row.unneeded_tasks.made()) row.unneeded_tasks.set(slot.lane, slot.task);
  say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Condition);
  return next_task(slot, place, slot.task + 1);
}

}  // namespace sluice::scheduler
