// A lane's way from work to work, decided when all events of the instant are settled.
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "scheduler/machine.h"
#include "scheduler/work.h"

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

const WorkRules& Scheduler::Machine::part_rules(const Slot& slot) const {
  const StepRules& step = rules_.steps[slot.step];
  if (slot.task >= step.tasks) return rules_.works[step.verify];
  const TaskRules& task = rules_.tasks[step.first_task + slot.task];
  return rules_.works[slot.part == Part::Undo ? task.undo : task.verify];
}

void Scheduler::Machine::decide_lanes() {
  for (const std::uint32_t place : deciding_) go_on(place, decided(slots_[place], place));
  deciding_.clear();
  if (!touched_batches_.empty()) release_batches();
}

void Scheduler::Machine::go_on(std::uint32_t place, Next next) {
  if (next == Next::Start) {
    const bool alone = rules_.steps[slots_[place].step].lockstep == TaskRules::none;
    alone ? starting_.push_back(place) : arrive(place);
  } else if (next == Next::End) {
    slots_[place].duty == Duty::Census ? end_probe(place) : end_lane(place);
  }
}

Scheduler::Machine::Next Scheduler::Machine::decided(Slot& slot, std::uint32_t place) {
  const bool cut = steps_[slot.step].cut;
  switch (slot.verdict) {
    case Verdict::None:
      return Next::End;  // it had nothing to run
    case Verdict::Succeeded:
      return after_success(slot, place);
    case Verdict::Failed:
      return after_failure(slot, place);
    case Verdict::Known:
      return slot.task == Action::none ? lane_known(slot, place, slot.truth)
                                       : task_known(slot, place, slot.truth);
    case Verdict::Ignored:
    case Verdict::Excluded:
    case Verdict::Rejected:
      return after_answer(slot, place);
    case Verdict::Waited:
      return after_wait(slot, place);
    case Verdict::Again:
      if (!cut && rules_.first_pause(work_rules(slot), slot.lane).ms > 0) {
        pause_lane(place);
        return Next::Wait;
      }
      [[fallthrough]];
    case Verdict::PauseOver:
      if (!cut) {
        // Its condition could not be worked out, and a person says to try again.
        if (slot.attempt == 0) return ask_task(slot, place);
        if (deadline_passed_ && work_rules(slot).manual) return nobody_asked(slot, place);
        ++slot.attempt;
        return Next::Start;
      }
      [[fallthrough]];
    case Verdict::Cancelled:
      break;
  }
  return after_cancel(slot, place);
}

// What comes before the first task: whether the lane is needed at all, and whether its work is in
// place already.
Scheduler::Machine::Next Scheduler::Machine::enter_lane(Slot& slot, std::uint32_t place) {
  const StepRules& rules = rules_.steps[slot.step];
  if (!rules.before || steps_[slot.step].cut) return next_task(slot, place, 0);
  slot.task = rules.tasks;
  slot.part = Part::Before;
  slot.attempt = 1;
  return Next::Start;
}

// The first task from `from` on that runs becomes the slot's; those in between are skipped.
Scheduler::Machine::Next Scheduler::Machine::next_task(Slot& slot, std::uint32_t place,
                                                       std::uint32_t from) {
  const StepRules& step = rules_.steps[slot.step];
  const bool cut = steps_[slot.step].cut;
  for (std::uint32_t task = from; task < step.tasks; ++task) {
    const TaskRules& rules = rules_.tasks[step.first_task + task];
    const Reason reason = why_not_run(rules, slot.troubled(), cut);
    if (reason == Reason::None) {
      slot.task = task;
      return rules.condition == Asks::Nothing ? start_task(slot, place) : ask_task(slot, place);
    }
    if (reason == Reason::Aborted) slot.cut_short = true;
    say_task(place, task, Part::Run, 0, State::Skipped, reason);
  }
  if (from > step.tasks || step.verify == TaskRules::none || slot.troubled()) return Next::End;
  slot.cut_short = slot.cut_short || cut;
  if (cut) return Next::End;
  slot.task = step.tasks;
  slot.part = Part::Verify;
  slot.attempt = 1;
  return Next::Start;
}

