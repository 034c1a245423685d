// Random plans with every part that a plan has, whether or not it makes sense beside the others.
#include <algorithm>
#include <string>

#include "plan/batches.h"
#include "plan/verify.h"
#include "support/random_plan.h"
#include "support/random_values.h"

namespace sluice::test {

namespace {

using plan::Expression;
using plan::Limit;
using plan::Stage;
using plan::StepId;
using plan::Type;
using plan::Value;

class WholePlan {
 public:
  explicit WholePlan(std::uint64_t seed)
      : dice_(seed ^ 0x77686f6c65ULL), plan_(random_plan(seed)) {}

  plan::Plan made() {
    plan_.digest.clear();
    if (dice_.chance(40)) plan_.environment = "production" + random_text(dice_);
    if (dice_.chance(40)) plan_.at_most = limit(1);
    if (dice_.chance(40)) plan_.deadline = base::Duration{1 + dice_.below(1'000'000)};
    add_zones();
    add_resources();
    add_secrets();
    for (const StepId step : plan_.steps.ids()) roll(plan_.steps[step]);
    add_gates();
    for (const StepId step : plan_.steps.ids()) fill(step);
    add_contracts();
    drop_unused_secrets();
    return plan::seal(std::move(plan_));
  }

 private:
  Limit limit(std::uint32_t least) { return {least + dice_.below(5), random_text(dice_)}; }

  plan::Place place() {
    return {{dice_.chance(20) ? plan::PlanFileId::none : dice_.below(3)},
            dice_.below(99),
            dice_.below(99)};
  }

  std::vector<std::string> tags() {
    std::vector<std::string> made;
    for (const std::string_view tag : {"db", "nightly", "ü"}) {
      if (dice_.chance(15)) made.emplace_back(tag);
    }
    return made;
  }

  // Every target has a zone to be grouped by: a text, or whatever else.
  void add_zones() {
    for (plan::PropertySet& set : plan_.property_sets) {
      set.push_back(
          {"~zone", {random_value(dice_, dice_.chance(70) ? Type::Boolean : Type::List)}});
    }
  }

  void add_resources() {
    if (dice_.chance(60)) {
      plan_.resources.add(
          {"uplink", plan::Resource::Kind::Rate, plan::Rate{1 + dice_.below(1'000'000)}, 0});
    }
    if (dice_.chance(60)) {
      plan_.resources.add({"license", plan::Resource::Kind::Pieces, {}, 1 + dice_.below(4)});
    }
  }

  void add_secrets() {
    for (const std::string_view name : {"password", "token"}) {
      const auto source = static_cast<plan::Secret::Source>(dice_.below(3));
      plan_.secrets.push_back({std::string(name), source, "from" + random_text(dice_), place()});
    }
  }

  void drop_unused_secrets() {
    const auto used = plan::secrets_used(plan_);
    std::vector<plan::Secret> kept;
    for (plan::Secret& secret : plan_.secrets) {
      if (std::count(used.begin(), used.end(), secret.name) > 0) kept.push_back(std::move(secret));
    }
    plan_.secrets = std::move(kept);
  }

  std::vector<Value> zones(const plan::TargetList& targets) const {
    std::vector<Value> values;
    targets.for_each([&](plan::TargetId target) {
      const Value value = *plan::target_property(plan_, target, "~zone");
      if (std::count(values.begin(), values.end(), value) == 0) values.push_back(value);
    });
    return values;
  }

  std::uint32_t in_zone(const plan::TargetList& targets, const Value& zone) const {
    std::uint32_t count = 0;
    targets.for_each([&](plan::TargetId target) {
      if (plan::target_property(plan_, target, "~zone") == zone) ++count;
    });
    return count;
  }

