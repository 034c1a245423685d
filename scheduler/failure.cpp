// What a failure means: for its lane, its step and the steps below; and what a person says of it.
#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

// A work has failed, and no attempt is left. It counts now, before any start of this instant is
// decided, though the lane goes on when the attempt has ended.
void Scheduler::Machine::fail_work(Slot& slot) {
  const StepRules& rules = rules_.steps[slot.step];
  StepRow& row = steps_[slot.step];
  slot.odd = true;
  if (slot.duty != Duty::Forward || slot.troubled() || slot.asking) return;
  if (slot.out_of_reach && leaves_behind(slot)) {
    slot.left_behind = true;
    ++row.gone;
    ++row.left_behind;
    return record_target(slot, Reason::LeftBehindBefore);
  }
  if (slot.part == Part::Before) return;  // it is not there yet: the work is to be done
  if (slot.task < rules.tasks && task_rules(slot, slot.task).ignore_failure) return;
  if (rules.on_failure == plan::OnFailure::Ask && !row.cut && !deadline_passed_) {
    slot.asking = true;
    ++row.questions;
    return;
  }
  count_failure(slot);
}

// A lane fails once, however many of its tasks do.
void Scheduler::Machine::count_failure(Slot& slot) {
  slot.failed = true;
  const StepRules& rules = rules_.steps[slot.step];
  StepRow& row = steps_[slot.step];
  ++row.failed;
  if (rules.halts() && row.failed > rules.tolerate && row.stop == Reason::None) {
    row.stop = Reason::Halted;
  }
  if (rules.on_failure == plan::OnFailure::RollbackAll) row.failed_lanes.set(slot.lane, 0);
  record_target(slot, Reason::FailedBefore);
}

void Scheduler::Machine::record_target(const Slot& slot, Reason reason) {
  const plan::TargetList* targets = rules_.steps[slot.step].targets;
  if (targets == nullptr) return;
  StepRow& row = steps_[slot.step];
  row.failed_targets = failed_targets_.record(row.failed_targets, targets->at(slot.lane), reason);
}

// Only where nothing was done to the target, by this step or an earlier one.
bool Scheduler::Machine::leaves_behind(const Slot& slot) const {
  const StepRules& rules = rules_.steps[slot.step];
  return steps_[slot.step].left_behind < rules.most_left_behind &&
         !touched_[rules.targets->at(slot.lane).value];
}

// Something may have been done to its target.
void Scheduler::Machine::touch(const Slot& slot) {
  const plan::TargetList* targets = rules_.steps[slot.step].targets;
  const bool looks = slot.part == Part::Before || slot.part == Part::Census;
  if (touched_.empty() || targets == nullptr || looks) return;
  touched_[targets->at(slot.lane).value] = true;
}

Scheduler::Machine::Next Scheduler::Machine::after_failure(Slot& slot, std::uint32_t place) {
  if (slot.part == Part::Undo) return after_undo(slot, place, false);
  if (slot.part == Part::Census) return after_probe(slot, place, false);
  const bool cut = steps_[slot.step].cut;
  if (slot.asking && !cut && !deadline_passed_) {
    change(slot.phase, LanePhase::Asking);
    say(Command::Kind::AskOperator, action_of(place));
    return Next::Wait;
  }
  if (slot.asking) {  // it timed out, and nobody is asked any more
    close_question(slot);
    count_failure(slot);
  }
  say_failed(slot, place);
  const std::uint32_t tasks = rules_.steps[slot.step].tasks;
  if (slot.left_behind) {
    const std::uint32_t from = slot.task == tasks          ? 0
                               : slot.part == Part::Before ? slot.task
                                                           : slot.task + 1;
    return skip_tasks(slot, place, from, Reason::OutOfReach);
  }
  if (slot.part == Part::Before) return after_not_in_place(slot, place);
  if (slot.task < tasks && task_rules(slot, slot.task).ignore_failure) slot.degraded = true;
  if (undoes_in_slot(slot)) return start_undo(slot, place);
  return next_task(slot, place, slot.task + 1);
}