Scheduler::Machine::Next Scheduler::Machine::start_task(Slot& slot, std::uint32_t place) {
  const TaskRules& rules = task_rules(slot, slot.task);
  slot.part = rules.before ? Part::Before : Part::Run;
  slot.attempt = 1;
  if (!rules.run.manual || !deadline_passed_) return Next::Start;
  slot.part = Part::Run;
  slot.attempt = 0;
  return nobody_asked(slot, place);
}

// The deadline has passed: a person who was to carry it out is not asked any more.
Scheduler::Machine::Next Scheduler::Machine::nobody_asked(Slot& slot, std::uint32_t place) {
  slot.not_known = slot.out_of_reach = false;
  fail_work(slot);
  return after_failure(slot, place);
}

Scheduler::Machine::Next Scheduler::Machine::after_success(Slot& slot, std::uint32_t place) {
  if (slot.part == Part::Run) {
    say_task(place, slot.task, Part::Run, slot.attempt, State::Succeeded, Reason::None);
    const TaskRules& rules = task_rules(slot, slot.task);
    if (rules.verify == TaskRules::none) return next_task(slot, place, slot.task + 1);
    if (steps_[slot.step].cut && rules.when != plan::When::Always) {
      slot.cut_short = true;
      return next_task(slot, place, slot.task + 1);
    }
    slot.part = Part::Verify;
    slot.attempt = 1;
    return Next::Start;
  }
  if (slot.part == Part::Undo) return after_undo(slot, place, true);
  if (slot.part == Part::Census) return after_probe(slot, place, true);
  say_task(place, slot.task, slot.part, slot.attempt, State::Succeeded, Reason::None);
  if (slot.part == Part::Before) return is_in_place(slot, place);
  return next_task(slot, place, slot.task + 1);
}

// An abort ended it, or keeps it from being tried again.
Scheduler::Machine::Next Scheduler::Machine::after_cancel(Slot& slot, std::uint32_t place) {
  slot.cut_short = true;
  say_task(place, slot.task, slot.part, slot.attempt, State::Cancelled, Reason::Aborted);
  const std::uint32_t tasks = rules_.steps[slot.step].tasks;
  switch (slot.part) {
    case Part::Census:
      census_missed_ = true;
      return Next::End;
    case Part::Undo:
      slot.undo_failed = true;
      if (slot.duty == Duty::RollBack) return Next::End;
      slot.duty = Duty::Forward;
      return next_task(slot, place, slot.resume);
    case Part::Before:
      if (slot.task == tasks) return next_task(slot, place, 0);
      say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Aborted);
      break;
    case Part::Run:
    case Part::Verify:
      break;
  }
  return next_task(slot, place, slot.task + 1);
}

// Asked before: its work is done already.
Scheduler::Machine::Next Scheduler::Machine::is_in_place(Slot& slot, std::uint32_t place) {
  const StepRules& step = rules_.steps[slot.step];
  if (slot.task == step.tasks) {
    slot.in_place = true;
    return skip_tasks(slot, place, 0, Reason::Verified);
  }
  slot.in_place = step.single;
  say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Verified);
  return next_task(slot, place, slot.task + 1);
}

// Not even what is `when always` runs.
Scheduler::Machine::Next Scheduler::Machine::skip_tasks(Slot& slot, std::uint32_t place,
                                                        std::uint32_t from, Reason reason) {
  const std::uint32_t tasks = rules_.steps[slot.step].tasks;
  for (std::uint32_t task = from; task < tasks; ++task) {
    say_task(place, task, Part::Run, 0, State::Skipped, reason);
  }
  return Next::End;
}

void Scheduler::Machine::start_attempts() {
  if (pieces_.any()) return start_with_pieces();
  for (const std::uint32_t place : starting_) carry_out(place);
  starting_.clear();
}

