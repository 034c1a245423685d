// The batches of a step: which of its lanes begin behind which barrier. Worked out from the sizes
// and the values of `by`, never stored lane by lane.
#pragma once

#include <cstdint>

#include "plan/plan.h"

namespace sluice::plan {

// Lanes [begin, end); the next batch begins when all of them have ended. A step with neither
// batches nor `by` has one, of all its lanes; with `by` alone each value is one. A step without
// lanes has none.
struct Batch {
  std::uint32_t number = 0;  // from 0
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t group = 0;      // position in by_groups
  std::uint32_t group_end = 0;  // the first lane behind that value's
  bool operator==(const Batch&) const = default;
};

// All cost O(sizes + values) and no more, however many targets there are; next_batch() O(1).
Batch first_batch(const Step& step, std::uint32_t lanes);
// False: it was the last.
bool next_batch(const Step& step, std::uint32_t lanes, Batch& batch);
std::uint32_t batch_count(const Step& step, std::uint32_t lanes);
// The number, from 0, of the batch that a lane is in.
std::uint32_t batch_of(const Step& step, std::uint32_t lanes, std::uint32_t lane);

// A lane's batch as people count them, from 1: of a step with `batches`, and of a gate, whose lanes
// come after the batches of their number. 0: there are none.
std::uint32_t batch_number(const Plan& plan, StepId step, std::uint32_t lane);

}  // namespace sluice::plan
