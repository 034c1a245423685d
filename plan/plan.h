// The plan: the immutable value that the compiler makes and everything behind it reads. It is
// symbolic (steps + targets, never their product) and closed (a saved one needs no other file).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.h"
#include "base/id.h"
#include "base/time.h"
#include "plan/expression.h"
#include "plan/targets.h"

namespace sluice::plan {

using RoleId = base::Id<struct RoleTag>;
using StepId = base::Id<struct StepTag>;
using JoinId = base::Id<struct JoinTag>;
using PlanFileId = base::Id<struct PlanFileTag>;
using ResourceId = base::Id<struct ResourceTag>;

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

// A timeout or a pause: the same for all targets, or worked out for each (`timeout target.limit`).
// Who needs the value asks plan/target_durations.h.
struct TargetDuration {
  base::Duration same;                // zero where the other is there
  base::Boxed<Expression> by_target;  // a duration, of stage PerTarget

  TargetDuration() = default;
  TargetDuration(base::Duration duration) : same(duration) {}
  TargetDuration(Expression expression) : by_target(std::move(expression)) {}
  bool is_same() const { return !by_target.has_value(); }
  bool operator==(const TargetDuration&) const = default;
};

// An attempt that fails is followed by up to `more` others, with a pause after each failed one: the
// first is `pause`, each later one `backoff` times the one before, none longer than `most_pause`.
struct Retry {
  std::uint32_t more = 0;
  TargetDuration pause;
  Number backoff{1'000'000};  // at least 1
  std::optional<TargetDuration> most_pause;
  bool operator==(const Retry&) const = default;
};

// How long an attempt takes, for the simulator. Durations, known or per target; which of them are
// used, and for what, is said with each kind. What is not used is an empty constant.
struct DurationModel {
  enum class Kind {
    Constant,     // low
    Uniform,      // from low to high, both included
    Normal,       // mean low, standard deviation high; drawn again below zero (cut at zero)
    Lognormal,    // median low, 95th percentile high
    Triangular,   // from low to high, most often mode
    Exponential,  // mean low
    History,      // what earlier runs took; low where there are too few (the kind's default)
  };
  Kind kind = Kind::Constant;
  Expression low;
  Expression high;
  Expression mode;
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

// Something that actions share: a rate, divided fairly, or so many pieces.
struct Resource {
  enum class Kind { Rate, Pieces };
  std::string name;
  Kind kind = Kind::Pieces;
  Rate rate;
  std::uint32_t pieces = 0;
  bool operator==(const Resource&) const = default;
};

// `uses 500MB of uplink`, `uses 1 of license`.
struct Use {
  ResourceId resource;
  Size size;                 // of a rate
  std::uint32_t pieces = 0;  // of pieces: taken at the action's start, given back at its end
  bool operator==(const Use&) const = default;
};

// `gives healthy = "yes"`: the output to assume where nothing was really run.
struct Given {
  std::string name;
  Expression value;  // a string, known or per target
  bool operator==(const Given&) const = default;
};

// One `run` with its settings: what a (child) step does, how it is verified, how it is undone.
struct Work {
  Action action;
  Via via;
  std::optional<TargetDuration> timeout;  // of one attempt
  Retry retry;
  DurationModel takes;
  std::optional<Percentage> fails;    // the chance that an attempt fails
  std::optional<Percentage> offline;  // the chance that its target is out of reach at first
  std::vector<Given> gives;           // sorted by name
  std::vector<Use> uses;              // by resource; of each at most once
  ServiceEffect effect;
  bool idempotent = false;  // may be started again when its outcome is unknown
  Place action_place;       // of its `run`
  bool operator==(const Work&) const = default;
};

// A child step's template; a step without child steps has one task, of the step's own name.
struct Task : Work {
  std::string name;
  When when = When::Success;          // looks at the same target's earlier tasks
  base::Boxed<Expression> condition;  // a boolean: `when` holds, and so does this
  bool disabled = false;
  bool ignore_failure = false;  // on failure ignore
  base::Boxed<Work> verify;     // after it, on each target
  bool skip_verified = false;   // `verify` is asked first as well; where it succeeds, all is done
  base::Boxed<Work> undo;
  std::vector<std::string> tags;  // sorted
  Place place;                    // of the (child) step
  bool operator==(const Task&) const = default;
};

enum class OnFailure {
  Halt,
  Continue,
  Ask,          // a person answers each failure: retry, ignore, exclude, abort
  Rollback,     // each target that fails is undone in its slot; more than tolerated halt
  RollbackAll,  // halted and at rest, every begun target of the step is undone
};

// A limit of its own for each value that a property has among the step's targets:
// `window 2 per zone`. The values stand in the order of first mention.
struct GroupWindow {
  struct Group {
    Value value;
    Limit limit;  // at least 1
    bool operator==(const Group&) const = default;
  };
  std::string property;
  std::vector<Group> groups;
  bool operator==(const GroupWindow&) const = default;
};

// `batches 1, 10%, 50%`: a batch starts when all of the one before it has finished; the last size
// repeats. A batch never spans two values of `by`.
struct Batches {
  std::vector<Limit> sizes;  // at least 1 each; empty: no batches
  bool lockstep = false;  // a child step waits for its batch's live targets to end the one before
  bool operator==(const Batches&) const = default;
};

// `by zone`: one value of the property after the other. The step's targets stand in this order
// already: `count` of the first value, then of the next, … The next value begins when all targets
// of the one before have ended, as a batch does.
struct ByGroup {
  Value value;
  std::uint32_t count = 0;
  bool operator==(const ByGroup&) const = default;
};

struct Unreachable {
  bool skip = false;             // a target never reached is left behind, else it has failed
  std::optional<Limit> at_most;  // more than these have failed
  bool operator==(const Unreachable&) const = default;
};

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
  std::string targets_rule;  // in words, as written: "web where zone == \"eu-1\""; "" on controller
  std::string order_rule;    // in words: "reverse", "longest first"; "" for the inventory's
  std::vector<Task> tasks;   // at least one
  Limit window;  // 1 ≤ value; as wide as the targets where the step has no window of its own
  std::vector<GroupWindow> group_windows;  // as well; by property, each once
  Batches batches;
  std::string by;                  // the property of `by`; empty: none
  std::vector<ByGroup> by_groups;  // in order; their counts add up to the targets
  base::Duration stagger;          // at least so long between two begins
  Limit tolerate;                  // failures that leave the step degraded; one more fails it
  OnFailure on_failure = OnFailure::Halt;
  Unreachable unreachable;
  When when = When::Success;  // looks at all steps waited for, directly or through others
  // A boolean: `when` holds, and so does this. Where it reads its target (or that target's own
  // outputs) it is asked for each lane as it would begin; else once, as the step would begin.
  base::Boxed<Expression> condition;
  base::Boxed<Work> verify;  // of a step with child steps; else its one task's
  bool skip_verified = false;
  bool shared = false;  // neither takes nor waits for its targets' locks
  bool optional = false;
  bool required = false;  // `--only`, `--skip`, `--limit`, `--exclude` leave it in
  bool disabled = false;
  std::vector<std::string> tags;  // sorted
  JoinId join;  // always valid; the empty join for a step that waits for none. A gate's is empty
  // A gate: a step of `between batches`, standing right behind its step in the table and before any
  // other. It has one task, no join that opens it, and as many lanes as there are batches less one,
  // each on the controller: lane i runs when batch i of `gate_of` has ended, after the gates before
  // it. It needs no slot; where it fails its step halts. Invalid: an ordinary step.
  StepId gate_of;
  Place place;

