// The plan: the immutable value that the compiler makes and everything behind it reads. It is
// symbolic (steps + targets, never their product) and closed (a saved one needs no other file).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "plan/expression.h"
#include "plan/targets.h"

namespace sluice::plan {

using RoleId = base::Id<struct RoleTag>;
using StepId = base::Id<struct StepTag>;
using JoinId = base::Id<struct JoinTag>;
using PlanFileId = base::Id<struct PlanFileTag>;

// Where something stands in a source file: for messages, never part of the plan's meaning.
struct Place {
  PlanFileId file;
  std::uint32_t line = 0;    // from 1; 0: nowhere
  std::uint32_t column = 0;  // from 1, in code points
  bool operator==(const Place&) const = default;
};

struct SourceNote {
  std::string name;    // as the user wrote it
  std::string sha256;  // of its bytes when it was compiled
  bool operator==(const SourceNote&) const = default;
};

struct Role {
  std::string name;
  TargetListId targets;
  std::uint32_t minimum = 1;  // fewer than this many in service is downtime
  bool operator==(const Role&) const = default;
};

// A number that was resolved, with the rule that resolved it, in words for `sluice plan`.
struct Limit {
  std::uint32_t value = 0;
  std::string rule;  // e.g. "window 25% of 10 targets, rounded down"
  bool operator==(const Limit&) const = default;
};

// What is done. The attributes are all that the kind's schema has (defaults written out), in the
// schema's order, so that who carries it out needs no schema.
struct Action {
  struct Attribute {
    std::string name;
    Expression value;
    bool operator==(const Attribute&) const = default;
  };
  std::string kind;  // script, wait, http, haproxy, …
  std::vector<Attribute> attributes;

  const Expression* attribute(std::string_view name) const;  // nullptr: not set, no default
  bool operator==(const Action&) const = default;
};

// Where an action runs on behalf of its step's target.
struct Via {
  enum class Kind { Target, Each, First, Controller };  // Target: on the target itself
  Kind kind = Kind::Target;
  TargetListId hosts;  // of Each and First (First: one target)
  bool operator==(const Via&) const = default;
};

enum class When { Success, Failure, Always };

// An attempt that fails is followed by up to `more` others, `pause` after each failed one.
struct Retry {
  std::uint32_t more = 0;
  base::Duration pause;
  bool operator==(const Retry&) const = default;
};

// How long an attempt takes, for the simulator. Durations, known or per target.
struct DurationModel {
  enum class Kind { Constant, Uniform };
  Kind kind = Kind::Constant;
  Expression low;        // Constant: the duration
  Expression high;       // Uniform: from low to high, both included
  bool assumed = false;  // the kind's default: the file says nothing
  bool operator==(const DurationModel&) const = default;
};

// What an action does to its target's being in service (docs/LANGUAGE.md).
struct ServiceEffect {
  bool drains = false;      // out from the start of the first attempt
  bool restores = false;    // back from its successful end
  bool interrupts = false;  // out from the first attempt's start to the successful end
  bool operator==(const ServiceEffect&) const = default;
};

// A child step's template; a step without child steps has one task, of the step's own name.
struct Task {
  std::string name;
  Action action;
  Via via;
  When when = When::Success;  // looks at the same target's earlier tasks
  bool disabled = false;
  bool ignore_failure = false;            // on failure ignore
  std::optional<base::Duration> timeout;  // of one attempt
  Retry retry;
  DurationModel takes;
  ServiceEffect effect;
  Place place;         // of the (child) step
  Place action_place;  // of its `run`
  bool operator==(const Task&) const = default;
};

enum class OnFailure { Halt, Continue };

// Steps that are waited for together: the ends of all of them open it. Steps that start together
// share one, so the joins stay as few as the steps. Reduced: none of them is waited for by another.
struct Join {
  std::vector<StepId> steps;  // ascending
  bool operator==(const Join&) const = default;
};

struct Step {
  std::string name;
  bool has_child_steps = false;
  bool on_controller = false;  // no `on`: one lane, whose target is the controller
  TargetListId targets;        // empty list where on_controller; in the order they begin
  std::vector<Task> tasks;     // at least one
  Limit window;                // 1 ≤ value; as wide as the targets where the step has no window
  Limit tolerate;              // failures that leave the step degraded; one more fails it
  OnFailure on_failure = OnFailure::Halt;
  When when = When::Success;  // looks at all steps waited for, directly or through others
  bool shared = false;        // neither takes nor waits for its targets' locks
  bool optional = false;
  bool disabled = false;
  JoinId join;  // always valid; the empty join for a step that waits for none
  Place place;

  // On the controller 1, else the number of targets.
  bool operator==(const Step&) const = default;
};

// A variable whose value reaches scripts as an environment variable.
struct Variable {
  std::string name;
  Value value;
  bool operator==(const Variable&) const = default;
};

struct Plan {
  std::string deployment;
  std::vector<Variable> variables;  // sorted by name
  base::Dense<PropertySetId, PropertySet> property_sets;
  base::Dense<ConnectionId, Connection> connections;
  Targets targets;
  base::Dense<TargetListId, TargetList> target_lists;  // each once
  base::Dense<RoleId, Role> roles;                     // in order of first mention
  base::Dense<JoinId, Join> joins;
  base::Dense<StepId, Step> steps;  // in file order

  // Beside the meaning: where it came from.
  std::string compiler_version;
  base::Dense<PlanFileId, SourceNote> sources;

  // Set by seal() (plan/verify.h): "sha256:" and 64 hexadecimal digits.
  std::string digest;

  bool operator==(const Plan&) const = default;
};

// The name that the timeline, --fail and scripts use for where a step with no `on` runs.
inline constexpr std::string_view controller_name = "controller";

std::uint32_t lane_count(const Plan& plan, StepId step);
// The lane's target; invalid for the controller's lane.
TargetId lane_target(const Plan& plan, StepId step, std::uint32_t lane);
// The target's name, or "controller".
std::string_view lane_name(const Plan& plan, StepId step, std::uint32_t lane);
// A property by name: `name` and `address` (the name where none is declared) are always there.
std::optional<Value> target_property(const Plan& plan, TargetId target, std::string_view name);
// "web.deploy:12:3", or "" where the place is nowhere.
std::string place_text(const Plan& plan, const Place& place);

// An Environment over a plan's rows: the step's target and the host that the action runs on (either
// may be invalid: the controller, whose properties are `name` = "controller" and `address` =
// "localhost").
class PlanEnvironment : public Environment {
 public:
  PlanEnvironment(const Plan& plan, TargetId target, TargetId host, std::string deployment_id = "");
  std::optional<Value> target_property(std::string_view name) const override;
  std::optional<Value> host_property(std::string_view name) const override;
  std::optional<Value> deployment_property(std::string_view name) const override;

 private:
  const Plan& plan_;
  TargetId target_;
  TargetId host_;
  std::string deployment_id_;
};

}  // namespace sluice::plan
