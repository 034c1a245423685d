// How a target stands after all its lanes, and in which class of the census that puts it. It knows
// no plan.
#pragma once

#include <cstdint>

#include "scheduler/state.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

// How a target stands after several lanes: the highest of what they say.
enum class Standing : std::uint8_t {
  Untouched,
  NotNeeded,  // skipped by its condition, or disabled: nothing is missing
  InPlace,    // skipped since it was there before
  Succeeded,
  Degraded,
  Skipped,  // after a failure: it should have been run
  NotStarted,
  LeftBehind,
  Excluded,
  Cancelled,
  Undone,
  Failed,
  Running,
};

// What a lane says of its target.
Standing standing_of(State state, Reason reason);
// The word for it.
State state_of(Standing standing);

// The counter of a step's lanes that have ended so.
std::uint32_t& counter(StepTimes& times, State state);
// Another one has.
void count_end(StepTimes& times, State state);

// What the census found of a target, the worst of what it asked there.
enum class Finding : std::uint8_t { InPlace, Unknown, Missing };

// Puts one target into its class.
void count(Census& census, Standing standing, Finding finding);

}  // namespace sluice::scheduler
