// The simulator: the scheduler driven in virtual time. It decides nothing itself; it only says how
// long each attempt takes and whether it fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"
#include "simulator/settings.h"

namespace sluice::simulator {

struct Prediction {
  scheduler::Timeline timeline;
  std::vector<std::string> assumed;  // what the file does not say and was assumed, in words
};

// Durations are drawn by (seed, run, identity of the action), where an identity is made of the
// names of step, child step and target and the attempt: changing one step leaves the draws of the
// others alone. Fails where a duration cannot be worked out for a target (a property is missing or
// negative), saying which.
base::Result<Prediction> simulate(const plan::Plan& plan, const Settings& settings);

// What the file does not say and was assumed, in words.
std::vector<std::string> assumptions(const plan::Plan& plan, const Settings& settings);

}  // namespace sluice::simulator
