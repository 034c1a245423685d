// Random plans that take targets out of service in every way: for tests of what may be out.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::test {

// As random_schedule(), with all that may happen to a lane and all limits, and with effects on
// service of tasks and of what takes them back. Its last role, `everything`, has all targets.
plan::Plan random_outages(std::uint64_t seed);

}  // namespace sluice::test
