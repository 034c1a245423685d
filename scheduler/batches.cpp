// Batches: none of one begins before all of the one before have ended and the gates between them
// have run.
#include "plan/batches.h"

#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

void Scheduler::Machine::begin_batches(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  batches_[rules.batches].at = plan::first_batch(plan_.steps[step], rules.lanes);
  open_batch(step);
}

void Scheduler::Machine::open_batch(plan::StepId step) {
  BatchRow& batch = batches_[rules_.steps[step].batches];
  StepRow& row = steps_[step];
  row.until = batch.at.end;
  batch.open = batch.at.end - batch.at.begin;
  for (; batch.left_out < row.left_out.size(); ++batch.left_out) {
    if (row.left_out[batch.left_out].lane >= batch.at.end) break;
    --batch.open;
  }
  batch.has_lanes = batch.open > 0;
  batch.gate = 0;
}

// Goes on to the next batch where all of this one have ended. False: no lane may begin now.
bool Scheduler::Machine::batch_is_open(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  BatchRow& batch = batches_[rules.batches];
  while (batch.open == 0) {
    if (batch.gate_at_work || never_begun(step) == 0 || begin_gate(step)) return false;
    const bool more = plan::next_batch(plan_.steps[step], rules.lanes, batch.at);
    SLUICE_CHECK(more, "lanes are left, and no batch");
    open_batch(step);
  }
  return true;
}

// The next gate behind the batch. False: there is none left. Behind a batch of which nothing was
// run there is nothing to look at.
bool Scheduler::Machine::begin_gate(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  BatchRow& batch = batches_[rules.batches];
  while (batch.gate < rules.gates) {
    const plan::StepId gate{step.value + 1 + batch.gate++};
    const StepRules& gate_rules = rules_.steps[gate];
    if (gate_rules.disabled) continue;
    const bool unasked = gate_rules.when == plan::When::Failure && steps_[step].failed == 0;
    if (!batch.has_lanes || unasked) {
      leave_out_gate(gate, batch.at.number, unasked ? Reason::WithoutFailure : Reason::NoTargets);
      continue;
    }
    batch.gate_at_work = true;
    if (steps_[gate].phase == StepPhase::Waiting) {
      change(steps_[gate].phase, StepPhase::Ready);
      begin_step(gate);
    }
    begin_lane(gate, batch.at.number);
    return true;
  }
  return false;
}

void Scheduler::Machine::leave_out_gate(plan::StepId gate, std::uint32_t lane, Reason reason) {
  steps_[gate].left_out.push_back({lane, {}, reason});
  Command& said = say(Command::Kind::LaneLeftOut, {.step = gate, .lane = lane});
  said.state = State::Skipped;
  said.reason = reason;
  if (steps_[gate].phase == StepPhase::Running && is_over(gate)) end_step(gate);
}

// A gate that failed for good halts its step.
void Scheduler::Machine::gate_ended(plan::StepId gate) {
  const plan::StepId step = rules_.steps[gate].gate_of;
  StepRow& row = steps_[step];
  const bool failed = steps_[gate].failed > rules_.steps[gate].tolerate;
  if (failed && rules_.steps[gate].halts() && row.stop == Reason::None) {
    row.stop = Reason::GateFailed;
    row.failed_gate = gate;
  }
  if (steps_[gate].phase == StepPhase::Running && steps_[gate].rolling_back) return;
  batches_[rules_.steps[step].batches].gate_at_work = false;
  if (is_over(step)) {
    finish_step(step);
  } else {
    offer(step);
  }
}

// Gates end with their step, but those that have run behind every batch.
void Scheduler::Machine::close_gates(plan::StepId step, Reason reason, plan::StepId cause) {
  const StepRules& rules = rules_.steps[step];
  for (std::uint32_t i = 1; i <= rules.gates; ++i) {
    const plan::StepId gate{step.value + i};
    if (steps_[gate].phase == StepPhase::Running) close_gate(gate, reason, cause);
    if (steps_[gate].phase != StepPhase::Waiting) continue;
    const StepRules& gate_rules = rules_.steps[gate];
    const bool unasked = gate_rules.when == plan::When::Failure && steps_[step].failed == 0;
    const Reason why = gate_rules.disabled      ? Reason::Disabled
                       : gate_rules.lanes == 0  ? Reason::NoTargets
                       : reason != Reason::None ? reason
                       : unasked                ? Reason::WithoutFailure
                                                : Reason::NoTargets;
    skip_step(gate, why, why == reason ? cause : plan::StepId{});
  }
}

// It stands as its own lanes say; the reason is why others never began.
void Scheduler::Machine::close_gate(plan::StepId gate, Reason reason, plan::StepId cause) {
  const StepRules& rules = rules_.steps[gate];
  const StepRow& row = steps_[gate];
  if (reason == Reason::None) {  // all that was left of its step was left out
    const std::uint32_t from = batches_[rules_.steps[rules.gate_of].batches].at.number;
    for (std::uint32_t lane = from; lane < rules.lanes; ++lane) {
      leave_out_gate(gate, lane, Reason::NoTargets);
    }
    if (row.phase != StepPhase::Running) return;  // none of its lanes is left
  }
  const bool failed = row.failed > rules.tolerate || row.cancelled;
  const bool degraded = row.failed > 0 || row.degraded || row.gone > 0;
  if (!failed && !degraded && row.unneeded == row.begun) {
    return skip_step(gate, Reason::Condition, {});
  }
  close_step(gate,
             failed     ? StepPhase::Failed
             : degraded ? StepPhase::Degraded
                        : StepPhase::Succeeded,
             reason, cause);
}

// Its lanes are taken back batch by batch too, the last batch first. Places in that order up to
// which lanes may begin to be.
std::uint32_t Scheduler::Machine::undo_until(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  const StepRow& row = steps_[step];
  const auto all = static_cast<std::uint32_t>(row.begun_lanes.size());
  if (rules.batches == TaskRules::none) return all;
  BatchRow& batch = batches_[rules.batches];
  const auto batch_at = [&](std::uint32_t place) {
    return plan::batch_of(plan_.steps[step], rules.lanes, row.begun_lanes[place]);
  };
  if (batch.open > 0 || batch.undo_until == all) return batch.undo_until;
  const std::uint32_t begin = batch.undo_until;
  const std::uint32_t number = batch_at(begin);
  while (batch.undo_until < all && batch_at(batch.undo_until) == number) ++batch.undo_until;
  batch.open = batch.undo_until - begin;
  return batch.undo_until;
}

// Whether the pause between two begins is over; if not, a timer is set for its end.
bool Scheduler::Machine::is_staggered(plan::StepId step) {
  StepRow& row = steps_[step];
  if (now_ >= row.not_before) return false;
  if (row.stagger_awaited || never_begun(step) == 0) return true;
  row.stagger_awaited = true;
  ++staggered_steps_;
  Command& timer = say(Command::Kind::SetTimer, {.step = step});
  timer.timer = TimerKind::Stagger;
  timer.at = row.not_before;
  return true;
}

void Scheduler::Machine::settle_stagger(plan::StepId step) {
  if (!steps_.contains(step) || !steps_[step].stagger_awaited) return;
  stop_staggering(step);
  offer(step);
}

void Scheduler::Machine::stop_staggering(plan::StepId step) {
  if (!steps_[step].stagger_awaited) return;
  steps_[step].stagger_awaited = false;
  --staggered_steps_;
}

}  // namespace sluice::scheduler
