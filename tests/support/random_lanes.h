// What may happen to a lane, at random: verify, undo, conditions, questions, targets out of reach,
// the deadline.
#pragma once

#include "plan/plan.h"
#include "support/random_schedule.h"

namespace sluice::test {

// Into a plan whose steps and joins are made. Its first property set is empty; two more are added,
// in which `flag` is true and false.
void add_random_lanes(Dice& dice, plan::Plan& plan);

}  // namespace sluice::test