void Scheduler::Machine::start_attempt(std::uint32_t place) {
  if (!pieces_.any()) return carry_out(place);
  const std::uint32_t pieces = work_rules(slots_[place]).pieces;
  const bool starts = pieces == WorkRules::no_pieces || pieces_.take(pieces);
  starts ? carry_out(place) : wait_for_pieces(place);
}

void Scheduler::Machine::carry_out(std::uint32_t place) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Acting);
  if (slot.part == Part::Run && slot.attempt == 1 && task_rules(slot, slot.task).remembered) {
    steps_[slot.step].begun_tasks.set(slot.lane, slot.task);
  }
  say_at(Command::Kind::StartAction, place);
  if (limits_.keep_contracts()) {
    plan::ServiceEffect effect = effect_of(plan_, action_of(place));
    // It interrupts through all its attempts; what another step brought back each of them drains.
    effect.interrupts = effect.interrupts && slot.attempt == 1;
    limits_.start_work(lane_target(slot), effect);
  }
  const base::Duration timeout = rules_.timeout(work_rules(slot), slot.lane);
  if (timeout == WorkRules::no_timeout) return;
  Command& timer = say_at(Command::Kind::SetTimer, place);
  timer.timer = TimerKind::Timeout;
  timer.at = now_ + timeout;
}

std::uint32_t Scheduler::Machine::plain_until(const Action& started) const {
  const Slot& slot = slots_[started.slot];
  const bool first = started.part == Part::Run && started.attempt == 1;
  const bool as_usual = !slot.troubled() && !steps_[slot.step].cut && touched_.empty();
  if (!first || !as_usual) return started.task;
  return slot.keeps_place ? reach(slot.step, started.task)
                          : task_rules(slot, started.task).plain_until;
}

// plain_until of a task whose lane keeps a place. From the last task that takes its target out on
// it may no longer count, but where that has drained it: then it counts until it is back.
std::uint32_t Scheduler::Machine::reach(plan::StepId step, std::uint32_t task) const {
  const std::uint32_t first = rules_.steps[step].first_task;
  const std::uint32_t until = rules_.tasks[first + task].plain_until;
  const std::uint32_t last_out = limits_.last_out(step);
  if (until == task) return until;
  if (task > last_out) return task;
  const bool drains = last_out <= until && rules_.tasks[first + last_out].effect.drains;
  return drains ? until : std::min(until, last_out);
}

Action Scheduler::Machine::stride(const Action& started, std::uint32_t last) {
  Slot& slot = slots_[started.slot];
  SLUICE_CHECK(slot.phase == LanePhase::Acting && action_of(started.slot) == started &&
                   last >= started.task && last <= plain_until(started),
               "a lane cannot go on as it was told to");
  while (slot.task < last) {
    ++slot.task;
    if (task_rules(slot, slot.task).remembered) {
      steps_[slot.step].begun_tasks.set(slot.lane, slot.task);
    }
  }
  return action_of(started.slot);
}

// The slot is kept: what the lane has begun must not be left standing while others go first.
void Scheduler::Machine::pause_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Pausing);
  const Action action = action_of(place);
  Command& timer = say(Command::Kind::SetTimer, action);
  timer.timer = TimerKind::RetryPause;
  timer.at = now_ + retry_pause_of(slot, action);
}

base::Duration Scheduler::Machine::retry_pause_of(const Slot& slot, const Action& action) const {
  const WorkRules& rules = work_rules(slot);
  const base::Duration first = rules_.first_pause(rules, slot.lane);
  if (!rules.grows) return first;
  const plan::Retry& retry = work_for(plan_, action).retry;
  Pauses pauses{first, retry.backoff, std::nullopt};
  if (retry.most_pause) pauses.most = retry.most_pause->same;
  const base::Duration* const most = rules.lane_rules == WorkRules::no_lanes
                                         ? nullptr
                                         : rules_.lane_rules[rules.lane_rules].most_pause;
  if (most != nullptr) pauses.most = most[slot.lane];
  return retry_pause(pauses, slot.attempt);
}

