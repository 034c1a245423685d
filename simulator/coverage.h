// How a run that was carried out stands beside what was to be expected of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"
#include "simulator/monte_carlo.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// 19 of 20 predictions lie between `low` and `high`; half of them below `middle`.
struct Range {
  std::int64_t low = 0;
  std::int64_t middle = 0;
  std::int64_t high = 0;
  bool operator==(const Range&) const = default;
};

struct StepBeside {
  std::uint32_t predicted_runs = 0;  // in so many of them the step ran; 0: no range
  Range length;                      // from its begin to its end, in milliseconds
  bool ran = false;
  std::int64_t actual = 0;
  bool within = false;
  bool operator==(const StepBeside&) const = default;
};

struct Beside {
  std::uint32_t runs = 0;
  Range duration;
  std::int64_t actual = 0;
  bool within = false;
  std::vector<StepBeside> steps;  // by StepId
  // Attempts that succeeded, and how many of them took what 19 of 20 were to take.
  std::uint32_t attempts = 0;
  std::uint32_t attempts_within = 0;
  bool operator==(const Beside&) const = default;
};

// What the controller itself needs around an attempt is no part of any prediction: a duration that
// is so little beyond a range, for each attempt in it one after the other, is within.
inline constexpr base::Duration slack_per_attempt{50};

// `actual` is a timeline with lanes; one that goes on counts as far as it has come.
base::Result<Beside> beside(const plan::Plan& plan, const Settings& settings,
                            const MonteCarlo& many, const scheduler::Timeline& actual);

}  // namespace sluice::simulator
