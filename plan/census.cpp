#include "plan/census.h"

#include <algorithm>
#include <optional>
#include <set>

#include "plan/verify.h"
#include "plan/verify_parts.h"

namespace sluice::plan {

namespace {

// What steps have written, or which run this is and how it stands: nothing outside of it. A secret
// is read when a census begins as well, though its stage is that of a run.
bool reads_its_run(const Expression& expression) {
  if (expression.op == Operator::SecretReference) return false;
  if (expression.operands.empty()) return expression.stage == Stage::AtRunTime;
  return std::any_of(expression.operands.begin(), expression.operands.end(),
                     [](const Expression& operand) { return reads_its_run(operand); });
}

bool reads_its_run(const Work& work) {
  bool reads = false;
  each_expression(
      work, [&](const Expression& expression) { reads = reads || reads_its_run(expression); });
  return reads;
}

bool reads_its_run(const base::Boxed<Expression>& condition) {
  return condition && reads_its_run(*condition);
}

class CensusBuilder {
 public:
  explicit CensusBuilder(const Plan& plan) : given_(plan) {}

  CensusPlan build() {
    CensusPlan census;
    result_ = &census;
    take_over();
    census.plan.joins.add({});
    for (const StepId step : given_.steps.ids()) add_step(step);
    const std::vector<std::string_view> used = secrets_used(census.plan);
    for (const Secret& secret : given_.secrets) {
      if (std::binary_search(used.begin(), used.end(), secret.name)) {
        census.plan.secrets.push_back(secret);
      }
    }
    census.plan = seal(std::move(census.plan));
    return census;
  }

 private:
  // All that stands beside the steps, but what holds for a rollout alone.
  void take_over() {
    Plan& plan = result_->plan;
    plan = given_;
    plan.steps = {};
    plan.joins = {};
    plan.secrets.clear();
    plan.contracts.clear();
    plan.deadline.reset();
  }

  void add_step(StepId id) {
    const Step& given = given_.steps[id];
    if (given.disabled || given.when == When::Failure || given.gate_of.valid()) return;
    std::vector<Task> tasks = works_to_ask(id);
    if (tasks.empty()) return;
    Step step;
    step.name = given.name;
    step.has_child_steps = given.has_child_steps;
    step.on_controller = given.on_controller;
    step.targets = given.targets;
    step.targets_rule = given.targets_rule;
    step.order_rule = given.order_rule;
    step.tasks = std::move(tasks);
    step.window = given.window;
    step.group_windows = given.group_windows;
    step.tolerate = {lane_count(given_, id), "a census ends with the last target"};
    step.on_failure = OnFailure::Continue;
    step.unreachable.skip = !given.on_controller;
    step.when = When::Always;
    step.condition = given.condition;
    step.shared = true;
    step.join = next_join();
    step.place = given.place;
    result_->plan.steps.add(std::move(step));
    result_->origins.add(id);
  }

  // One step after the other: each asks as many targets at once as its rollout would work on.
  JoinId next_join() {
    Plan& plan = result_->plan;
    if (plan.steps.empty()) return JoinId{0};
    return plan.joins.add({{StepId{plan.steps.size() - 1}}});
  }

  std::vector<Task> works_to_ask(StepId id) {
    const Step& given = given_.steps[id];
    std::vector<Task> tasks;
    std::set<std::string> names;
    for (const Task& task : given.tasks) names.insert(task.name);
    for (const Task& task : given.tasks) {
      if (!task.verify || task.disabled || task.when == When::Failure) continue;
      add_work(id, *task.verify, task.name, task.condition, tasks);
    }
    if (given.verify) {
      std::string name = given.name;
      while (names.contains(name)) name += " verify";
      add_work(id, *given.verify, name, {}, tasks);
    }
    return tasks;
  }

  void add_work(StepId id, const Work& verify, const std::string& name,
                const base::Boxed<Expression>& condition, std::vector<Task>& tasks) {
    const Step& given = given_.steps[id];
    if (reads_its_run(verify) || reads_its_run(condition) || reads_its_run(given.condition)) {
      result_->not_asked.push_back(
          {id, given.has_child_steps && name != given.name ? given.name + "/" + name : given.name});
      return;
    }
    Task task;
    static_cast<Work&>(task) = verify;
    task.name = name;
    task.when = When::Always;
    task.condition = condition;
    task.effect = {};
    task.idempotent = true;  // it changes nothing
    tasks.push_back(std::move(task));
  }

  const Plan& given_;
  CensusPlan* result_ = nullptr;
};

}  // namespace

CensusPlan census_plan(const Plan& plan) {
  return CensusBuilder(plan).build();
}

}  // namespace sluice::plan
