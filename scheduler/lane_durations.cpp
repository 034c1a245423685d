#include "scheduler/lane_durations.h"

#include <utility>

#include "base/check.h"
#include "plan/target_durations.h"

namespace sluice::scheduler {

LaneDurations::LaneDurations(const plan::Plan& plan) {
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      add(plan, step, task);
      if (task.verify) add(plan, step, *task.verify);
      if (task.undo) add(plan, step, *task.undo);
    }
    if (step.verify) add(plan, step, *step.verify);
  }
}

void LaneDurations::add(const plan::Plan& plan, const plan::Step& step, const plan::Work& work) {
  const auto add_one = [&](const plan::TargetDuration& duration) {
    if (duration.is_same()) return;
    auto found = plan::durations_for(plan, duration, plan.target_lists[step.targets]);
    SLUICE_CHECK(found.ok(), "a duration that cannot be worked out for its target");
    rows_.emplace(&duration, std::move(found).value());
  };
  if (work.timeout) add_one(*work.timeout);
  add_one(work.retry.pause);
  if (work.retry.most_pause) add_one(*work.retry.most_pause);
}

const base::Duration* LaneDurations::of(const plan::TargetDuration& duration) const {
  if (duration.is_same()) return nullptr;
  const auto found = rows_.find(&duration);
  SLUICE_CHECK(found != rows_.end(), "a duration of another plan");
  return found->second.data();
}

}  // namespace sluice::scheduler
