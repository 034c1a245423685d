// Expressions of a plan: types, shapes, and that nothing reads what it may not.
#include <algorithm>
#include <set>

#include "plan/arithmetic.h"
#include "plan/functions.h"
#include "plan/order.h"
#include "plan/verify.h"
#include "plan/verify_parts.h"

namespace sluice::plan {

namespace {

class Checker {
 public:
  Checker(const Plan& plan, const Reader& reader) : plan_(plan), reader_(reader) {}

  bool holds(const Expression& expression) const {
    const auto& parts = expression.operands;
    if (!std::all_of(parts.begin(), parts.end(), [&](const Expression& p) { return holds(p); })) {
      return false;
    }
    const bool bare = expression.op == Operator::Constant || expression.value == Value{};
    const bool sourced =
        expression.op == Operator::StepOutput || expression.source == OutputSource{};
    return bare && sourced && check_stage(expression) && check_shape(expression);
  }

 private:
  static bool is_leaf(Operator op) { return op <= Operator::SecretReference; }

  bool check_stage(const Expression& expression) const {
    if (expression.stage > reader_.latest) return false;
    if (is_leaf(expression.op)) {
      if (!expression.operands.empty()) return false;
      switch (expression.op) {
        case Operator::Constant:
          return expression.stage == Stage::Known;
        case Operator::TargetProperty:
          return expression.stage == Stage::PerTarget;
        case Operator::HostProperty:
          return expression.stage == Stage::PerHost;
        case Operator::DeploymentProperty:
        case Operator::StepOutput:
          return expression.stage == Stage::AtRunTime;
        default:
          return true;
      }
    }
    Stage stage = Stage::Known;
    for (const Expression& part : expression.operands) stage = std::max(stage, part.stage);
    return expression.stage == stage;
  }

  bool check_shape(const Expression& expression) const {
    const auto& parts = expression.operands;
    const bool named = !expression.name.empty();
    if (!is_leaf(expression.op) && named != (expression.op == Operator::Call)) return false;
    switch (expression.op) {
      case Operator::Constant:
        return !named && expression.value.type() == expression.type;
      case Operator::TargetProperty:
      case Operator::HostProperty:
        return named;
      case Operator::DeploymentProperty:
        return named && expression.type == Type::String;
      case Operator::StepOutput:
        return named && expression.type == Type::String && check_source(expression.source);
      case Operator::SecretReference:
        return expression.type == Type::Secret && declared(expression.name);
      case Operator::Concatenate:
        return expression.type == Type::String &&
               std::none_of(parts.begin(), parts.end(), [](const Expression& part) {
                 return part.type == Type::List || part.type == Type::Secret;
               });
      case Operator::Not:
      case Operator::Negate: {
        const Type type = expression.op == Operator::Not ? Type::Boolean : Type::Number;
        return parts.size() == 1 && parts[0].type == type && expression.type == type;
      }
      case Operator::IfThenElse:
        return parts.size() == 3 && parts[0].type == Type::Boolean &&
               parts[1].type == expression.type && parts[2].type == expression.type;
      case Operator::Call:
        return check_call(expression);
      case Operator::MakeList:
        return expression.type == Type::List;
      default:
        return parts.size() == 2 && parts[0].type != Type::Secret &&
               parts[1].type != Type::Secret &&
               result_type(expression.op, parts[0].type, parts[1].type) == expression.type;
    }
  }

  static bool check_call(const Expression& expression) {
    const Function* function = find_function(expression.name);
    if (function == nullptr || function->result != expression.type) return false;
    const auto& parts = expression.operands;
    if (parts.size() != function->parameters.size()) return false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].type == Type::Secret) return false;
      if (!function->any_type && parts[i].type != function->parameters[i]) return false;
    }
    return true;
  }

  // It has ended before the reader asks: an earlier task of the same step, or of a step waited for.
  bool check_source(const OutputSource& source) const {
    const StepId step{source.step};
    if (!reader_.step.valid() || !plan_.steps.contains(step)) return false;
    const Step& row = plan_.steps[step];
    if (source.task >= row.tasks.size()) return false;
    const bool one_lane = row.gate_of.valid() || lane_count(plan_, step) <= 1;
    if (source.single && !one_lane) return false;
    if (step == reader_.step) return source.task < reader_.tasks;
    const StepId gate_of = plan_.steps[reader_.step].gate_of;
    if (gate_of.valid() && row.gate_of == gate_of) return step < reader_.step;
    return waited_for(plan_, reader_.step)[step.value];
  }

  bool declared(std::string_view name) const {
    return std::binary_search(plan_.secrets.begin(), plan_.secrets.end(), name,
                              [](const auto& a, const auto& b) { return name_of(a) < name_of(b); });
  }
  static std::string_view name_of(const Secret& secret) { return secret.name; }
  static std::string_view name_of(std::string_view name) { return name; }

  const Plan& plan_;
  const Reader& reader_;
};

void collect(const Expression& expression, std::set<std::string_view>& names) {
  if (expression.op == Operator::SecretReference) names.insert(expression.name);
  for (const Expression& part : expression.operands) collect(part, names);
}

}  // namespace

void verify_expression(const Plan& plan, const Expression& expression, Type wanted,
                       const Reader& reader, Fault& fault) {
  fault.need(expression.type == wanted && Checker(plan, reader).holds(expression), "an expression");
}

std::vector<std::string_view> secrets_used(const Plan& plan) {
  std::set<std::string_view> names;
  const auto visit = [&](const Expression& expression) { collect(expression, names); };
  for (const Connection& connection : plan.connections) {
    for (const Connection::Setting& setting : connection.settings) visit(setting.value);
  }
  for (const Step& step : plan.steps) {
    if (step.condition) visit(*step.condition);
    if (step.verify) each_expression(*step.verify, visit);
    for (const Task& task : step.tasks) {
      each_expression(task, visit);
      if (task.condition) visit(*task.condition);
      if (task.verify) each_expression(*task.verify, visit);
      if (task.undo) each_expression(*task.undo, visit);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace sluice::plan
