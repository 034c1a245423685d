// What earlier runs took, gathered from their timelines.
#pragma once

#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// Collects durations; the rows of a History stand in order only after finish().
class Learner {
 public:
  // The attempts that succeeded, one a task and lane, under the names of step and child step. A
  // timeline without lanes teaches nothing; no more does an attempt that was at work when another
  // program took the run up (`taken_up`, each when): it ended when nobody looked.
  void learn(const plan::Plan& plan, const scheduler::Timeline& timeline,
             const std::vector<base::Instant>& taken_up = {});
  History finish() &&;

 private:
  History history_;
};

}  // namespace sluice::simulator
