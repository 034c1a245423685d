// The plan that only looks: it asks what each `verify` of a plan asks, and does nothing else.
// Carried out, it tells what is in place where, outside of any run (`sluice census`).
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

struct CensusPlan {
  // Sealed. Its steps are those of the plan that have something to ask, in their order, one after
  // the other, each as many targets at once as before: the targets, their names and connections are
  // the plan's own, so a TargetId means the same in both. No target is taken out of service, none
  // is locked, no answer keeps another from being asked for.
  Plan plan;
  // By step of `plan`, which of the given one it asks for.
  base::Dense<StepId, StepId> origins;
  // What a `verify` that reads a run's outputs says, or one whose condition does, nobody knows
  // outside of that run. The targets of such works, and the works' names, each once.
  struct NotAsked {
    StepId step;  // of the given plan
    std::string name;
  };
  std::vector<NotAsked> not_asked;
};

CensusPlan census_plan(const Plan& plan);

}  // namespace sluice::plan
