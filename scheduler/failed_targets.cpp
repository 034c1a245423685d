#include "scheduler/failed_targets.h"

#include <algorithm>

namespace sluice::scheduler {

std::uint32_t FailedTargets::record(std::uint32_t list, plan::TargetId target, Reason reason) {
  failures_.push_back({target, list, reason});
  return static_cast<std::uint32_t>(failures_.size() - 1);
}

FailedTargets::StepSet FailedTargets::with(StepSet set, plan::StepId step, std::uint32_t list) {
  entries_.push_back({step, list, set, 0});
  return static_cast<StepSet>(entries_.size() - 1);
}

FailedTargets::StepSet FailedTargets::merged(StepSet first, StepSet second) {
  if (first == second || second == none) return first;
  if (first == none) return second;
  ++mark_;
  for (StepSet at = first; at != none; at = entries_[at].next) {
    entries_[at].mark = mark_;
    mark_step(entries_[at].step);
  }
  // Where the second meets an entry of the first, all that follows is in both.
  StepSet result = first;
  for (StepSet at = second; at != none && entries_[at].mark != mark_; at = entries_[at].next) {
    if (!mark_step(entries_[at].step)) continue;
    result = with(result, entries_[at].step, entries_[at].list);
  }
  return result;
}

// False: it is in the set that is being made already.
bool FailedTargets::mark_step(plan::StepId step) {
  if (step.value >= step_marks_.size()) step_marks_.resize(step.value + std::size_t{1});
  if (step_marks_[step.value] == mark_) return false;
  step_marks_[step.value] = mark_;
  return true;
}

std::vector<FailedTargets::Lane> FailedTargets::lanes_of(StepSet set,
                                                         const plan::TargetList& targets,
                                                         Which which) {
  std::vector<Lane> lanes;
  std::vector<plan::TargetId> marked;
  for (StepSet at = set; at != none; at = entries_[at].next) {
    for (std::uint32_t i = entries_[at].list; i != none; i = failures_[i].next) {
      const Failure& failure = failures_[i];
      if (which == Which::Gone && failure.reason == Reason::FailedBefore) continue;
      const plan::TargetId target = failure.target;
      if (target.value >= causes_.size()) causes_.resize(target.value + std::size_t{1});
      Cause& cause = causes_[target.value];
      if (!cause.step.valid()) marked.push_back(target);
      if (entries_[at].step < cause.step) cause = {entries_[at].step, failure.reason};
    }
  }
  std::uint32_t lane = 0;
  targets.for_each([&](plan::TargetId target) {
    if (target.value < causes_.size() && causes_[target.value].step.valid()) {
      lanes.push_back({lane, causes_[target.value].step, causes_[target.value].reason});
    }
    ++lane;
  });
  for (const plan::TargetId target : marked) causes_[target.value] = {};
  return lanes;
}

}  // namespace sluice::scheduler
