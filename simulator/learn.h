// What earlier runs took, gathered from their timelines.
#pragma once

#include "plan/plan.h"
#include "scheduler/timeline.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// Collects durations; the rows of a History stand in order only after finish().
class Learner {
 public:
  // The attempts that succeeded, one a task and lane, under the names of step and child step. A
  // timeline without lanes teaches nothing.
  void learn(const plan::Plan& plan, const scheduler::Timeline& timeline);
  History finish() &&;

 private:
  History history_;
};

}  // namespace sluice::simulator
