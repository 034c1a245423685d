// How much of each role is in service just now, beside what its contract asks for.
#pragma once

#include <vector>

#include "cli/live_view.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::cli {

// One row a contract that says how many may be out, of its parts (`per`) the one with the least
// room; and of the other roles those of which something is out.
std::vector<LiveView::Capacity> capacity_of(const plan::Plan& plan,
                                            const scheduler::TimelineBuilder& so_far);

}  // namespace sluice::cli
