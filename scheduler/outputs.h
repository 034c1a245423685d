// What only the run can know: what its scripts wrote for later steps, and how the deployment
// stands; and expressions worked out with it. The driver keeps one, and so does the simulator.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::scheduler {

struct Output {
  std::string name;
  std::string value;
  bool operator==(const Output&) const = default;
};

// What an attempt wrote, on all its hosts.
struct Written {
  Action action;
  std::vector<Output> outputs;
  bool operator==(const Written&) const = default;
};

// Only what some expression of the plan reads is kept.
class Outputs {
 public:
  explicit Outputs(const plan::Plan& plan);

  // Whether anything reads what this task writes.
  bool reads(plan::StepId step, std::uint32_t task) const { return read_.contains({step, task}); }
  // An attempt has ended and wrote this, instead of all that earlier ones wrote.
  void keep(const Action& action, std::vector<Output> outputs);
  // For a reader that works for `target`; nullptr: never written.
  const std::string* find(const plan::OutputSource& source, plan::TargetId target,
                          std::string_view name) const;

 private:
  using Writer = std::tuple<plan::StepId, std::uint32_t, plan::TargetId>;
  const plan::Plan& plan_;
  std::set<std::pair<plan::StepId, std::uint32_t>> read_;
  std::map<Writer, std::vector<Output>> written_;
};

class RunEnvironment : public plan::PlanEnvironment {
 public:
  // Asked only where an expression reads it: how the deployment would end if it ended now.
  using Status = std::function<State()>;
  RunEnvironment(const plan::Plan& plan, const Outputs& outputs, Status status,
                 plan::TargetId target, plan::TargetId host, std::string deployment_id = "");
  std::optional<plan::Value> deployment_property(std::string_view name) const override;
  std::optional<plan::Value> output(const plan::OutputSource& source,
                                    std::string_view name) const override;

 private:
  const Outputs& outputs_;
  Status status_;
  plan::TargetId reader_;
};

// The condition that an EvaluateCondition asks for.
const plan::Expression& asked_condition(const plan::Plan& plan, const Action& asked);
// The target that it is asked for; invalid: the controller, or the step as a whole.
plan::TargetId asked_target(const plan::Plan& plan, const Action& asked);
// Unknown where it cannot be worked out.
Truth truth_of(const plan::Expression& condition, const plan::Environment& environment);

}  // namespace sluice::scheduler
