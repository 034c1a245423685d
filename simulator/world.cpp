#include "simulator/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::simulator {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Outcome;
using scheduler::Part;
using scheduler::State;

bool verifies(const plan::Step& step) {
  return step.verify.has_value() ||
         std::any_of(step.tasks.begin(), step.tasks.end(),
                     [](const plan::Task& task) { return task.verify.has_value(); });
}

bool asks(const plan::Step& step) {
  const auto at_run_time = [](const base::Boxed<plan::Expression>& condition) {
    return condition && condition->stage == plan::Stage::AtRunTime;
  };
  return step.on_failure == plan::OnFailure::Ask || at_run_time(step.condition) ||
         std::any_of(step.tasks.begin(), step.tasks.end(),
                     [&](const plan::Task& task) { return at_run_time(task.condition); });
}

const plan::Given* find_given(const plan::Plan& plan, const plan::Expression& output) {
  const plan::Step& step = plan.steps[plan::StepId{output.source.step}];
  for (const plan::Given& given : step.tasks[output.source.task].gives) {
    if (given.name == output.name) return &given;
  }
  return nullptr;
}

// The first output that it reads and of which this does not hold.
template <class Known>
const plan::Expression* first_unknown(const plan::Expression& expression, Known known) {
  if (expression.op == plan::Operator::StepOutput) {
    return known(expression) ? nullptr : &expression;
  }
  for (const plan::Expression& operand : expression.operands) {
    if (const plan::Expression* found = first_unknown(operand, known)) return found;
  }
  return nullptr;
}

// The first output that it reads and nothing gives.
const plan::Expression* first_not_given(const plan::Plan& plan,
                                        const plan::Expression& expression) {
  return first_unknown(expression, [&](const plan::Expression& output) {
    return find_given(plan, output) != nullptr;
  });
}

}  // namespace

World::World(const plan::Plan& plan) : plan_(plan), outputs_(plan), in_place_(plan.steps.size()) {
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    needed_ = needed_ || asks(step);
    if (!verifies(step)) continue;
    needed_ = true;
    const auto tasks = static_cast<std::uint32_t>(step.tasks.size());
    in_place_[id.value].make(plan::lane_count(plan, id), tasks + 1);
  }
}

void World::observe(const scheduler::Commands& commands) {
  for (const Command& command : commands) {
    if (command.kind == Command::Kind::TaskEnded) end_task(command);
    if (command.kind == Command::Kind::LaneEnded) end_lane(command);
  }
}

void World::set(plan::StepId step, std::uint32_t lane, std::uint32_t task, bool in_place) {
  scheduler::LaneBits& bits = in_place_[step.value];
  if (bits.made()) in_place ? bits.set(lane, task) : bits.clear(lane, task);
}

void World::end_task(const Command& command) {
  const Action& action = command.action;
  if (action.part == Part::Census || action.attempt == 0) return;
  const bool well = command.state == State::Succeeded;
  if (action.part == Part::Before && !well) return;
  if (action.part == Part::Undo && !well) return;
  set(action.step, action.lane, action.task, well && action.part != Part::Undo);
}

// The step's own work.
void World::end_lane(const Command& command) {
  const auto tasks = static_cast<std::uint32_t>(plan_.steps[command.action.step].tasks.size());
  const bool well =
      command.state == State::Succeeded || command.state == State::Degraded ||
      (command.state == State::Skipped && command.reason == scheduler::Reason::Verified);
  set(command.action.step, command.action.lane, tasks, well);
}

Outcome World::outcome(const Action& action, Outcome drawn) const {
  if (action.part != Part::Before && action.part != Part::Census) return drawn;
  const bool there = in_place_[action.step.value].test(action.lane, action.task);
  return there || drawn != Outcome::Succeeded ? drawn : Outcome::Failed;
}

std::vector<scheduler::Output> World::outputs(const Action& action) const {
  std::vector<scheduler::Output> outputs;
  if (action.part != Part::Run || !outputs_.reads(action.step, action.task)) return outputs;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  const plan::PlanEnvironment environment(plan_, target, target);
  for (const plan::Given& given : plan_.steps[action.step].tasks[action.task].gives) {
    const base::Result<plan::Value> value = plan::evaluate(given.value, environment);
    if (value) outputs.push_back({given.name, plan::to_text(value.value())});
  }
  return outputs;
}

scheduler::Truth World::truth(const Action& asked, State status) const {
  const plan::Expression& condition = scheduler::asked_condition(plan_, asked);
  const plan::TargetId target = scheduler::asked_target(plan_, asked);
  const auto known = [&](const plan::Expression& output) {
    return find_given(plan_, output) != nullptr ||
           outputs_.find(output.source, target, output.name) != nullptr;
  };
  if (first_unknown(condition, known) != nullptr) return scheduler::Truth::True;
  return scheduler::truth_of(
      condition, scheduler::RunEnvironment(
                     plan_, outputs_, [status] { return status; }, target, target, "simulated"));
}

namespace {

std::string name_of(const plan::Step& step, const plan::Task& task) {
  return step.has_child_steps ? fmt::format("{}/{}", step.name, task.name) : step.name;
}

class Assumptions {
 public:
  explicit Assumptions(const plan::Plan& plan) : plan_(plan) {}

  std::vector<std::string> all() && {
    for (const plan::Step& step : plan_.steps) {
      if (step.condition) condition(*step.condition, step.name);
      if (step.skip_verified) before(step.name);
      for (const plan::Task& task : step.tasks) {
        if (task.condition) condition(*task.condition, name_of(step, task));
        if (task.skip_verified) before(name_of(step, task));
      }
      if (step.on_failure == plan::OnFailure::Ask) {
        texts_.push_back(fmt::format(
            "`{}` asks at each failure: a person excludes the target at once", step.name));
      }
    }
    return std::move(texts_);
  }

 private:
  void condition(const plan::Expression& expression, const std::string& name) {
    const plan::Expression* output = first_not_given(plan_, expression);
    if (output == nullptr) return;
    const plan::Step& source = plan_.steps[plan::StepId{output->source.step}];
    texts_.push_back(
        fmt::format("the condition of `{}` is taken as true: nothing gives `{}` of `{}`", name,
                    output->name, name_of(source, source.tasks[output->source.task])));
  }
  void before(const std::string& name) {
    texts_.push_back(fmt::format("`{}` is not in place on any target before it runs", name));
  }

  const plan::Plan& plan_;
  std::vector<std::string> texts_;
};

}  // namespace

std::vector<std::string> world_assumptions(const plan::Plan& plan) {
  return Assumptions(plan).all();
}

}  // namespace sluice::simulator
