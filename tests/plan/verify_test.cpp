// Each rule of a plan, broken alone: what verify says of it.
#include <catch2/catch.hpp>

#include <functional>

#include "plan/verify.h"
#include "support/tiny_plan.h"

namespace sluice {

namespace {

using plan::Expression;
using plan::Plan;
using plan::Stage;
using plan::Step;
using plan::StepId;
using plan::Type;
using plan::Value;

constexpr plan::Number one{1'000'000};

Value text(std::string content) {
  return {std::move(content)};
}

Expression output(std::uint32_t step, std::uint32_t task, bool single) {
  Expression made;
  made.op = plan::Operator::StepOutput;
  made.stage = Stage::AtRunTime;
  made.name = "healthy";
  made.source = {step, task, single};
  return made;
}

Expression of_target(std::string name, Type type = Type::Duration) {
  Expression made;
  made.op = plan::Operator::TargetProperty;
  made.type = type;
  made.stage = Stage::PerTarget;
  made.name = std::move(name);
  return made;
}

Expression is_yes(Expression left) {
  Expression made;
  made.op = plan::Operator::Equal;
  made.type = Type::Boolean;
  made.stage = left.stage;
  made.operands = {std::move(left), plan::constant(text("yes"))};
  return made;
}

// Update on a, b (zone eu), c (zone us), by zone, in batches of one, with a gate; then Report.
Plan whole() {
  Plan plan = test::tiny_plan("Update on a b c, window 2: leave; deploy\nReport: look; tell");
  for (Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      task.via.hosts = {0};
      task.takes.low = plan::constant({base::Duration{5}});
    }
  }
  const Value none{base::Duration{0}};
  const Value some{base::Duration{7}};
  plan.property_sets.add({{"limit", none}, {"rest", some}, {"zone", text("eu")}});
  plan.property_sets.add({{"limit", some}, {"rest", some}, {"zone", text("us")}});
  for (std::uint32_t i = 0; i < 3; ++i) plan.targets.set_properties({i}, {i < 2 ? 1U : 2U});
  Step update = plan.steps[StepId{0}];
  Step report = plan.steps[StepId{1}];
  update.by = "zone";
  update.by_groups = {{text("eu"), 2}, {text("us"), 1}};
  update.group_windows = {{"zone", {{text("eu"), {1, ""}}, {text("us"), {1, ""}}}}};
  update.batches.sizes = {{1, ""}};
  Step gate = report;
  gate.name = "Approve";
  gate.has_child_steps = false;
  gate.tasks.resize(1);
  gate.join = plan.joins.add({});
  gate.gate_of = StepId{0};
  report.tasks[1].condition = is_yes(output(2, 0, true));
  report.condition = is_yes(output(0, 1, false));
  plan.steps = {};
  plan.steps.add(update);
  plan.steps.add(gate);
  plan.steps.add(report);
  plan.resources.add({"uplink", plan::Resource::Kind::Rate, {1000}, 0});
  plan.resources.add({"license", plan::Resource::Kind::Pieces, {}, 2});
  plan.steps[StepId{0}].tasks[0].uses = {{{0}, {500}, 0}, {{1}, {}, 2}};
  plan.roles.add({"web", update.targets, 1});
  plan::Contract contract;
  contract.role = {0};
  contract.bounds = {{{}, 3, 2}};
  contract.text = "available(web) >= 60%";
  plan.contracts.push_back(contract);
  return plan;
}

std::string fault(const std::function<void(Plan&, Step&)>& change) {
  Plan plan = whole();
  change(plan, plan.steps[StepId{0}]);
  const base::Status verified = plan::verify(plan);
  if (verified) return "";
  const std::string lead = "the plan does not hold together: ";
  REQUIRE(verified.error().message.substr(0, lead.size()) == lead);
  return verified.error().message.substr(lead.size());
}

}  // namespace

TEST_CASE("a plan with groups, batches, gates and outputs verifies") {
  CHECK(fault([](Plan&, Step&) {}) == "");
}

