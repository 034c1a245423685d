// What a person asks on the command line: which action fails, which is slow, which target is out of
// reach. Names are matched exactly, and what fits two things is refused.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// `STEP[/CHILD]@TARGET[:N]` against the plan's names; CHILD alone will do where it is the only one.
// Refused with the reason: a text that fits nothing, or two things. TARGET `any` fails the action
// wherever it runs; `each` gives one Failure a lane, to be run one at a time.
struct FailureRequest {
  bool each = false;
  std::vector<Failure> failures;  // one, or one a lane
};
base::Result<FailureRequest> parse_failure(const plan::Plan& plan, std::string_view text);

// `STEP[/CHILD]@TARGET=3x`: a factor above zero, with up to six digits behind the point. A step
// with child steps stands for all of them; TARGET `any` for every target.
base::Result<Slowdown> parse_slowdown(const plan::Plan& plan, std::string_view text);

// A target by its name.
base::Result<plan::TargetId> parse_target(const plan::Plan& plan, std::string_view text);

}  // namespace sluice::simulator
