// What a contract asks for, in numbers: how many targets may be out, whether a value keeps it, and
// for which targets it counts.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/plan.h"

namespace sluice::plan {

// Whether `value` compares so with `limit`.
bool holds(Contract::Comparison comparison, std::int64_t value, std::int64_t limit);

// How many targets of a bound may be out of service at once if the contract is to hold, whatever
// its share of runs; nothing where that is no such number: it is about durations, or asks for many
// to be out.
std::optional<std::uint32_t> most_out(const Plan& plan, const Contract& contract,
                                      const Contract::Bound& bound);

// Whether admission keeps it: a target that will go out begins only where it still holds.
bool kept_by_admission(const Plan& plan, const Contract& contract);

// Its bounds; of a downtime, which has none, the whole role.
std::vector<Contract::Bound> bounds_of(const Plan& plan, const Contract& contract);
// The targets that count for a bound.
TargetList targets_of(const Plan& plan, const Contract& contract, const Contract::Bound& bound);

}  // namespace sluice::plan
