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

// `STEP[/CHILD]@TARGET[:N]` against the plan's names, matched exactly; CHILD alone will do where it
// is the only one. Refused with the reason: a text that fits nothing, or two things. TARGET `any`
// fails the action wherever it runs; `each` gives one Failure a lane, to be run one at a time.
struct FailureRequest {
  bool each = false;
  std::vector<Failure> failures;  // one, or one a lane
};
base::Result<FailureRequest> parse_failure(const plan::Plan& plan, std::string_view text);

}  // namespace sluice::simulator
