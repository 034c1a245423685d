// Who waits for whom, through others too.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// The steps that `step` waits for, directly or through others; a gate, those that its step does.
// By StepId.
std::vector<bool> waited_for(const Plan& plan, StepId step);

}  // namespace sluice::plan