// Asked before, and it is not there: now it is done.
Scheduler::Machine::Next Scheduler::Machine::after_not_in_place(Slot& slot, std::uint32_t place) {
  if (slot.task == rules_.steps[slot.step].tasks) return next_task(slot, place, 0);
  if (steps_[slot.step].cut && task_rules(slot, slot.task).when != plan::When::Always) {
    slot.cut_short = true;
    say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Aborted);
    return next_task(slot, place, slot.task + 1);
  }
  slot.part = Part::Run;
  slot.attempt = 1;
  if (!deadline_passed_ || !work_rules(slot).manual) return Next::Start;
  slot.attempt = 0;
  return nobody_asked(slot, place);
}

void Scheduler::Machine::say_failed(const Slot& slot, std::uint32_t place) {
  const Reason reason = slot.attempt == 0   ? (slot.not_known ? Reason::NotKnown : Reason::Deadline)
                        : slot.out_of_reach ? Reason::OutOfReach
                                            : Reason::None;
  say_task(place, slot.task, slot.part, slot.attempt, State::Failed, reason);
}

// A person said what is to come of it, or nobody will.
Scheduler::Machine::Next Scheduler::Machine::after_answer(Slot& slot, std::uint32_t place) {
  say_failed(slot, place);
  return next_task(slot, place, slot.task + 1);
}

void Scheduler::Machine::settle_answer(const Event& event) {
  const std::uint32_t place = event.action.slot;
  if (place >= slots_.size() || action_of(place) != event.action) return;
  Slot& slot = slots_[place];
  if (slot.phase != LanePhase::Asking) return;  // somebody has answered before
  switch (event.answer) {
    case Answer::Retry:
      close_question(slot);
      return decide_later(place, Verdict::PauseOver);
    case Answer::Ignore:
      close_question(slot);
      slot.degraded = true;
      return decide_later(place, Verdict::Ignored);
    case Answer::Exclude:
      close_question(slot);
      slot.excluded = true;
      ++steps_[slot.step].gone;
      record_target(slot, Reason::ExcludedBefore);
      return decide_later(place, Verdict::Excluded);
    case Answer::Abort:
      return settle_abort();  // which rejects this one, and all that are open
  }
}

// The failure stands.
void Scheduler::Machine::reject(std::uint32_t place) {
  Slot& slot = slots_[place];
  close_question(slot);
  count_failure(slot);
  decide_later(place, Verdict::Rejected);
}

void Scheduler::Machine::close_question(Slot& slot) {
  slot.asking = false;
  if (--steps_[slot.step].questions == 0) offer(slot.step);
}

// No further lane of it begins.
void Scheduler::Machine::stop_step(plan::StepId step, Reason reason) {
  StepRow& row = steps_[step];
  if (row.stop == Reason::None) row.stop = reason;
  if (is_over(step)) finish_step(step);  // all that it still had was held back
}

// What begun lanes still have goes on; whoever waits for a person waits no more.
// To carry it out, or to be asked first whether that is in place already.
bool Scheduler::Machine::waits_for_person(const Slot& slot) const {
  if (slot.part == Part::Run) return work_rules(slot).manual;
  const bool before_task =
      slot.part == Part::Before && slot.attempt == 1 && slot.task < rules_.steps[slot.step].tasks;
  return before_task && task_rules(slot, slot.task).run.manual;
}

void Scheduler::Machine::pass_deadline() {
  if (!plan_.deadline || in_census_) return;
  deadline_passed_ = true;
  cut_now_ = true;
  for (const plan::StepId step : steps_.ids()) {
    if (rules_.steps[step].gate_of.valid()) continue;  // it ends with its step
    if (steps_[step].phase == StepPhase::Running) stop_step(step, Reason::Deadline);
  }
  for (std::uint32_t place = 0; place < slots_.size(); ++place) {
    Slot& slot = slots_[place];
    if (slot.phase == LanePhase::Asking) reject(place);
    if (slot.phase == LanePhase::Waiting && waits_for_person(slot)) stop_waiting(place);
    if (slot.phase != LanePhase::Acting || !work_rules(slot).manual) continue;
    slot.timed_out = true;
    change(slot.phase, LanePhase::Ending);
    fail_work(slot);
    say(Command::Kind::CancelAction, action_of(place));
  }
}

}  // namespace sluice::scheduler
