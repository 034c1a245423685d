// Which steps begin, which are skipped, and how they end.
#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

void Scheduler::Machine::open_first_joins() {
  for (const plan::JoinId join : joins_.ids()) {
    if (joins_[join].open_steps == 0) open(join);
  }
}

// A skipped step ends at once and may open a join in its turn: a list and no recursion, since a
// chain of them may be as long as the plan.
void Scheduler::Machine::open_joins() {
  for (std::size_t i = 0; i < ended_steps_.size(); ++i) {
    const plan::StepId step = ended_steps_[i];
    const StepRow& row = steps_[step];
    const JoinRow& above = joins_[rules_.steps[step].join];
    plan::StepId failed = above.failed;
    if (row.phase == StepPhase::Failed) failed = std::min(failed, step);
    FailedTargets::StepSet targets = above.failed_targets;
    if (row.failed_targets != FailedTargets::none) {
      targets = failed_targets_.with(targets, step, row.failed_targets);
    }
    for (const plan::JoinId below : graph_.joins_with(step)) {
      JoinRow& join = joins_[below];
      join.failed = std::min(join.failed, failed);
      join.failed_targets = failed_targets_.merged(join.failed_targets, targets);
      if (--join.open_steps == 0) open(below);
    }
  }
  ended_steps_.clear();
}

void Scheduler::Machine::open(plan::JoinId join) {
  for (const plan::StepId step : graph_.waiting(join)) make_ready(step);
}

// Conditions look at the steps waited for, at any distance, and at nothing else: timing never
// decides.
void Scheduler::Machine::make_ready(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  const JoinRow& join = joins_[rules.join];
  const Reason reason = why_skipped(step);
  if (reason != Reason::None) {
    return skip_step(step, reason, reason == Reason::AfterFailure ? join.failed : plan::StepId{});
  }
  StepRow& row = steps_[step];
  if (rules.unneeded_lanes) row.unneeded_tasks.make(rules.lanes, rules.tasks + 1);
  leave_out_lanes(step);
  if (row.left_out.size() == rules.lanes) return skip_left_out(step);
  ask_step(step);
}

// What the file says comes before what has happened; and an abort before conditions, since a step
// that it cut short would else be named as their cause.
Reason Scheduler::Machine::why_skipped(plan::StepId step) const {
  const StepRules& rules = rules_.steps[step];
  const bool failed = joins_[rules.join].failed.valid();
  if (rules.disabled) return Reason::Disabled;
  if (rules.lanes == 0) return Reason::NoTargets;
  // The controller is no target: it may still tell how it went.
  const bool always = rules.when == plan::When::Always;
  if (deadline_passed_ && !(always && rules.targets == nullptr)) return Reason::Deadline;
  if (always) return Reason::None;
  if (aborted_) return Reason::Aborted;
  if (rules.when == plan::When::Success && failed) return Reason::AfterFailure;
  if (rules.when == plan::When::Failure && !failed) return Reason::WithoutFailure;
  return Reason::None;
}

void Scheduler::Machine::begin_step(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  StepRow& row = steps_[step];
  change(row.phase, StepPhase::Running);
  say(Command::Kind::StepBegan, {.step = step});
  if (!rules.gate_of.valid()) say_left_out(step);
  if (rules.batches != TaskRules::none) begin_batches(step);
  if (rules.limited) limits_.open(step, row.left_out);
  if (rules.remembers) row.begun_tasks.make(rules.lanes, rules.tasks);
  if (rules.on_failure == plan::OnFailure::RollbackAll) {
    row.failed_lanes.make(rules.lanes, 1);
    row.begun_lanes.reserve(rules.lanes);
  }
  if (row.stop != Reason::None) end_step(step);  // nobody could tell whether its condition holds
}

bool Scheduler::Machine::is_over(plan::StepId step) const {
  const StepRow& row = steps_[step];
  if (row.live > 0) return false;
  if (row.rolling_back) return row.to_undo == 0 || row.cut;
  const std::uint32_t batches = rules_.steps[step].batches;
  if (batches != TaskRules::none && batches_[batches].gate_at_work) return false;
  return row.stop != Reason::None || never_begun(step) == 0;
}

