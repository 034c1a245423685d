// Taking back what was begun: within a failed lane's slot, or a whole step, lane by lane.
#include <algorithm>

#include "base/check.h"
#include "scheduler/machine.h"

namespace sluice::scheduler {

bool Scheduler::Machine::undoes_in_slot(const Slot& slot) const {
  return rules_.steps[slot.step].on_failure == plan::OnFailure::Rollback && slot.failed &&
         slot.duty == Duty::Forward && !slot.undo_tried && !steps_[slot.step].cut;
}

// The failed task too, and in reverse order; then the lane goes on to what is `when always`.
Scheduler::Machine::Next Scheduler::Machine::start_undo(Slot& slot, std::uint32_t place) {
  slot.duty = Duty::Undo;
  slot.undo_tried = true;
  slot.resume = slot.task + 1;
  return next_undo(slot, place, std::min(slot.resume, rules_.steps[slot.step].tasks));
}

Scheduler::Machine::Next Scheduler::Machine::next_undo(Slot& slot, std::uint32_t place,
                                                       std::uint32_t before) {
  const LaneBits& begun = steps_[slot.step].begun_tasks;
  for (std::uint32_t task = before; begun.made() && task-- > 0;) {
    if (!begun.test(slot.lane, task)) continue;
    slot.task = task;
    slot.part = Part::Undo;
    slot.attempt = 1;
    return Next::Start;
  }
  if (slot.duty == Duty::RollBack) return Next::End;
  slot.duty = Duty::Forward;
  return next_task(slot, place, slot.resume);
}

// One that failed keeps the earlier ones from being taken back: what they did may hold up what is
// still there, as a drained load balancer does before a broken server.
Scheduler::Machine::Next Scheduler::Machine::after_undo(Slot& slot, std::uint32_t place,
                                                        bool well) {
  say_task(place, slot.task, Part::Undo, slot.attempt, well ? State::Succeeded : State::Failed,
           !well && slot.out_of_reach ? Reason::OutOfReach : Reason::None);
  slot.undone = slot.undone || well;
  slot.undo_failed = slot.undo_failed || !well;
  return next_undo(slot, place, well ? slot.task : 0);
}

bool Scheduler::Machine::rolls_back(plan::StepId step) const {
  const StepRules& rules = rules_.steps[step];
  const StepRow& row = steps_[step];
  if (rules.on_failure != plan::OnFailure::RollbackAll || row.rolling_back || row.cut) return false;
  const bool halted = row.failed > rules.tolerate || row.stop == Reason::GateFailed;
  return halted && std::any_of(row.begun_lanes.begin(), row.begun_lanes.end(),
                               [&](std::uint32_t lane) { return row.begun_tasks.any(lane); });
}

// Its lanes begin anew, the last begun first, and under the step's limits as ever.
void Scheduler::Machine::roll_back(plan::StepId step) {
  StepRow& row = steps_[step];
  row.rolling_back = true;
  std::reverse(row.begun_lanes.begin(), row.begun_lanes.end());
  std::erase_if(row.begun_lanes, [&](std::uint32_t lane) { return !row.begun_tasks.any(lane); });
  row.to_undo = static_cast<std::uint32_t>(row.begun_lanes.size());
  row.next_undo = 0;
  if (rules_.steps[step].batches != TaskRules::none) batches_[rules_.steps[step].batches].open = 0;
  row.returned.clear();
  if (rules_.steps[step].limited) limits_.reopen(step, row.begun_lanes);
  offer(step);
}

// All its lanes have ended.
void Scheduler::Machine::finish_step(plan::StepId step) {
  rolls_back(step) ? roll_back(step) : end_step(step);
}

// The next in the order of undoing whose lock can be had; those held back stand at their target
// with their place in that order.
bool Scheduler::Machine::next_undo_lane(plan::StepId step, std::uint32_t& lane) {
  StepRow& row = steps_[step];
  const bool limited = rules_.steps[step].limited;
  const std::uint32_t until = undo_until(step);
  for (;;) {
    std::uint32_t place = 0;
    if (limited) {
      if (!limits_.next(step, until, place)) return false;
    } else if (!row.returned.empty()) {
      place = pop_returned(row);
    } else if (row.next_undo < until) {
      place = row.next_undo++;
    } else {
      return false;
    }
    lane = row.begun_lanes[place];
    if (!held_back(step, lane, place | undo_mark)) return true;
  }
}

void Scheduler::Machine::begin_undo(plan::StepId step, std::uint32_t lane) {
  const std::uint32_t place = take_slot(step, lane);
  Slot& slot = slots_[place];
  StepRow& row = steps_[step];
  slot.duty = Duty::RollBack;
  slot.failed = row.failed_lanes.test(lane, 0);
  ++row.live;
  --row.to_undo;
  ++in_flight_;
  if (rules_.steps[step].limited) slot.keeps_place = limits_.begin(step, lane);
  change(slot.phase, LanePhase::Deciding);
  say(Command::Kind::LaneBegan, {.step = step, .lane = lane, .part = Part::Undo, .slot = place});
  const Next next = next_undo(slot, place, rules_.steps[step].tasks);
  SLUICE_CHECK(next == Next::Start, "a lane with nothing to undo was begun");
  start_attempt(place);
}

}  // namespace sluice::scheduler