TEST_CASE("groups name each value of their targets once and add up") {
  CHECK(fault([](Plan&, Step& step) { step.by_groups[0].count = 1; }) ==
        "the step `Update`: the groups of `by`");
  CHECK(fault([](Plan&, Step& step) { step.by_groups.pop_back(); }) ==
        "the step `Update`: the groups of `by`");
  CHECK(fault([](Plan&, Step& step) { std::swap(step.by_groups[0], step.by_groups[1]); }) ==
        "the step `Update`: the groups of `by`");
  CHECK(fault([](Plan&, Step& step) { step.by = "rack"; }) ==
        "the step `Update`: the groups of `by`");
  CHECK(fault([](Plan&, Step& step) { step.by.clear(); }) == "the step `Update`: `by`");
  CHECK(fault([](Plan&, Step& step) {
          step.by_groups = {{text("eu"), 1}, {text("eu"), 1}, {text("us"), 1}};
        }) == "the step `Update`: a value of `by` twice");
  CHECK(fault([](Plan&, Step& step) { step.group_windows[0].groups.pop_back(); }) ==
        "the step `Update`: the groups of a window");
  CHECK(fault([](Plan&, Step& step) {
          std::swap(step.group_windows[0].groups[0], step.group_windows[0].groups[1]);
        }) == "the step `Update`: the groups of a window");
  CHECK(fault([](Plan&, Step& step) { step.group_windows[0].groups[1].limit.value = 0; }) ==
        "the step `Update`: the window of a group");
  CHECK(fault([](Plan&, Step& step) { step.group_windows.push_back(step.group_windows[0]); }) ==
        "the step `Update`: the property of a window");
}

TEST_CASE("batches, stagger and what is out of reach keep their rules") {
  CHECK(fault([](Plan&, Step& step) { step.batches.sizes[0].value = 0; }) ==
        "the step `Update`: the size of a batch");
  CHECK(fault([](Plan&, Step& step) {
          step.batches.lockstep = true;
          step.stagger = {5};
        }) == "the step `Update`: a stagger");
  CHECK(fault([](Plan&, Step& step) {
          step.batches.sizes.clear();
          step.batches.lockstep = true;
        }) == "the step `Update`: lockstep without batches");
  CHECK(fault([](Plan&, Step& step) { step.unreachable.at_most = {1, ""}; }) ==
        "the step `Update`: what is out of reach");
  CHECK(fault([](Plan& plan, Step&) { plan.at_most = {0, ""}; }) ==
        "the limit of the whole deployment");
  CHECK(fault([](Plan& plan, Step&) { plan.deadline = base::Duration{0}; }) == "the deadline");
}

TEST_CASE("a gate is a plain step right behind its step") {
  const auto gate = [](Plan& plan) -> Step& { return plan.steps[StepId{1}]; };
  CHECK(fault([&](Plan& plan, Step&) { gate(plan).gate_of = {1}; }) == "a step");
  CHECK(fault([&](Plan& plan, Step&) { gate(plan).gate_of = {9}; }) == "a step");
  CHECK(fault([&](Plan& plan, Step&) { gate(plan).join = plan.steps[StepId{2}].join; }) ==
        "the step `Approve`: a gate that waits for steps");
  CHECK(fault([&](Plan& plan, Step&) { gate(plan).on_controller = false; }) ==
        "the step `Approve`: a gate that is no plain step");
  CHECK(fault([&](Plan&, Step& step) {
          step.batches.sizes.clear();
          step.by.clear();
          step.by_groups.clear();
        }) == "the step `Approve`: a gate without batches");
  CHECK(fault([&](Plan& plan, Step&) {
          Step& report = plan.steps[StepId{2}];
          report.tasks.resize(1);
          report.condition.reset();
          report.has_child_steps = false;
          std::swap(gate(plan), report);
        }) == "the step `Approve`: a gate that does not stand behind its step");
  CHECK(fault([&](Plan& plan, Step&) { plan.joins[plan.steps[StepId{2}].join].steps = {{1}}; }) ==
        "a join");
}

TEST_CASE("an output is read where its step is waited for, and nowhere else") {
  const auto reads = [](std::uint32_t step, std::uint32_t task, bool single) {
    return fault([&](Plan& plan, Step&) {
      plan.steps[StepId{2}].tasks[1].condition = is_yes(output(step, task, single));
    });
  };
  const std::string wrong = "the step `Report`: an expression";
  CHECK(reads(2, 0, false) == "");
  CHECK(reads(2, 1, false) == wrong);  // of itself
  CHECK(reads(0, 1, false) == "");
  CHECK(reads(0, 1, true) == wrong);  // of three targets, not one
  CHECK(reads(0, 2, false) == wrong);
  CHECK(reads(3, 0, false) == wrong);
  CHECK(reads(1, 0, false) == wrong);  // of a gate, which is not waited for
  CHECK(fault([](Plan&, Step& step) { step.condition = is_yes(output(2, 0, true)); }) ==
        "the step `Update`: an expression");
}

