// The plan as the scheduler reads it: small rows of numbers, one after the other, so that an event
// touches no name, no expression and no string. It knows nothing of what happens.
#pragma once

#include <cstdint>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/step_graph.h"

namespace sluice::scheduler {

struct TaskRules {
  static constexpr base::Duration no_timeout{-1};

  base::Duration timeout = no_timeout;  // of one attempt
  base::Duration pause;                 // after an attempt that failed
  std::uint32_t more = 0;               // attempts after the first
  plan::When when = plan::When::Success;
  bool disabled = false;
  bool ignore_failure = false;
};

struct StepRules {
  std::uint32_t lanes = 0;
  std::uint32_t window = 0;
  std::uint32_t tolerate = 0;
  std::uint32_t first_task = 0;  // in Rules::tasks
  std::uint32_t tasks = 0;
  plan::When when = plan::When::Success;
  bool halts = true;
  bool disabled = false;
  bool locks = false;  // its lanes take their targets' locks
  plan::JoinId join;
  const plan::TargetList* targets = nullptr;  // null: the controller
};

struct Rules {
  Rules(const plan::Plan& plan, const StepGraph& graph);

  base::Dense<plan::StepId, StepRules> steps;
  std::vector<TaskRules> tasks;
  bool any_locks = false;
};

}  // namespace sluice::scheduler
