// Plans whose targets take different times, for tests that work them out by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace sluice::test {

// Of the first step's targets in order: each has the property `length`, and its first task takes
// that, in milliseconds.
void set_lengths(plan::Plan& plan, const std::vector<std::int64_t>& lengths);

}  // namespace sluice::test