void Scheduler::Machine::end_step(plan::StepId step) {
  const StepRow& row = steps_[step];
  // Lanes that never began, or that were to be taken back and could not.
  const bool stuck = row.rolling_back && row.to_undo > 0 && row.stop == Reason::Stuck;
  const Reason reason = never_begun(step) > 0 || stuck ? row.stop
                        : row.cancelled                ? Reason::Aborted
                                                       : Reason::None;
  const bool failed = row.failed > rules_.steps[step].tolerate || reason != Reason::None;
  const bool degraded = row.failed > 0 || row.degraded || row.gone > 0;
  // Its condition held for no target: nothing of it was run.
  if (!failed && !degraded && row.unneeded == row.begun) {
    return skip_step(step, Reason::Condition, {});
  }
  close_step(step,
             failed     ? StepPhase::Failed
             : degraded ? StepPhase::Degraded
                        : StepPhase::Succeeded,
             reason, reason == Reason::GateFailed ? row.failed_gate : plan::StepId{});
}

void Scheduler::Machine::skip_step(plan::StepId step, Reason reason, plan::StepId cause) {
  steps_[step].skipped = reason;
  cut_by_deadline_ = cut_by_deadline_ || reason == Reason::Deadline;
  close_step(step, StepPhase::Skipped, reason, cause);
}

// Once all of an instant is settled: an abort and the deadline may meet in it.
void Scheduler::Machine::withdraw_waiting_steps() {
  cut_now_ = false;
  for (const plan::StepId step : steps_.ids()) {
    const StepPhase phase = steps_[step].phase;
    if (phase != StepPhase::Ready && phase != StepPhase::Asking) continue;
    const Reason reason = why_skipped(step);
    if (reason == Reason::Aborted || reason == Reason::Deadline) withdraw_step(step, reason);
  }
}

// It was ready, or its condition was being worked out.
void Scheduler::Machine::withdraw_step(plan::StepId step, Reason reason) {
  if (steps_[step].phase == StepPhase::Asking) --evaluating_steps_;
  skip_step(step, reason, {});
}

void Scheduler::Machine::close_step(plan::StepId step, StepPhase phase, Reason reason,
                                    plan::StepId cause) {
  change(steps_[step].phase, phase);
  Command& said = say(Command::Kind::StepEnded, {.step = step});
  said.state = state_of(phase);
  said.reason = reason;
  said.cause = cause;
  if (reason == Reason::Stuck && rules_.steps[step].limited) {
    said.contract = limits_.awaited_contract(step);
  }
  if (phase == StepPhase::Failed) worst_ = State::Failed;
  if (phase == StepPhase::Degraded && worst_ == State::Succeeded) worst_ = State::Degraded;
  if (rules_.steps[step].limited) limits_.close(step);
  ++steps_ended_;
  ended_steps_.push_back(step);
  stop_staggering(step);
  if (rules_.steps[step].gates > 0) close_gates(step, reason, cause);
}

void Scheduler::Machine::say_left_out(plan::StepId step) {
  LanePhase phase = LanePhase::NotBegun;
  for (const FailedTargets::Lane& lane : steps_[step].left_out) {
    phase = LanePhase::NotBegun;
    change(phase, LanePhase::LeftOut);
    Command& said = say(Command::Kind::LaneLeftOut, {.step = step, .lane = lane.lane});
    said.state = state_of(phase);
    said.reason = lane.reason;
    said.cause = lane.cause;
  }
}

std::uint32_t Scheduler::Machine::never_begun(plan::StepId step) const {
  const StepRow& row = steps_[step];
  const auto left_out = static_cast<std::uint32_t>(row.left_out.size());
  return rules_.steps[step].lanes - row.begun - left_out;
}

void Scheduler::Machine::end_deployment() {
  ended_ = true;
  say(Command::Kind::DeploymentEnded, {}).state = state();
}

}  // namespace sluice::scheduler
