// What lanes wait for in their slots. Lockstep: a child step waits until all lanes of the batch
// that are at work have ended the one before; the batch begins as a whole or not yet. And pieces of
// counted resources, which an attempt takes as it starts.
#include <algorithm>

#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

// All lanes of the batch begin where every limit admits all of them and every target is free.
void Scheduler::Machine::admit_batch(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  const StepRow& row = steps_[step];
  const plan::Batch at = batches_[rules.batches].at;
  if (row.live > 0 || batches_[rules.batches].open == 0) return;
  members_.clear();
  std::size_t left_out = 0;
  for (std::uint32_t lane = at.begin; lane < at.end; ++lane) {
    while (left_out < row.left_out.size() && row.left_out[left_out].lane < lane) ++left_out;
    if (left_out < row.left_out.size() && row.left_out[left_out].lane == lane) continue;
    members_.push_back(lane);
  }
  if (members_.size() > rules.window) return;
  if (rules.limited && !limits_.admits(step, members_)) return;
  if (!take_locks(step)) return;
  for (const std::uint32_t lane : members_) begin_lane(step, lane);
  release_batch(step);
  for (const std::uint32_t place : starting_) start_attempt(place);
  starting_.clear();
}

// All of them, or none: then the batch waits for the first that is held.
bool Scheduler::Machine::take_locks(plan::StepId step) {
  const StepRules& rules = rules_.steps[step];
  if (!rules.locks) return true;
  for (const std::uint32_t lane : members_) {
    const plan::TargetId target = rules.targets->at(lane);
    if (locks_.is_free(target)) continue;
    locks_.wait(target, step, lane);
    return false;
  }
  for (const std::uint32_t lane : members_) locks_.take(rules.targets->at(lane));
  return true;
}

// Its next work is of the task that it is at already, or it waits for the others of its batch.
void Scheduler::Machine::arrive(std::uint32_t place) {
  Slot& slot = slots_[place];
  const StepRules& rules = rules_.steps[slot.step];
  const bool first = slot.task == rules.tasks && slot.part == Part::Before;
  const std::uint32_t position = first ? 0 : slot.task;
  if (slot.duty != Duty::Forward || position <= slot.position) return starting_.push_back(place);
  LockstepRow& row = lockstep_[rules.lockstep];
  --row.lanes_at[slot.position];
  slot.position = position;
  ++row.lanes_at[position];
  change(slot.phase, LanePhase::Waiting);
  row.waiting.push_back(place);
  touch_batch(slot.step);
}

void Scheduler::Machine::touch_batch(plan::StepId step) {
  LockstepRow& row = lockstep_[rules_.steps[step].lockstep];
  if (!row.touched) touched_batches_.push_back(step);
  row.touched = true;
}

void Scheduler::Machine::release_batches() {
  for (const plan::StepId step : touched_batches_) release_batch(step);
  touched_batches_.clear();
}

// Lanes for which the others are waited for no more start, in their order.
void Scheduler::Machine::release_batch(plan::StepId step) {
  LockstepRow& row = lockstep_[rules_.steps[step].lockstep];
  row.touched = false;
  const auto lowest = std::find_if(row.lanes_at.begin(), row.lanes_at.end(),
                                   [](std::uint32_t lanes) { return lanes > 0; });
  const auto low = static_cast<std::uint32_t>(lowest - row.lanes_at.begin());
  const auto ready =
      std::partition(row.waiting.begin(), row.waiting.end(),
                     [&](std::uint32_t place) { return slots_[place].position > low; });
  std::sort(ready, row.waiting.end(),
            [&](std::uint32_t a, std::uint32_t b) { return slots_[a].lane < slots_[b].lane; });
  starting_.insert(starting_.end(), ready, row.waiting.end());
  row.waiting.erase(ready, row.waiting.end());
}

void Scheduler::Machine::leave_batch(const Slot& slot) {
  LockstepRow& row = lockstep_[rules_.steps[slot.step].lockstep];
  --row.lanes_at[slot.position];
  touch_batch(slot.step);
}

void Scheduler::Machine::wait_for_pieces(std::uint32_t place) {
  Slot& slot = slots_[place];
  if (slot.phase == LanePhase::Deciding) change(slot.phase, LanePhase::Waiting);
  pieces_.wait(work_rules(slot).pieces, slot.step, slot.lane, place);
}

// Those that need pieces stand in one queue with those that waited already.
void Scheduler::Machine::start_with_pieces() {
  for (const std::uint32_t place : starting_) {
    const bool free = work_rules(slots_[place]).pieces == WorkRules::no_pieces;
    free ? carry_out(place) : wait_for_pieces(place);
  }
  starting_.clear();
  hand_out_pieces();
}

void Scheduler::Machine::give_back_pieces(const Slot& slot) {
  const std::uint32_t pieces = work_rules(slot).pieces;
  if (pieces != WorkRules::no_pieces) pieces_.give_back(pieces);
}

void Scheduler::Machine::hand_out_pieces() {
  for (std::uint32_t place = 0; pieces_.next(place);) carry_out(place);
}

// An abort or the deadline found it waiting: it is decided anew.
void Scheduler::Machine::stop_waiting(std::uint32_t place) {
  Slot& slot = slots_[place];
  const std::uint32_t lockstep = rules_.steps[slot.step].lockstep;
  if (lockstep != TaskRules::none && std::erase(lockstep_[lockstep].waiting, place) > 0) {
    // What it goes on with waits for the others again.
    --lockstep_[lockstep].lanes_at[slot.position];
    ++lockstep_[lockstep].lanes_at[--slot.position];
  }
  pieces_.leave(place);
  decide_later(place, Verdict::Waited);
}

// Of what it waited to do, only what is `when always` is done; at the deadline it was a person's.
Scheduler::Machine::Next Scheduler::Machine::after_wait(Slot& slot, std::uint32_t place) {
  if (slot.part == Part::Census) {
    census_missed_ = true;
    return Next::End;
  }
  if (!steps_[slot.step].cut) {
    slot.part = Part::Run;
    --slot.attempt;
    return nobody_asked(slot, place);
  }
  if (slot.attempt > 1) {
    --slot.attempt;
    return after_cancel(slot, place);
  }
  if (slot.part == Part::Undo) {
    slot.undo_failed = true;
    if (slot.duty == Duty::RollBack) return Next::End;
    slot.duty = Duty::Forward;
    return next_task(slot, place, slot.resume);
  }
  const bool of_step = slot.task == rules_.steps[slot.step].tasks;
  if (!of_step && task_rules(slot, slot.task).when == plan::When::Always) return Next::Start;
  slot.cut_short = true;
  if (of_step) return slot.part == Part::Before ? next_task(slot, place, 0) : Next::End;
  if (slot.part != Part::Verify) {
    say_task(place, slot.task, Part::Run, 0, State::Skipped, Reason::Aborted);
  }
  return next_task(slot, place, slot.task + 1);
}

}  // namespace sluice::scheduler
