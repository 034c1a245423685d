// What needs no decision: an attempt that ends well and has nothing behind it but the next one in
// its slot. It comes to the same as apply() does, without a command; tests hold them together.
#include <algorithm>

#include "base/check.h"
#include "scheduler/machine.h"
#include "scheduler/work.h"

namespace sluice::scheduler {

bool Scheduler::Machine::may_be_followed(const Action& action) const {
  if (action.part != Part::Run || action.attempt != 1) return false;
  return rules_.tasks[rules_.steps[action.step].first_task + action.task].follows != Follows::More;
}

Successor Scheduler::Machine::successor(std::uint32_t place) const {
  const Slot& slot = slots_[place];
  const bool first = slot.part == Part::Run && slot.attempt == 1;
  if (slot.odd || !first || slot.phase != LanePhase::Acting || paused_) return {};
  switch (task_rules(slot, slot.task).follows) {
    case Follows::Task:
      return next_in_lane(slot);
    case Follows::Lane:
      return next_lane_after(slot);
    case Follows::More:
      break;
  }
  return {};
}

Successor Scheduler::Machine::next_in_lane(const Slot& slot) const {
  if (steps_[slot.step].cut) return {};
  if (limits_.keep_contracts()) {
    const bool gives_up = slot.keeps_place && limits_.was_last(slot.step, slot.task);
    const plan::ServiceEffect& effect = task_rules(slot, slot.task).effect;
    if (!limits_.ends_quietly(lane_target(slot), effect, gives_up)) return {};
  }
  const std::uint32_t task = slot.task + 1;
  Successor next{Follows::Task, slot.lane, task, task};
  if (!touched_.empty()) return next;
  next.until = slot.keeps_place ? reach(slot.step, task) : task_rules(slot, task).plain_until;
  return next;
}

Successor Scheduler::Machine::next_lane_after(const Slot& slot) const {
  const StepRow& row = steps_[slot.step];
  const StepRules& rules = rules_.steps[slot.step];
  const bool admits = row.stop == Reason::None && row.questions == 0 && !row.cut &&
                      !row.rolling_back && row.returned.empty();
  if (!admits) return {};
  const plan::ServiceEffect& effect = task_rules(slot, slot.task).effect;
  std::uint32_t lane = row.next;
  if (rules.limited) {
    lane = limits_.heir(slot.step, slot.lane, effect, slot.keeps_place);
  } else if (!limits_.ends_quietly(lane_target(slot), effect, false)) {
    return {};
  } else if (row.next_left_out < row.left_out.size() &&
             row.left_out[row.next_left_out].lane == lane) {
    return {};
  }
  if (lane >= row.until) return {};
  Successor next{Follows::Lane, lane, 0, 0};
  if (!touched_.empty()) return next;
  const bool keeps_place = rules.limited && limits_.goes_out(slot.step);
  next.until = keeps_place ? reach(slot.step, 0) : rules_.tasks[rules.first_task].plain_until;
  return next;
}

bool Scheduler::Machine::follow(base::Instant now, std::uint32_t place, const Successor& successor,
                                std::uint32_t last) {
  Slot& slot = slots_[place];
  SLUICE_CHECK(now >= now_ && slot.phase == LanePhase::Acting && last <= successor.until,
               "a lane cannot be followed as it was told to");
  now_ = now;
  if (!touched_.empty()) touch(slot);
  StepRow& row = steps_[slot.step];
  const StepRules& rules = rules_.steps[slot.step];
  if (limits_.keep_contracts() || rules.limited) take_place(slot, successor);
  if (successor.follows == Follows::Lane) {
    begin_next(row, rules, {successor.lane, 1});
    slot.lane = successor.lane;
  }
  slot.task = last;
  for (std::uint32_t task = successor.task; rules.remembers && task <= last; ++task) {
    if (task_rules(slot, task).remembered) row.begun_tasks.set(slot.lane, task);
  }
  return task_rules(slot, last).follows != Follows::More;
}

void Scheduler::Machine::begin_next(StepRow& row, const StepRules& rules, const Procession& begun) {
  if (!rules.limited) row.next += begun.count;
  row.begun += begun.count;
  if (rules.batches != TaskRules::none) batches_[rules.batches].open -= begun.count;
  if (rules.on_failure != plan::OnFailure::RollbackAll) return;
  for (std::uint32_t i = 0; i < begun.count; ++i) row.begun_lanes.push_back(begun.first + i);
}

Scheduler::Procession Scheduler::Machine::procession(std::uint32_t place) const {
  const Successor next = successor(place);
  const plan::StepId step = slots_[place].step;
  const StepRules& rules = rules_.steps[step];
  const bool whole = next.follows == Follows::Lane && next.until + 1 == rules.tasks;
  if (!whole || !touched_.empty()) return {};
  const StepRow& row = steps_[step];
  const TaskRules* const tasks = &rules_.tasks[rules.first_task];
  const bool counts = rules.limited && limits_.goes_out(step);
  const bool serves = tasks[0].effect != plan::ServiceEffect{} ||
                      tasks[rules.tasks - 1].effect != plan::ServiceEffect{};
  if (limits_.keep_contracts() && serves && !counts) return {};
  std::uint32_t until = row.until;
  if (row.next_left_out < row.left_out.size()) {
    until = std::min(until, row.left_out[row.next_left_out].lane);
  }
  if (rules.limited) until = std::min(until, limits_.heirs_until(step, next.lane));
  return {next.lane, until > next.lane ? until - next.lane : 0};
}

void Scheduler::Machine::proceed(base::Instant now, plan::StepId step, const Procession& begun,
                                 std::span<const Move> moves) {
  const StepRules& rules = rules_.steps[step];
  StepRow& row = steps_[step];
  SLUICE_CHECK(now >= now_ && begun.first + begun.count <= row.until,
               "lanes cannot have begun as it was told");
  now_ = now;
  const TaskRules& first = rules_.tasks[rules.first_task];
  const TaskRules& last = rules_.tasks[rules.first_task + rules.tasks - 1];
  if (rules.limited) limits_.proceed(step, begun.first, begun.count);
  for (const Move& move : moves) {
    Slot& slot = slots_[move.slot];
    if (rules.limited) {
      limits_.move(step, move.from, move.to, last.effect, slot.keeps_place);
      slot.keeps_place = limits_.goes_out(step);
      if (limits_.keep_contracts()) limits_.start_work(rules.targets->at(move.to), first.effect);
    }
    slot.lane = move.to;
    slot.task = rules.tasks - 1;
  }
  begin_next(row, rules, begun);
  for (std::uint32_t i = 0; rules.remembers && i < begun.count * rules.tasks; ++i) {
    const std::uint32_t task = i % rules.tasks;
    if (rules_.tasks[rules.first_task + task].remembered) {
      row.begun_tasks.set(begun.first + i / rules.tasks, task);
    }
  }
}

// As end_work(), end_lane() and carry_out() do it, one after the other.
void Scheduler::Machine::take_place(Slot& slot, const Successor& successor) {
  const plan::ServiceEffect& ended = task_rules(slot, slot.task).effect;
  const plan::ServiceEffect& begun = task_rules(slot, successor.task).effect;
  const bool keeps = limits_.keep_contracts();
  const bool inherits = successor.follows == Follows::Lane && rules_.steps[slot.step].limited;
  if (inherits) {
    limits_.inherit(slot.step, slot.lane, successor.lane, ended, slot.keeps_place);
    slot.keeps_place = limits_.goes_out(slot.step);
  } else if (keeps) {
    limits_.end_work(lane_target(slot), ended, true);
    if (slot.keeps_place && limits_.was_last(slot.step, slot.task)) {
      slot.keeps_place = false;
      limits_.give_up(lane_target(slot));
    }
  }
  if (!keeps) return;
  const plan::TargetList* targets = rules_.steps[slot.step].targets;
  limits_.start_work(targets == nullptr ? plan::TargetId{} : targets->at(successor.lane), begun);
}

}  // namespace sluice::scheduler
