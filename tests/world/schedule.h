// A schedule: one run of one random plan in one random world, to its end, all from a seed.
#pragma once

#include <cstdint>
#include <string>

#include "plan/plan.h"
#include "scheduler/state.h"
#include "world/kernel.h"

namespace sluice::world {

struct Result {
  std::string violation;  // the first; empty: none
  std::uint64_t trace = 0;
  FaultCounts faults{};
  std::uint64_t effects = 0;   // scripts that began
  std::uint64_t instants = 0;  // written down
  std::uint64_t programs = 0;  // that carried the run on
  std::int64_t ms = 0;         // of the world's time
  scheduler::State state = scheduler::State::NotStarted;
};

// Seeds from here on are mostly of small plans, which leave more of the time to faults.
inline constexpr std::uint64_t first_small_seed = 1'000'000'000;
// And from here on half of them have timeouts and pauses that hang on the target.
inline constexpr std::uint64_t first_by_target_seed = 20'000'000'000;
// The plan of a seed: sealed.
plan::Plan plan_of(std::uint64_t seed);
Result run_schedule(std::uint64_t seed, bool print_trace = false);
// The same twice: that the traces differ is a violation too.
Result run_twice(std::uint64_t seed);

}  // namespace sluice::world
