// Batches, `by`, gates, lockstep, stagger and counted resources in all mixtures, for
// random_schedule().
#pragma once

#include <vector>

#include "plan/plan.h"
#include "support/random_schedule.h"

namespace sluice::test {

// Before the joins are made: gates are added behind their steps, and `above` (the steps that each
// waits for) goes with them.
void add_random_batches(Dice& dice, plan::Plan& plan,
                        std::vector<std::vector<std::uint32_t>>& above);

// A property more for a target, beside those that it has.
void add_property(plan::Plan& plan, plan::TargetId target, std::string name, plan::Value value);

}  // namespace sluice::test
