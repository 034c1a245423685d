// The census: when all steps have ended, every target that a step with a `verify` was planned for
// is asked whether the work is in place. Step by step in the file's order, as many at once as the
// step had; it holds no slot and no lock, and takes no time of the steps.
#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

namespace {

// Skipped since it was not needed: then nothing is missing.
bool harmless(Reason skipped) {
  return skipped == Reason::Disabled || skipped == Reason::NoTargets ||
         skipped == Reason::WithoutFailure || skipped == Reason::Condition;
}

}  // namespace

// Begins as many probes as may be at work; where none is left, the deployment has ended.
void Scheduler::Machine::take_census() {
  if (aborted_) census_step_ = steps_.size();
  for (; census_step_ < steps_.size(); ++census_step_, census_lane_ = 0) {
    const plan::StepId step{census_step_};
    const StepRules& rules = rules_.steps[step];
    if (!rules.in_census || harmless(steps_[step].skipped)) continue;
    if (rules.condition == Asks::Self && !is_needed(plan_.steps[step].condition, step, 0)) continue;
    if (paused_) return;
    while (probes_ < rules.window && census_lane_ < rules.lanes) begin_probe(step, census_lane_++);
    if (probes_ > 0) return;
  }
  if (probes_ == 0) end_deployment();
}

// What its own condition rules out is not missing, though its step or lane never came so far as to
// ask.
bool Scheduler::Machine::is_needed(const base::Boxed<plan::Expression>& condition,
                                   plan::StepId step, std::uint32_t lane) const {
  return evaluated(*condition, step, lane) != Truth::False;
}

void Scheduler::Machine::begin_probe(plan::StepId step, std::uint32_t lane) {
  const std::uint32_t place = take_slot(step, lane);
  Slot& slot = slots_[place];
  slot.duty = Duty::Census;
  slot.part = Part::Census;
  change(slot.phase, LanePhase::Deciding);
  if (next_probe(slot, 0) == Next::Start) {
    ++probes_;
    start_attempt(place);
  } else {
    change(slot.phase, LanePhase::Succeeded);
    free_slots_.push_back(place);
  }
}

// The first task from `from` on with a `verify` that this lane should meet, then the step's own.
Scheduler::Machine::Next Scheduler::Machine::next_probe(Slot& slot, std::uint32_t from) const {
  const StepRules& step = rules_.steps[slot.step];
  const LaneBits& unneeded = steps_[slot.step].unneeded_tasks;
  const plan::Step& plan_step = plan_.steps[slot.step];
  if (step.lane_condition == Asks::Self && !is_needed(plan_step.condition, slot.step, slot.lane)) {
    return Next::End;
  }
  for (slot.task = from; slot.task <= step.tasks; ++slot.task) {
    if (unneeded.made() && unneeded.test(slot.lane, slot.task)) continue;
    slot.attempt = 1;
    if (slot.task == step.tasks) return step.verify == TaskRules::none ? Next::End : Next::Start;
    const TaskRules& rules = rules_.tasks[step.first_task + slot.task];
    const bool asked = !rules.disabled && rules.when != plan::When::Failure;
    if (rules.condition == Asks::Self &&
        !is_needed(plan_step.tasks[slot.task].condition, slot.step, slot.lane)) {
      continue;
    }
    if (asked && rules.verify != TaskRules::none) return Next::Start;
  }
  return Next::End;
}

Scheduler::Machine::Next Scheduler::Machine::after_probe(Slot& slot, std::uint32_t place,
                                                         bool well) {
  say_task(place, slot.task, Part::Census, slot.attempt, well ? State::Succeeded : State::Failed,
           !well && slot.out_of_reach ? Reason::OutOfReach : Reason::None);
  census_missed_ = census_missed_ || !well;
  return next_probe(slot, slot.task + 1);
}

void Scheduler::Machine::end_probe(std::uint32_t place) {
  change(slots_[place].phase, LanePhase::Succeeded);
  --probes_;
  free_slots_.push_back(place);
}

}  // namespace sluice::scheduler
