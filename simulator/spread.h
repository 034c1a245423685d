// What makes the duration as long, and as uncertain, as it is: for each step, how much of the
// spread would be gone if its actions always took their median, and what one more slot would save.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "simulator/monte_carlo.h"
#include "simulator/settings.h"

namespace sluice::simulator {

struct Driver {
  plan::StepId step;
  double share = 0;         // of the variance of the duration, 0 to 1
  std::int64_t p95_ms = 0;  // the duration that 19 of 20 would not exceed then
  bool operator==(const Driver&) const = default;
};

// Those whose durations vary, the largest share first; of so many at most. With the same draws as
// ever, so that the rest stays as it is. Shares need not add up to one: what two steps do together
// is gone with either of them.
inline constexpr std::size_t most_drivers = 8;
inline constexpr std::uint32_t most_driver_runs = 1000;
base::Result<std::vector<Driver>> spread_drivers(const plan::Plan& plan, const Settings& settings,
                                                 const MonteCarlo& many);

// How much sooner than `duration` the run would end with one more slot in the step's window, with
// the same draws and all else as it is; below 0: later. Nothing where it has no window that holds
// anything back, or the plan is too large to try each of its steps.
std::optional<base::Duration> one_more_slot_saves(const plan::Plan& plan, const Settings& settings,
                                                  plan::StepId step, base::Duration duration);

}  // namespace sluice::simulator