  void roll(plan::Step& step) {
    if (dice_.chance(50)) step.targets_rule = random_text(dice_);
    if (dice_.chance(30)) step.order_rule = random_text(dice_);
    if (step.on_controller) return;
    if (dice_.chance(40)) {
      plan::GroupWindow window{"~zone", {}};
      for (Value& zone : zones(plan_.target_lists[step.targets])) {
        window.groups.push_back({std::move(zone), limit(1)});
      }
      step.group_windows.push_back(std::move(window));
    }
    if (dice_.chance(50)) {
      for (std::uint32_t i = 1 + dice_.below(3); i > 0; --i) {
        step.batches.sizes.push_back(limit(1));
      }
      step.batches.lockstep = dice_.chance(30);
    }
    if (!step.batches.lockstep && dice_.chance(30)) step.stagger = {1 + dice_.below(60'000)};
    if (dice_.chance(30)) order_by_zone(step);
  }

  void order_by_zone(plan::Step& step) {
    const plan::TargetList before = plan_.target_lists[step.targets];
    plan::TargetList after;
    step.by = "~zone";
    for (Value& zone : zones(before)) {
      before.for_each([&](plan::TargetId target) {
        if (plan::target_property(plan_, target, "~zone") == zone) after.add(target);
      });
      const std::uint32_t count = in_zone(before, zone);
      step.by_groups.push_back({std::move(zone), count});
    }
    step.targets = plan_.target_lists.add(std::move(after));
    // Windows name the values in the order of the targets, which is another one now.
    if (step.group_windows.empty()) return;
    for (std::size_t i = 0; i < step.by_groups.size(); ++i) {
      step.group_windows[0].groups[i].value = step.by_groups[i].value;
    }
  }

  // Gates stand behind their steps, so all ids behind them move.
  // It has no target for a duration to hang on.
  static void for_the_controller(plan::Task& task) {
    const auto change = [](plan::Work& work) {
      if (work.timeout && !work.timeout->is_same()) work.timeout.reset();
      if (!work.retry.pause.is_same()) work.retry.pause = {};
      if (work.retry.most_pause && !work.retry.most_pause->is_same()) work.retry.most_pause.reset();
    };
    change(task);
    if (task.verify) change(*task.verify);
    if (task.undo) change(*task.undo);
  }

  void add_gates() {
    base::Dense<StepId, plan::Step> steps;
    std::vector<StepId> moved;
    const plan::JoinId none = plan_.joins.add({});
    for (const plan::Step& step : plan_.steps) {
      const StepId id = steps.add(step);
      moved.push_back(id);
      const bool batched = !step.batches.sizes.empty() || !step.by.empty();
      for (std::uint32_t i = 0; batched && i < dice_.below(3); ++i) {
        plan::Step gate;
        gate.name = "Look " + std::to_string(i);
        gate.on_controller = true;
        gate.targets = {0};
        gate.window.value = 1;
        gate.join = none;
        gate.gate_of = id;
        gate.tasks.push_back(plan_.steps[StepId{0}].tasks[0]);
        gate.tasks[0].name = gate.name;
        for_the_controller(gate.tasks[0]);
        steps.add(std::move(gate));
      }
    }
    for (plan::Join& join : plan_.joins) {
      for (StepId& step : join.steps) step = moved[step.value];
    }
    plan_.steps = std::move(steps);
  }

  void fill(StepId id) {
    plan::Step& step = plan_.steps[id];
    step.on_failure = static_cast<plan::OnFailure>(dice_.below(5));
    step.unreachable.skip = dice_.chance(30);
    if (step.unreachable.skip && dice_.chance(50)) step.unreachable.at_most = limit(0);
    step.required = dice_.chance(20);
    step.tags = tags();
    const auto tasks = static_cast<std::uint32_t>(step.tasks.size());
    if (dice_.chance(30)) step.condition = expression(id, 0, Type::Boolean);
    if (step.has_child_steps && dice_.chance(30)) {
      step.verify = work(id, tasks);
      step.skip_verified = dice_.chance(50);
    }
    for (std::uint32_t i = 0; i < tasks; ++i) {
      plan::Task& task = step.tasks[i];
      fill(task, id, i);
      if (dice_.chance(30)) task.condition = expression(id, i, Type::Boolean);
      if (dice_.chance(30)) {
        task.verify = work(id, i + 1);
        task.skip_verified = dice_.chance(50);
      }
      if (dice_.chance(30)) task.undo = work(id, i + 1);
      task.tags = tags();
    }
  }

  // A leaf that only the run can know: an output of an earlier task, or a secret as it is.
  Expression expression(StepId id, std::uint32_t tasks, Type type) {
    return random_expression(dice_, type, 3, Stage::AtRunTime,
                             [&](Dice& dice, Type wanted) -> std::optional<Expression> {
                               if (wanted != Type::String || tasks == 0) return std::nullopt;
                               Expression made;
                               made.op = plan::Operator::StepOutput;
                               made.stage = Stage::AtRunTime;
                               made.name = "healthy" + random_text(dice);
                               const bool one = plan::lane_count(plan_, id) <= 1;
                               made.source = {id.value, dice.below(tasks), one && dice.chance(50)};
                               return made;
                             });
  }

  void fill(plan::Work& work, StepId id, std::uint32_t tasks) {
    work.action_place = place();
    work.idempotent = dice_.chance(30);
    if (dice_.chance(20)) work.retry.backoff = plan::Number{1'000'000 + dice_.below(3'000'000)};
    if (dice_.chance(20)) work.retry.most_pause = base::Duration{dice_.below(100'000)};
    if (dice_.chance(20)) work.fails = plan::Percentage{dice_.below(100'000'001)};
    if (dice_.chance(20)) work.offline = plan::Percentage{dice_.below(100'000'001)};
    if (dice_.chance(30)) {
      work.gives = {{"healthy", random_expression(dice_, Type::String, 2, Stage::PerTarget)},
                    {"version", random_expression(dice_, Type::String, 0, Stage::PerTarget)}};
    }
    for (const plan::ResourceId resource : plan_.resources.ids()) {
      if (dice_.chance(60)) continue;
      const bool rate = plan_.resources[resource].kind == plan::Resource::Kind::Rate;
      work.uses.push_back({resource, {rate ? 1 + dice_.below(1'000'000) : 0}, rate ? 0U : 1U});
    }
    for (plan::Action::Attribute& attribute : work.action.attributes) {
      if (attribute.value.type == Type::Secret) continue;
      if (dice_.chance(40)) attribute.value = expression(id, tasks, attribute.value.type);
    }
    if (dice_.chance(20)) {
      work.action.attributes.push_back({"secret", secret(dice_.chance(50) ? "token" : "password")});
    }
    model(work.takes);
  }

  static Expression secret(std::string name) {
    Expression made;
    made.op = plan::Operator::SecretReference;
    made.type = Type::Secret;
    made.stage = Stage::AtRunTime;
    made.name = std::move(name);
    return made;
  }

  void model(plan::DurationModel& takes) {
    using Kind = plan::DurationModel::Kind;
    const auto duration = [&] {
      return random_expression(dice_, Type::Duration, 2, Stage::PerTarget);
    };
    takes.kind = static_cast<Kind>(dice_.below(7));
    const bool low_only = takes.kind == Kind::Constant || takes.kind == Kind::Exponential ||
                          takes.kind == Kind::History;
    takes.low = duration();
    takes.high = low_only ? Expression{} : duration();
    takes.mode = takes.kind == Kind::Triangular ? duration() : Expression{};
  }

  plan::Work work(StepId id, std::uint32_t tasks) {
    plan::Work made = plan_.steps[id].tasks[0];
    made.uses.clear();
    made.gives.clear();
    fill(made, id, tasks);
    return made;
  }

  void add_contracts() {
    using Kind = plan::Contract::Kind;
    for (std::uint32_t i = dice_.below(4); i > 0; --i) {
      plan::Contract contract;
      contract.kind = static_cast<Kind>(dice_.below(4));
      contract.comparison = static_cast<plan::Contract::Comparison>(dice_.below(5));
      contract.text = "contract " + std::to_string(i);
      contract.place = place();
      if (dice_.chance(30)) contract.share = plan::Percentage{1 + dice_.below(100'000'000)};
      if (contract.kind != Kind::Duration) {
        if (plan_.roles.empty()) continue;
        contract.role = {dice_.below(plan_.roles.size())};
      }
      if (contract.kind == Kind::Duration || contract.kind == Kind::Downtime) {
        contract.duration = {dice_.below(100'000)};
      } else {
        bounds(contract);
      }
      plan_.contracts.push_back(std::move(contract));
    }
  }

  void bounds(plan::Contract& contract) {
    const plan::TargetList& targets = plan_.target_lists[plan_.roles[contract.role].targets];
    if (dice_.chance(50)) {
      contract.bounds.push_back({{}, targets.size(), dice_.below(5)});
      return;
    }
    contract.per = "~zone";
    for (const Value& zone : zones(targets)) {
      contract.bounds.push_back({zone, in_zone(targets, zone), dice_.below(5)});
    }
  }

  Dice dice_;
  plan::Plan plan_;
};

}  // namespace

plan::Plan random_whole_plan(std::uint64_t seed) {
  return WholePlan(seed).made();
}

}  // namespace sluice::test
