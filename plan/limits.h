// How many targets of a step can be at work at once, and by which of its limits.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::plan {

// By the step's own limits together: its window, its windows of groups, the largest of its batches.
// Of several the narrowest decides, and its rule is told. 0 where the step has no targets. Linear
// in the targets where there are groups, else in sizes and values of `by`.
Limit own_limit(const Plan& plan, StepId step);

}  // namespace sluice::plan
