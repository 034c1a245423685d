// Random plans with all that a plan can hold, for tests of what reads it whole: saving, verifying,
// drawing, the worst case, the simulator. What the scheduler reads comes from random_schedule().
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::test {

// Sealed. Durations, effects, roles, `via`, properties, connections, expressions of every operator
// and every type of value, places: in all mixtures, and not all of them sensible.
plan::Plan random_plan(std::uint64_t seed);

// A random expression of the type: `depth` levels of operators at most.
class Dice;
plan::Expression random_expression(Dice& dice, plan::Type type, int depth);

}  // namespace sluice::test
