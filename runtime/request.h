// From an action of the scheduler to what an executor is asked: expressions worked out for the
// target and the host, the script's environment put together. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "runtime/executor.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"

namespace sluice::runtime {

// The hosts that an action runs on: the target itself, those of its `via`, or (invalid) the
// controller.
std::vector<plan::TargetId> hosts_of(const plan::Plan& plan, const scheduler::Action& action);

// What a request is made from, beside the plan.
struct RunFacts {
  std::string run;  // its name
  const scheduler::Outputs& outputs;
  scheduler::RunEnvironment::Status status;
  const Secrets* secrets = nullptr;  // nullptr: there are none
  std::uint32_t epoch = 1;           // which program of those that carry the run on
};

// Fails where an expression cannot be worked out, or gives what cannot be used, saying which.
base::Result<ActionRequest> make_request(const plan::Plan& plan, const scheduler::Action& action,
                                         plan::TargetId host, const RunFacts& facts);

// "Update the website/Deploy", "Update the website/Deploy verify", or the step's name alone.
std::string task_name(const plan::Plan& plan, const scheduler::Action& action);

// What stands in the way of carrying a plan out on ssh hosts: an address or a user that could be
// taken for an option, or that no host has. Empty where nothing does.
std::string connection_problem(const Place& place);

}  // namespace sluice::runtime
