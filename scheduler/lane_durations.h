// Timeouts and pauses that hang on the target, worked out for each lane before anything runs, so
// that no event evaluates an expression. Many runs of one plan share them.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"

namespace sluice::scheduler {

class LaneDurations {
 public:
  // The plan must be sealed and outlive it.
  explicit LaneDurations(const plan::Plan& plan);

  // By lane; nullptr where it is the same for all. It must stand in the plan that this was made of.
  const base::Duration* of(const plan::TargetDuration& duration) const;

 private:
  void add(const plan::Plan& plan, const plan::Step& step, const plan::Work& work);

  std::unordered_map<const plan::TargetDuration*, std::vector<base::Duration>> rows_;
};

}  // namespace sluice::scheduler
