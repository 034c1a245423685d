// Timeouts and pauses that hang on the target, for random plans.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::test {

// Of some of the plan's works the timeouts, the pauses and their caps become each target's own. It
// draws by itself: what the seed has drawn otherwise stays.
void add_random_durations(plan::Plan& plan, std::uint64_t seed);

// Of those the limits alone, so that they go with timeouts that are as much longer.
void stretch_random_durations(plan::Plan& plan, std::int64_t factor);

}  // namespace sluice::test
