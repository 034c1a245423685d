// Who waits for whom, through others too.
#pragma once

#include <span>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// The steps that `step` waits for, directly or through others; a gate, those that its step does.
// By StepId.
std::vector<bool> waited_for(const Plan& plan, StepId step);
// Those that any of these steps waits for.
std::vector<bool> waited_for(const Plan& plan, std::span<const StepId> by);
// The steps that wait for `step`, directly or through others; with them, their gates.
std::vector<bool> waiting_for(const Plan& plan, StepId step);

}  // namespace sluice::plan
