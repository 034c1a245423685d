// Which lanes begin: the first target in order that every limit admits, steps in the file's order.
#include <algorithm>
#include <functional>

#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

// Something of the step's changed, so that a lane may be admitted that was not before. Only such
// steps are looked at: an event costs nothing for those that stand beside it.
void Scheduler::Machine::offer(plan::StepId step) {
  StepRow& row = steps_[step];
  if (row.offered) return;
  row.offered = true;
  offered_steps_.push_back(step);
}

// No admission makes another one possible: it takes slots, places and locks and gives none back. So
// one pass is enough, but for limits that have places: who was offered one and could not use it
// passes it on.
void Scheduler::Machine::admit_lanes() {
  wake_lanes();
  std::size_t known = 0;
  for (std::size_t i = 0; i < offered_steps_.size(); ++i) {
    if (known < offered_steps_.size()) {
      std::sort(offered_steps_.begin() + static_cast<std::ptrdiff_t>(i), offered_steps_.end());
      known = offered_steps_.size();
    }
    const plan::StepId step = offered_steps_[i];
    steps_[step].offered = false;
    admit(step);
    wake_lanes();
  }
  offered_steps_.clear();
}

void Scheduler::Machine::admit(plan::StepId step) {
  const StepRow& row = steps_[step];
  if (row.phase == StepPhase::Ready) begin_step(step);
  if (row.phase != StepPhase::Running) return;
  const std::uint32_t window = rules_.steps[step].window;
  std::uint32_t lane = 0;
  if (row.rolling_back) {
    while (!row.cut && row.live < window && next_undo_lane(step, lane)) begin_undo(step, lane);
    return;
  }
  const StepRules& rules = rules_.steps[step];
  if (row.stop != Reason::None || row.questions > 0 || rules.gate_of.valid()) return;
  if (rules.batches != TaskRules::none && !batch_is_open(step)) return;
  if (rules.lockstep != TaskRules::none) return admit_batch(step);
  // A lane may fail as it begins, and so stop those behind it.
  while (row.stop == Reason::None && row.questions == 0 && row.live < window) {
    if (rules.stagger.ms > 0 && is_staggered(step)) return;
    if (!next_lane(step, lane)) return;
    begin_lane(step, lane);
  }
}

// The first lane in order that may begin, if its lock can be had. One that is held back waits at
// its target, without a slot, and comes back to `returned` when the target is free: so no lane is
// looked at twice while nothing has changed for it.
bool Scheduler::Machine::next_lane(plan::StepId step, std::uint32_t& lane) {
  if (rules_.steps[step].limited) return next_limited(step, lane);
  StepRow& row = steps_[step];
  for (;;) {
    if (!row.returned.empty()) {  // all of them stand before `next`
      lane = pop_returned(row);
    } else if (row.next < row.until) {
      lane = row.next++;
      if (row.next_left_out < row.left_out.size() && row.left_out[row.next_left_out].lane == lane) {
        ++row.next_left_out;
        continue;
      }
    } else {
      return false;
    }
    if (!held_back(step, lane, lane)) return true;
  }
}

bool Scheduler::Machine::next_limited(plan::StepId step, std::uint32_t& lane) {
  while (limits_.next(step, steps_[step].until, lane)) {
    if (!held_back(step, lane, lane)) return true;
  }
  return false;
}

std::uint32_t Scheduler::Machine::pop_returned(StepRow& row) {
  std::pop_heap(row.returned.begin(), row.returned.end(), std::greater<>());
  const std::uint32_t first = row.returned.back();
  row.returned.pop_back();
  return first;
}

// Takes the lane's lock, or leaves it waiting there, with its place in the order of its step.
bool Scheduler::Machine::held_back(plan::StepId step, std::uint32_t lane, std::uint32_t place) {
  const StepRules& rules = rules_.steps[step];
  if (!rules.locks) return false;
  const plan::TargetId target = rules.targets->at(lane);
  if (locks_.take(target)) return false;
  locks_.wait(target, step, place);
  return true;
}

std::uint32_t Scheduler::Machine::take_slot(plan::StepId step, std::uint32_t lane) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
    free_slots_.reserve(slots_.capacity());  // so that giving one back allocates nothing
  }
  const std::uint32_t place = free_slots_.back();
  free_slots_.pop_back();
  slots_[place] = Slot{.step = step, .lane = lane};
  return place;
}

void Scheduler::Machine::begin_lane(plan::StepId step, std::uint32_t lane) {
  const std::uint32_t place = take_slot(step, lane);
  Slot& slot = slots_[place];
  StepRow& row = steps_[step];
  if (rules_.steps[step].on_failure == plan::OnFailure::RollbackAll) {
    row.begun_lanes.push_back(lane);
  }
  ++row.begun;
  ++row.live;
  ++in_flight_;
  if (rules_.steps[step].limited) slot.keeps_place = limits_.begin(step, lane);
  change(slot.phase, LanePhase::Deciding);
  say(Command::Kind::LaneBegan, {.step = step, .lane = lane, .slot = place});
  const StepRules& rules = rules_.steps[step];
  if (rules.stagger.ms > 0) row.not_before = now_ + rules.stagger;
  if (rules.lockstep != TaskRules::none) ++lockstep_[rules.lockstep].lanes_at[0];
  const Next next = ask_lane(slot, place);
  if (next == Next::Start && rules.lockstep != TaskRules::none) return arrive(place);
  if (next == Next::Start) start_attempt(place);
  if (next == Next::End) deciding_.push_back(place);  // in a further round of this instant
}

// Before its lock: what waits for that is looked at with the places as they are from now on.
void Scheduler::Machine::release_places(const Slot& slot) {
  limits_.end(slot.step, slot.lane, slot.keeps_place);
  take_offers();
}

void Scheduler::Machine::take_offers() {
  for (const plan::StepId step : limits_.offers()) offer(step);
  limits_.offers().clear();
}

void Scheduler::Machine::release_target(const Slot& slot) {
  const plan::TargetId target = rules_.steps[slot.step].targets->at(slot.lane);
  locks_.release(target, [this](plan::StepId step, std::uint32_t waiter) {
    StepRow& row = steps_[step];
    if (row.phase != StepPhase::Running) return;  // ended without it
    const bool undoes = (waiter & undo_mark) != 0;
    if (undoes != row.rolling_back) return;  // it will never begin
    if (rules_.steps[step].lockstep != TaskRules::none && !undoes) return offer(step);
    if (rules_.steps[step].limited) {
      limits_.put_back(step, waiter & ~undo_mark);
      return offer(step);
    }
    row.returned.push_back(waiter & ~undo_mark);
    std::push_heap(row.returned.begin(), row.returned.end(), std::greater<>());
    offer(step);
  });
}

}  // namespace sluice::scheduler
