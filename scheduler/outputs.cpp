#include "scheduler/outputs.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace sluice::scheduler {

namespace {

class Readers {
 public:
  using Read = std::set<std::pair<plan::StepId, std::uint32_t>>;

  explicit Readers(Read& read) : read_(read) {}

  void look_at(const plan::Plan& plan) {
    for (const plan::Step& step : plan.steps) {
      look_at(step.condition);
      look_at(step.verify);
      for (const plan::Task& task : step.tasks) {
        look_at(task.condition);
        look_at_work(task);
        look_at(task.verify);
        look_at(task.undo);
      }
    }
  }

 private:
  void look_at(const plan::Expression& expression) {
    if (expression.op == plan::Operator::StepOutput) {
      read_.insert({plan::StepId{expression.source.step}, expression.source.task});
    }
    for (const plan::Expression& operand : expression.operands) look_at(operand);
  }
  void look_at(const base::Boxed<plan::Expression>& expression) {
    if (expression) look_at(*expression);
  }
  void look_at(const base::Boxed<plan::Work>& work) {
    if (work) look_at_work(*work);
  }
  void look_at_work(const plan::Work& work) {
    for (const plan::Action::Attribute& attribute : work.action.attributes) {
      look_at(attribute.value);
    }
  }

  Read& read_;
};

}  // namespace

Outputs::Outputs(const plan::Plan& plan) : plan_(plan) {
  Readers(read_).look_at(plan);
}

void Outputs::keep(const Action& action, std::vector<Output> outputs) {
  if (action.part != Part::Run || !reads(action.step, action.task)) return;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  written_[{action.step, action.task, target}] = std::move(outputs);
}

const std::string* Outputs::find(const plan::OutputSource& source, plan::TargetId target,
                                 std::string_view name) const {
  const plan::StepId step{source.step};
  if (source.single) {
    if (plan::lane_count(plan_, step) == 0) return nullptr;
    target = plan::lane_target(plan_, step, 0);
  }
  const auto written = written_.find({step, source.task, target});
  if (written == written_.end()) return nullptr;
  const auto found = std::find_if(written->second.begin(), written->second.end(),
                                  [&](const Output& output) { return output.name == name; });
  return found == written->second.end() ? nullptr : &found->value;
}

RunEnvironment::RunEnvironment(const plan::Plan& plan, const Outputs& outputs, Status status,
                               plan::TargetId target, plan::TargetId host,
                               std::string deployment_id)
    : PlanEnvironment(plan, target, host, std::move(deployment_id)),
      outputs_(outputs),
      status_(std::move(status)),
      reader_(target) {}

std::optional<plan::Value> RunEnvironment::deployment_property(std::string_view name) const {
  if (name == "status") return plan::Value{std::string(state_name(status_()))};
  return PlanEnvironment::deployment_property(name);
}

std::optional<plan::Value> RunEnvironment::output(const plan::OutputSource& source,
                                                  std::string_view name) const {
  const std::string* written = outputs_.find(source, reader_, name);
  if (written == nullptr) return std::nullopt;
  return plan::Value{*written};
}

const plan::Expression& asked_condition(const plan::Plan& plan, const Action& asked) {
  const plan::Step& step = plan.steps[asked.step];
  const base::Boxed<plan::Expression>& condition =
      asked.task == Action::none ? step.condition : step.tasks[asked.task].condition;
  SLUICE_CHECK(condition, "a condition is asked for that is not there");
  return *condition;
}

plan::TargetId asked_target(const plan::Plan& plan, const Action& asked) {
  return asked.lane == Action::none ? plan::TargetId{}
                                    : plan::lane_target(plan, asked.step, asked.lane);
}

Truth truth_of(const plan::Expression& condition, const plan::Environment& environment) {
  const base::Result<plan::Value> value = plan::evaluate(condition, environment);
  const bool* holds = value ? std::get_if<bool>(&value.value().content) : nullptr;
  if (holds == nullptr) return Truth::Unknown;
  return *holds ? Truth::True : Truth::False;
}

}  // namespace sluice::scheduler
