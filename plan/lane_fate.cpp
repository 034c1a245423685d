#include "plan/lane_fate.h"

#include <algorithm>
#include <array>

namespace sluice::plan {

namespace {

// The states of a lane, as a set: [this step has it out of service][it has failed].
using LaneStates = std::array<std::array<bool, 2>, 2>;

bool runs(const Task& task, bool failed) {
  if (task.disabled) return false;
  return task.when == When::Always || (task.when == When::Failure) == failed;
}

// One that may be left alone: its condition does not hold, or it is in place already.
bool may_be_left_out(const Task& task) {
  return task.condition.has_value() || task.skip_verified;
}

void go_through(const Task& task, bool may_fail, LaneStates& states, bool& out_while_run) {
  LaneStates next{};
  for (const bool out : {false, true}) {
    for (const bool failed : {false, true}) {
      if (!states[out][failed]) continue;
      if (!runs(task, failed) || may_be_left_out(task)) next[out][failed] = true;
      if (!runs(task, failed)) continue;
      const ServiceEffect& effect = task.effect;
      const bool fails = failed || !task.ignore_failure;
      out_while_run = out_while_run || effect.drains || effect.interrupts;
      const bool out_after = (out || effect.drains) && !effect.restores;
      next[out_after][failed] = true;
      if (!may_fail) continue;
      next[out || effect.drains || effect.interrupts][fails] = true;
      if (task.verify) next[out_after][fails] = true;
      if (task.condition) next[out][fails] = true;  // it reads what was never written
    }
  }
  states = next;
}

// The tasks that may be the first to run on a target: up to one that none can leave out.
bool first_task_takes_out(const Step& step) {
  for (const Task& task : step.tasks) {
    if (!runs(task, false)) continue;
    if (task.effect.drains || task.effect.interrupts) return true;
    if (!may_be_left_out(task)) return false;
  }
  return false;
}

}  // namespace

bool out_at_end(const Step& step, std::size_t failed) {
  bool out = false;
  for (std::size_t i = 0; i < step.tasks.size(); ++i) {
    const Task& task = step.tasks[i];
    const bool after_failure = i > failed && !step.tasks[failed].ignore_failure;
    const bool runs = task.when == When::Always || (task.when == When::Failure) == after_failure;
    if (task.disabled || !runs) continue;
    out = out || task.effect.drains || (i == failed && task.effect.interrupts);
    if (i != failed && task.effect.restores) out = false;
  }
  return out;
}

bool undo_takes_out(const Step& step) {
  return std::any_of(step.tasks.begin(), step.tasks.end(), [](const Task& task) {
    return !task.disabled && task.undo &&
           (task.undo->effect.drains || task.undo->effect.interrupts || task.effect.restores ||
            task.effect.interrupts);
  });
}

LaneFate fate_of(const Step& step) {
  LaneFate fate;
  for (const bool may_fail : {false, true}) {
    LaneStates states{};
    states[false][false] = true;
    for (const Task& task : step.tasks) go_through(task, may_fail, states, fate.out_while_run);
    fate.out_after_well = states[true][false];
    if (!may_fail) {
      fate.out_though_nothing_failed = states[true][false];
      fate.out_unless_failed = states[true][false] && !states[false][false];
    }
    fate.can_fail = states[false][true] || states[true][true];
  }
  fate.can_fail = fate.can_fail || step.verify || step.condition;
  const bool undoes =
      step.on_failure == OnFailure::Rollback || step.on_failure == OnFailure::RollbackAll;
  fate.out_while_run = fate.out_while_run || (undoes && undo_takes_out(step));
  fate.out_left_behind = step.unreachable.skip && first_task_takes_out(step);
  fate.out_unless_failed =
      fate.out_unless_failed && !step.condition && !step.skip_verified && !step.disabled;
  return fate;
}

}  // namespace sluice::plan
