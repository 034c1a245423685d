// What holds targets back, put upon random plans (support/random_schedule.h).
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::test {

// Properties, windows of groups, `at most`, effects on service, roles and contracts, each now and
// then, from dice of their own: the rest of the plan stays as it is.
void add_random_limits(plan::Plan& plan, std::uint64_t seed);

}  // namespace sluice::test
