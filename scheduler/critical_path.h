// What bounded the duration: the chain of tasks, back from the end, each released by the one
// before.
#pragma once

#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

// Needs the lanes of the timeline. From the lane that ended last back through what released it: a
// lane of its step that freed the slot, one of another step that held its target, or the last of
// the steps that its step waited for; the first in the plan's order where several ended together.
// Stops at 0, or where nothing explains a start (after a pause).
std::vector<PathPart> critical_path(const plan::Plan& plan, const Timeline& timeline);

}  // namespace sluice::scheduler
