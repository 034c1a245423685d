#include "support/random_plan.h"

#include <algorithm>
#include <string>

#include "plan/verify.h"
#include "support/random_schedule.h"

namespace sluice::test {

using plan::Expression;
using plan::Operator;
using plan::Stage;
using plan::Type;
using plan::Value;

namespace {

std::string random_text(Dice& dice) {
  static constexpr std::string_view parts[] = {
      "a", "Z", "7", " ", "\"", "\\", "\n", "\t", "\x01", "/", "ü", "漢", "🚀", "</script>", "$"};
  std::string text;
  for (std::uint32_t i = dice.below(8); i > 0; --i) text += parts[dice.below(std::size(parts))];
  return text;
}

std::int64_t random_integer(Dice& dice) {
  const auto bits = static_cast<std::int64_t>(dice.next());
  return bits >> dice.below(64);
}

Value random_value(Dice& dice, Type type) {
  switch (type) {
    case Type::String:
      return {random_text(dice)};
    case Type::Number:
      return {plan::Number{random_integer(dice)}};
    case Type::Boolean:
      return {dice.chance(50)};
    case Type::Duration:
      return {base::Duration{dice.below(100'000)}};
    case Type::Percentage:
      return {plan::Percentage{random_integer(dice)}};
    case Type::Size:
      return {plan::Size{random_integer(dice)}};
    case Type::Rate:
      return {plan::Rate{random_integer(dice)}};
    case Type::List: {
      Value::List items;
      for (std::uint32_t i = dice.below(4); i > 0; --i) {
        items.push_back(random_value(dice, static_cast<Type>(dice.below(dice.chance(20) ? 8 : 7))));
      }
      return {std::move(items)};
    }
    case Type::Secret:
      break;  // has no values
  }
  return {};
}

Stage latest(const std::vector<Expression>& parts) {
  Stage stage = Stage::Known;
  for (const Expression& part : parts) stage = std::max(stage, part.stage);
  return stage;
}

Expression made(Operator op, Type type, std::vector<Expression> parts, std::string name = "") {
  Expression expression;
  expression.op = op;
  expression.type = type;
  expression.stage = latest(parts);
  expression.name = std::move(name);
  expression.operands = std::move(parts);
  return expression;
}

Expression property(Operator op, Stage stage, Type type, std::string name) {
  Expression expression = made(op, type, {}, std::move(name));
  expression.stage = stage;
  return expression;
}

Expression random_leaf(Dice& dice, Type type) {
  switch (dice.below(6)) {
    case 0:
      return property(Operator::TargetProperty, Stage::PerTarget, type, "zone");
    case 1:
      return property(Operator::HostProperty, Stage::PerHost, type, "rack-number");
    case 2:
      if (type == Type::String) {
        return property(Operator::DeploymentProperty, Stage::AtRunTime, type, "id");
      }
      [[fallthrough]];
    default:
      return plan::constant(random_value(dice, type));
  }
}

Expression random_truth(Dice& dice, int depth) {
  static constexpr Operator comparisons[] = {Operator::Equal,   Operator::NotEqual,
                                             Operator::Less,    Operator::LessOrEqual,
                                             Operator::Greater, Operator::GreaterOrEqual};
  const auto any = [&](Type type) { return random_expression(dice, type, depth); };
  switch (dice.below(5)) {
    case 0:
      return made(Operator::And, Type::Boolean, {any(Type::Boolean), any(Type::Boolean)});
    case 1:
      return made(Operator::Or, Type::Boolean, {any(Type::Boolean), any(Type::Boolean)});
    case 2:
      return made(Operator::Not, Type::Boolean, {any(Type::Boolean)});
    case 3:
      return made(Operator::Call, Type::Boolean, {any(Type::String), any(Type::String)}, "matches");
    default:
      return made(comparisons[dice.below(6)], Type::Boolean,
                  {any(Type::Number), any(Type::Number)});
  }
}

Expression random_string(Dice& dice, int depth) {
  const auto any = [&](Type type) { return random_expression(dice, type, depth); };
  switch (dice.below(4)) {
    case 0:
      return made(Operator::Call, Type::String, {any(Type::String)},
                  dice.chance(50) ? "upper" : "lower");
    case 1:
      return made(Operator::Call, Type::String,
                  {any(Type::String), any(Type::String), any(Type::String)}, "replace");
    case 2:
      return made(Operator::Call, Type::String, {any(Type::Size)}, "text");
    default:
      return made(Operator::Concatenate, Type::String,
                  {any(Type::String), any(Type::Number), any(Type::Percentage)});
  }
}

}  // namespace

Expression random_expression(Dice& dice, Type type, int depth) {
  if (depth == 0 || dice.chance(30)) return random_leaf(dice, type);
  const auto any = [&](Type wanted) { return random_expression(dice, wanted, depth - 1); };
  if (dice.chance(15)) {
    return made(Operator::IfThenElse, type, {any(Type::Boolean), any(type), any(type)});
  }
  switch (type) {
    case Type::Boolean:
      return random_truth(dice, depth - 1);
    case Type::String:
      return random_string(dice, depth - 1);
    case Type::List:
      return made(Operator::MakeList, type, {any(Type::String), any(Type::Rate)});
    case Type::Number:
      if (dice.chance(20)) return made(Operator::Negate, type, {any(type)});
      if (dice.chance(20)) return made(Operator::Call, type, {any(Type::String)}, "number");
      return made(dice.chance(50) ? Operator::Add : Operator::Divide, type, {any(type), any(type)});
    default:
      if (dice.chance(40)) return made(Operator::Multiply, type, {any(type), any(Type::Number)});
      return made(dice.chance(50) ? Operator::Add : Operator::Subtract, type,
                  {any(type), any(type)});
  }
}

namespace {

class Decorator {
 public:
  explicit Decorator(std::uint64_t seed) : dice_(seed ^ 0x6465636f72ULL) {
    plan_ = random_schedule(seed);
  }

  plan::Plan decorated() {
    plan_.deployment += random_text(dice_);
    plan_.compiler_version = "0.0." + std::to_string(dice_.below(9));
    for (const std::string_view name : {"release", "replicas", "zone"}) {
      if (!dice_.chance(60)) continue;
      const Type type = static_cast<Type>(dice_.below(8));
      plan_.variables.push_back({std::string(name), random_value(dice_, type)});
    }
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      plan_.sources.add({"file" + std::to_string(i) + ".deploy", std::string(64, 'a')});
    }
    add_rows();
    add_roles();
    for (plan::Step& step : plan_.steps) decorate(step);
    return plan::seal(std::move(plan_));
  }

 private:
  void add_rows() {
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      const Type type = static_cast<Type>(dice_.below(8));
      plan_.property_sets.add({{"rack-number", random_value(dice_, Type::Number)},
                               {"zone", random_value(dice_, type)}});
      plan::Connection connection;
      connection.kind =
          dice_.chance(50) ? plan::Connection::Kind::Local : plan::Connection::Kind::Ssh;
      if (connection.kind == plan::Connection::Kind::Ssh) {
        connection.settings.push_back({"port", random_expression(dice_, Type::Number, 1)});
        connection.settings.push_back({"user", random_expression(dice_, Type::String, 2)});
      }
      plan_.connections.add(std::move(connection));
    }
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      plan_.targets.set_properties({i}, {dice_.below(plan_.property_sets.size())});
      plan_.targets.set_connection({i}, {dice_.below(plan_.connections.size())});
    }
  }

  void add_roles() {
    for (std::uint32_t i = dice_.below(4); i > 0; --i) {
      const plan::TargetListId list{dice_.below(plan_.target_lists.size())};
      plan_.roles.add({"role" + std::to_string(i), list, 1 + dice_.below(3)});
    }
  }

  plan::Place place() {
    if (plan_.sources.empty() || dice_.chance(20)) return {};
    return {{dice_.below(plan_.sources.size())}, 1 + dice_.below(99), 1 + dice_.below(99)};
  }

  void decorate(plan::Step& step) {
    step.place = place();
    if (dice_.chance(50)) step.window.rule = "window " + std::to_string(step.window.value);
    if (dice_.chance(50)) step.tolerate.rule = random_text(dice_);
    if (step.tasks.size() == 1 && dice_.chance(50)) {
      step.has_child_steps = false;
      step.tasks[0].name = step.name;
    }
    for (plan::Task& task : step.tasks) decorate(task, step.on_controller);
  }

  void decorate(plan::Task& task, bool on_controller) {
    static constexpr std::string_view kinds[] = {"script", "wait", "http", "haproxy"};
    task.place = place();
    task.action_place = place();
    task.action.kind = kinds[dice_.below(4)];
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      const Type type = static_cast<Type>(dice_.below(8));
      task.action.attributes.push_back(
          {"attribute" + std::to_string(i), random_expression(dice_, type, 3)});
    }
    task.takes.low = plan::constant({base::Duration{dice_.below(30)}});
    task.takes.assumed = dice_.chance(20);
    if (dice_.chance(40)) {
      task.takes.kind = plan::DurationModel::Kind::Uniform;
      task.takes.high = plan::constant({base::Duration{30 + dice_.below(30)}});
    }
    if (!on_controller) {
      task.effect = {dice_.chance(20), dice_.chance(20), dice_.chance(15)};
    }
    task.via.hosts = {0};
    if (dice_.chance(70)) return;
    task.via.kind = static_cast<plan::Via::Kind>(1 + dice_.below(3));
    if (task.via.kind != plan::Via::Kind::Controller) task.via.hosts = hosts(task.via.kind);
  }

  plan::TargetListId hosts(plan::Via::Kind kind) {
    plan::TargetList list;
    list.add({dice_.below(plan_.targets.size())});
    if (kind == plan::Via::Kind::Each && list.at(0).value > 0) list.add({0});
    return plan_.target_lists.add(std::move(list));
  }

  Dice dice_;
  plan::Plan plan_;
};

}  // namespace

plan::Plan random_plan(std::uint64_t seed) {
  return Decorator(seed).decorated();
}

}  // namespace sluice::test