  bool operator==(const Step&) const = default;
};

// A variable whose value reaches scripts as an environment variable.
struct Variable {
  std::string name;
  Value value;
  bool operator==(const Variable&) const = default;
};

// Where a secret's value is read when the run starts. The value is in no plan.
struct Secret {
  enum class Source { Environment, File, Command };
  std::string name;
  Source source = Source::Environment;
  std::string from;  // the variable's name, the path, the command's text
  Place place;
  bool operator==(const Secret&) const = default;
};

// `require available(web) >= 70%`. Counts of targets are resolved: a percentage is of the role's
// targets, rounded up.
struct Contract {
  enum class Kind {
    Available,    // fewest targets of the role in service at any time
    Unavailable,  // most targets of the role out of service at any time
    Downtime,     // total time in which fewer than the role's minimum were in service
    Duration,     // of the deployment
  };
  enum class Comparison { Less, LessOrEqual, Greater, GreaterOrEqual, Equal };
  // For the whole role (value is an empty string), or for each value of `per`.
  struct Bound {
    Value value;
    std::uint32_t targets = 0;  // of the role, with this value
    std::uint32_t count = 0;
    bool operator==(const Bound&) const = default;
  };
  Kind kind = Kind::Available;
  RoleId role;      // invalid of Duration
  std::string per;  // a property, or empty
  Comparison comparison = Comparison::GreaterOrEqual;
  std::vector<Bound> bounds;  // of Available and Unavailable
  base::Duration duration;    // of Downtime and Duration
  std::optional<Percentage>
      share;         // `in 95% of runs`; without: in every one, and kept by admission
  std::string text;  // as `fmt` writes it, without `require`
  Place place;
  bool operator==(const Contract&) const = default;
};

struct Plan {
  std::string deployment;
  std::string environment;          // chosen with --environment, or empty
  std::vector<Variable> variables;  // sorted by name
  std::vector<Secret> secrets;      // sorted by name; only those that something uses
  base::Dense<PropertySetId, PropertySet> property_sets;
  base::Dense<ConnectionId, Connection> connections;
  Targets targets;
  base::Dense<TargetListId, TargetList> target_lists;  // each once
  base::Dense<RoleId, Role> roles;                     // in order of first mention
  base::Dense<JoinId, Join> joins;
  base::Dense<StepId, Step> steps;  // in file order, each followed by its gates
  base::Dense<ResourceId, Resource> resources;
  std::vector<Contract> contracts;         // in file order
  std::optional<Limit> at_most;            // targets at work at once, over the whole deployment
  std::optional<base::Duration> deadline;  // from the start

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
