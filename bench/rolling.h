// The scenario of the benchmarks as a plan: R(targets, window, tasks), one step in a rolling
// window, its tasks one after the other on each target.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "plan/plan.h"

namespace sluice::bench {

// "web-0000041" becomes "web-0000042"; after the last of seven digits, it is the first again.
inline void count_on(std::string& name) {
  for (auto digit = name.rbegin(); *digit != '-'; ++digit) {
    if (++*digit <= '9') return;
    *digit = '0';
  }
}

inline plan::Plan rolling(std::uint32_t targets, std::uint32_t window, std::uint32_t tasks,
                          const plan::DurationModel& takes) {
  plan::Plan plan;
  plan.property_sets.add({});
  plan.connections.add({});
  plan::TargetList list;
  std::string name = "web-0000000";
  plan.targets.reserve(targets, targets * name.size());
  for (std::uint32_t i = 0; i < targets; ++i, count_on(name)) {
    list.add(plan.targets.add(name, plan::PropertySetId{0}, plan::ConnectionId{0}));
  }
  plan::Role role;
  role.name = "web";
  role.targets = plan.target_lists.add(std::move(list));
  plan::Step step;
  step.name = "Update";
  step.targets = role.targets;
  plan.roles.add(std::move(role));
  step.has_child_steps = true;
  for (std::uint32_t i = 0; i < tasks; ++i) {
    plan::Task& task = step.tasks.emplace_back();
    task.name = fmt::format("Action {}", i + 1);
    task.action.kind = "script";
    task.takes = takes;
  }
  step.tasks.front().effect.drains = true;
  step.tasks.back().effect.restores = true;
  step.window.value = window;
  step.join = plan.joins.add({});
  plan.steps.add(std::move(step));
  return plan;
}

inline plan::DurationModel model(plan::DurationModel::Kind kind, std::int64_t low,
                                 std::int64_t high) {
  plan::DurationModel made;
  made.kind = kind;
  made.low = plan::constant({base::Duration{low}});
  made.high = plan::constant({base::Duration{high}});
  made.mode = plan::constant({base::Duration{0}});
  return made;
}

// What all engines draw from: 500 to 1549 ms.
inline plan::DurationModel even_durations() {
  return model(plan::DurationModel::Kind::Uniform, 500, 1549);
}

}  // namespace sluice::bench
