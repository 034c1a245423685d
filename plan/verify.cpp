#include "plan/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "plan/arithmetic.h"
#include "plan/functions.h"
#include "plan/graph.h"

namespace sluice::plan {

namespace {

using base::Done;
using base::Error;
using base::Status;

// Stops at the first fault: a plan with one is not used at all.
class Verifier {
 public:
  explicit Verifier(const Plan& plan) : plan_(plan) {}

  Status verify() {
    check_rows();
    check_names();
    for (const Role& role : plan_.roles) need(plan_.target_lists.contains(role.targets), "role");
    for (const Join& join : plan_.joins) check_join(join);
    for (const Step& step : plan_.steps) check_step(step);
    if (fault_.empty()) {
      const auto edges = step_edges(plan_);
      need(topological_order(plan_.steps.size(), edges).has_value(), "the steps go in a circle");
    }
    if (!fault_.empty()) return Error{fmt::format("the plan does not hold together: {}", fault_)};
    return Done{};
  }

 private:
  void need(bool holds, std::string_view what) {
    if (!holds && fault_.empty()) fault_ = what;
  }

  void check_rows() {
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      const TargetId target{i};
      need(plan_.property_sets.contains(plan_.targets.properties(target)) &&
               plan_.connections.contains(plan_.targets.connection(target)),
           "a target's row");
    }
    for (const PropertySet& set : plan_.property_sets) {
      const auto before = [](const Property& a, const Property& b) { return a.name < b.name; };
      need(std::is_sorted(set.begin(), set.end(), before) &&
               std::adjacent_find(set.begin(), set.end(),
                                  [](const Property& a, const Property& b) {
                                    return a.name == b.name;
                                  }) == set.end(),
           "a set of properties");
    }
    for (const Connection& connection : plan_.connections) {
      for (const Connection::Setting& setting : connection.settings) {
        check_expression(setting.value, setting.name == "port" ? Type::Number : Type::String);
      }
    }
    std::vector<bool> seen(plan_.targets.size());
    for (const TargetList& list : plan_.target_lists) check_list(list, seen);
  }

  void check_list(const TargetList& list, std::vector<bool>& seen) {
    bool whole = true;
    list.for_each([&](TargetId target) {
      whole = whole && target.value < seen.size() && !seen[target.value];
      if (whole) seen[target.value] = true;
    });
    need(whole, "a list of targets");
    list.for_each([&](TargetId target) {
      if (target.value < seen.size()) seen[target.value] = false;
    });
  }

  void check_names() {
    std::unordered_set<std::string_view> targets;
    targets.reserve(plan_.targets.size());
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      const std::string_view name = plan_.targets.name(TargetId{i});
      need(!name.empty() && targets.insert(name).second, "the names of the targets");
    }
    std::set<std::string_view> names;
    for (const Step& step : plan_.steps) {
      need(!step.name.empty() && names.insert(step.name).second, "the names of the steps");
    }
    names.clear();
    for (const Role& role : plan_.roles) need(names.insert(role.name).second, "the roles' names");
    names.clear();
    for (const Variable& row : plan_.variables) need(names.insert(row.name).second, "variables");
  }

  void check_join(const Join& join) {
    for (std::size_t i = 0; i < join.steps.size(); ++i) {
      need(plan_.steps.contains(join.steps[i]), "a join");
      need(i == 0 || join.steps[i - 1] < join.steps[i], "a join's order");
    }
  }

  void check_step(const Step& step) {
    need(plan_.joins.contains(step.join) && plan_.target_lists.contains(step.targets), "a step");
    need(step.window.value >= 1, "a window");
    need(step.has_child_steps ? !step.tasks.empty() : step.tasks.size() == 1, "a step's tasks");
    std::set<std::string_view> names;
    for (const Task& task : step.tasks) {
      need(!task.name.empty() && names.insert(task.name).second, "the names of child steps");
      need(plan_.target_lists.contains(task.via.hosts), "a task's hosts");
      need(!task.timeout || task.timeout->ms > 0, "a timeout");
      need(task.retry.pause.ms >= 0, "a pause");
      check_expression(task.takes.low, Type::Duration);
      if (task.takes.kind == DurationModel::Kind::Uniform) {
        check_expression(task.takes.high, Type::Duration);
      }
      for (const Action::Attribute& attribute : task.action.attributes) {
        check_expression(attribute.value, attribute.value.type);
      }
    }
  }

  void check_expression(const Expression& expression, Type wanted) {
    need(expression.type == wanted && check_shape(expression), "an expression");
  }

  static bool check_shape(const Expression& expression) {
    const auto& parts = expression.operands;
    if (!std::all_of(parts.begin(), parts.end(), check_shape)) return false;
    switch (expression.op) {
      case Operator::Constant:
        return expression.value.type() == expression.type && parts.empty();
      case Operator::TargetProperty:
      case Operator::HostProperty:
      case Operator::DeploymentProperty:
      case Operator::StepOutput:
      case Operator::SecretReference:
        return !expression.name.empty() && parts.empty();
      case Operator::Concatenate:
        return expression.type == Type::String &&
               std::none_of(parts.begin(), parts.end(),
                            [](const Expression& part) { return part.type == Type::List; });
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
        return parts.size() == 2 &&
               result_type(expression.op, parts[0].type, parts[1].type) == expression.type;
    }
  }

  static bool check_call(const Expression& expression) {
    const Function* function = find_function(expression.name);
    if (function == nullptr || function->result != expression.type) return false;
    const auto& parts = expression.operands;
    if (parts.size() != function->parameters.size()) return false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!function->any_type && parts[i].type != function->parameters[i]) return false;
    }
    return true;
  }

  const Plan& plan_;
  std::string fault_;
};

}  // namespace

base::Status verify(const Plan& plan) {
  return Verifier(plan).verify();
}

Plan seal(Plan plan) {
  const base::Status verified = verify(plan);
  SLUICE_CHECK(verified.ok(), verified.ok() ? "" : verified.error().message);
  plan.digest = meaning_digest(plan);
  return plan;
}

}  // namespace sluice::plan