TEST_CASE("works keep to their types, bounds and resources") {
  const std::string step_says = "the step `Update`: ";
  const auto work = [](const std::function<void(plan::Task&)>& change) {
    return fault([&](Plan&, Step& step) { change(step.tasks[0]); });
  };
  CHECK(work([](plan::Task& task) { task.retry.backoff = plan::Number{one.micros - 1}; }) ==
        step_says + "a pause");
  CHECK(work([](plan::Task& task) { task.timeout = base::Duration{0}; }) ==
        step_says + "a timeout");
  CHECK(work([](plan::Task& task) { task.timeout = of_target("zone"); }) ==
        step_says + "a timeout");
  CHECK(work([](plan::Task& task) { task.timeout = of_target("limit"); }) ==
        step_says + "a timeout");
  CHECK(work([](plan::Task& task) {
          task.timeout = plan::TargetDuration(plan::constant({base::Duration{5}}));
        }) == step_says + "a timeout");
  CHECK(work([](plan::Task& task) { task.retry.pause = of_target("rest", Type::Number); }) ==
        step_says + "an expression");
  CHECK(work([](plan::Task& task) { task.retry.most_pause = of_target("nowhere"); }) ==
        step_says + "the longest pause");
  CHECK(work([](plan::Task& task) {
          task.retry.pause = of_target("rest");
          task.retry.pause.same = {5};
        }) == step_says + "a pause");
  CHECK(work([](plan::Task& task) {
          task.timeout = of_target("rest");
          task.retry.pause = of_target("limit");
          task.retry.most_pause = of_target("rest");
        }) == "");
  CHECK(fault([](Plan& plan, Step&) {
          plan.steps[StepId{2}].tasks[0].timeout = of_target("rest");
        }) == "the step `Report`: a timeout");
  CHECK(work([](plan::Task& task) { task.fails = plan::Percentage{100'000'001}; }) ==
        step_says + "a chance");
  CHECK(work([](plan::Task& task) { task.skip_verified = true; }) ==
        step_says + "a verify that is asked first");
  CHECK(work([](plan::Task& task) { task.tags = {"b", "a"}; }) ==
        step_says + "the tags of a child step");
  CHECK(work([](plan::Task& task) { task.takes.high = plan::constant({base::Duration{1}}); }) ==
        step_says + "a duration");
  CHECK(work([](plan::Task& task) { task.takes.low = plan::constant({one}); }) ==
        step_says + "an expression");
  CHECK(work([](plan::Task& task) { task.uses[0].pieces = 1; }) ==
        step_says + "what is used of a rate");
  CHECK(work([](plan::Task& task) { task.uses[1].pieces = 3; }) ==
        step_says + "what is used of pieces");
  CHECK(work([](plan::Task& task) { task.uses[1].resource = {7}; }) == step_says + "a resource");
  CHECK(work([](plan::Task& task) { task.gives = {{"b", {}}, {"a", {}}}; }) ==
        step_says + "the outputs to assume");
  CHECK(work([](plan::Task& task) { task.condition = plan::constant(text("yes")); }) ==
        step_says + "an expression");
}

TEST_CASE("secrets are declared and used, contracts are bounded by what there is") {
  const auto uses_token = [](Plan& plan) {
    Expression secret;
    secret.op = plan::Operator::SecretReference;
    secret.type = Type::Secret;
    secret.name = "token";
    plan.steps[StepId{0}].tasks[0].action.attributes = {{"password", secret}};
  };
  CHECK(fault([&](Plan& plan, Step&) { uses_token(plan); }) ==
        "the secrets are not those that are used");
  CHECK(fault([&](Plan& plan, Step&) {
          uses_token(plan);
          plan.secrets.push_back({"token", {}, "TOKEN", {}});
        }) == "");
  CHECK(fault([](Plan& plan, Step&) { plan.secrets.push_back({"token", {}, "TOKEN", {}}); }) ==
        "the secrets are not those that are used");
  const auto contract = [](const std::function<void(plan::Contract&)>& change) {
    return fault([&](Plan& plan, Step&) { change(plan.contracts[0]); });
  };
  CHECK(contract([](plan::Contract& row) { row.bounds[0].targets = 4; }) ==
        "the bound of a contract");
  CHECK(contract([](plan::Contract& row) { row.role = {4}; }) == "the role of a contract");
  CHECK(contract([](plan::Contract& row) { row.share = plan::Percentage{0}; }) ==
        "the share of the runs of a contract");
  CHECK(contract([](plan::Contract& row) {
          row.per = "zone";
          row.bounds = {{text("eu"), 2, 1}, {text("us"), 1, 1}};
        }) == "");
  CHECK(contract([](plan::Contract& row) {
          row.per = "zone";
          row.bounds = {{text("eu"), 2, 1}};
        }) == "the bounds of a contract");
  CHECK(contract([](plan::Contract& row) { row.kind = plan::Contract::Kind::Duration; }) ==
        "the role of a contract");
}

}  // namespace sluice