LanePhase Scheduler::Machine::end_phase(const Slot& slot) const {
  if (slot.duty == Duty::RollBack) {
    return slot.undo_failed ? LanePhase::Failed : LanePhase::Undone;
  }
  if (slot.excluded) return LanePhase::Excluded;
  if (slot.left_behind) return LanePhase::LeftBehind;
  if (slot.failed) {
    return slot.undone && !slot.undo_failed ? LanePhase::Undone : LanePhase::Failed;
  }
  if (slot.cut_short) return LanePhase::Cancelled;
  if (slot.in_place || slot.unneeded) return LanePhase::Skipped;
  return slot.degraded ? LanePhase::Degraded : LanePhase::Succeeded;
}

Reason Scheduler::Machine::end_reason(const Slot& slot) const {
  switch (slot.phase) {
    case LanePhase::Cancelled:
      return Reason::Aborted;
    case LanePhase::LeftBehind:
      return Reason::OutOfReach;
    case LanePhase::Skipped:
      return slot.in_place ? Reason::Verified : Reason::Condition;
    case LanePhase::Failed:
      return slot.lane_not_known ? Reason::NotKnown : Reason::None;
    case LanePhase::Undone:
      return slot.duty == Duty::RollBack && !slot.failed ? Reason::RolledBack : Reason::None;
    default:
      return Reason::None;
  }
}

void Scheduler::Machine::end_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  const plan::StepId step = slot.step;
  StepRow& row = steps_[step];
  change(slot.phase, end_phase(slot));
  Command& said = say(Command::Kind::LaneEnded, {.step = step, .lane = slot.lane, .slot = place});
  said.state = state_of(slot.phase);
  said.reason = end_reason(slot);
  if (slot.duty == Duty::RollBack) said.action.part = Part::Undo;
  row.cancelled = row.cancelled || slot.phase == LanePhase::Cancelled;
  row.degraded = row.degraded || slot.degraded;
  if (slot.phase == LanePhase::Skipped && slot.unneeded) ++row.unneeded;
  if (slot.duty == Duty::RollBack && !slot.failed) record_target(slot, Reason::FailedBefore);
  // Nothing was done to it, so nothing is taken back.
  if (slot.left_behind && row.begun_tasks.made()) row.begun_tasks.clear_all(slot.lane);
  --row.live;
  --in_flight_;
  free_slots_.push_back(place);
  const StepRules& rules = rules_.steps[step];
  if (rules.batches != TaskRules::none) --batches_[rules.batches].open;
  if (rules.lockstep != TaskRules::none && slot.duty != Duty::RollBack) leave_batch(slot);
  if (rules.limited) release_places(slot);
  if (rules.locks) release_target(slot);
  if (is_over(step)) {
    finish_step(step);
  } else {
    offer(step);
  }
  if (rules.gate_of.valid()) gate_ended(step);
}

void Scheduler::Machine::say_task(std::uint32_t place, std::uint32_t task, Part part,
                                  std::uint32_t attempts, State state, Reason reason) {
  Command& said = say_at(Command::Kind::TaskEnded, place);
  said.action.task = task;
  said.action.part = part;
  said.action.attempt = attempts;
  said.state = state;
  said.reason = reason;
  if (!limits_.keep_contracts()) return;
  Slot& slot = slots_[place];
  const plan::TargetId target = lane_target(slot);
  if (attempts > 0) {
    const Action action{slot.step, slot.lane, task, part, attempts, place};
    limits_.end_work(target, effect_of(plan_, action), state == State::Succeeded);
  }
  const bool last = part == Part::Run && limits_.was_last(slot.step, task);
  if (!slot.keeps_place || !last) return;
  slot.keeps_place = false;
  limits_.give_up(target);
}

}  // namespace sluice::scheduler
