// What a timeline leaves room for: how much longer each step could take, how busy its slots were.
#pragma once

#include <optional>
#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

struct StepSlack {
  // How much later it could end without the whole taking longer, if all that waits for it took as
  // long as it did; nothing of a step that never began and of a gate.
  std::optional<base::Duration> slack;
  base::Duration busy;       // summed over its lanes
  base::Duration available;  // its length times its slots
  std::uint32_t slots = 0;   // its own limits together, and no more than it has lanes
  bool operator==(const StepSlack&) const = default;
};

// By StepId. Needs the lanes of the timeline.
std::vector<StepSlack> slack_of(const plan::Plan& plan, const Timeline& timeline);

}  // namespace sluice::scheduler
