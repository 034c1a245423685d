// Random values and expressions of every type, from a seed.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "plan/expression.h"
#include "support/random_schedule.h"

namespace sluice::test {

// Up to seven parts, with all that a text may have to be escaped for.
std::string random_text(Dice& dice);
plan::Value random_value(Dice& dice, plan::Type type);

// Leaves of the caller's own, now and then: nothing where there is none of the type.
using RandomLeaf = std::function<std::optional<plan::Expression>(Dice&, plan::Type)>;

// Of the type: `depth` levels of operators at most, with every operator and every leaf but outputs
// and secrets; none later than `latest`.
plan::Expression random_expression(Dice& dice, plan::Type type, int depth,
                                   plan::Stage latest = plan::Stage::AtRunTime,
                                   const RandomLeaf& leaf = nullptr);

}  // namespace sluice::test
