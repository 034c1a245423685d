// Random plans with all that a plan can hold, for tests of what reads it whole: saving, verifying,
// drawing, the worst case, the simulator. What the scheduler reads comes from random_schedule().
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::test {

// Sealed. Durations, effects, roles, `via`, properties, connections, expressions of every operator
// and every type of value, places: in all mixtures, and not all of them sensible.
plan::Plan random_plan(std::uint64_t seed);

// The same, and all that a plan may say beside: conditions, outputs, secrets, contracts, batches,
// groups, gates, verify, undo. It verifies; nobody would want to run it.
plan::Plan random_whole_plan(std::uint64_t seed);

}  // namespace sluice::test
