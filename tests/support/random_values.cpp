#include "support/random_values.h"

#include <algorithm>
#include <string>

#include "support/random_schedule.h"

namespace sluice::test {

using plan::Expression;
using plan::Operator;
using plan::Stage;
using plan::Type;
using plan::Value;

std::string random_text(Dice& dice) {
  static constexpr std::string_view parts[] = {
      "a", "Z", "7", " ", "\"", "\\", "\n", "\t", "\x01", "/", "ü", "漢", "🚀", "</script>", "$"};
  std::string text;
  for (std::uint32_t i = dice.below(8); i > 0; --i) text += parts[dice.below(std::size(parts))];
  return text;
}

namespace {

std::int64_t random_integer(Dice& dice) {
  const auto bits = static_cast<std::int64_t>(dice.next());
  return bits >> dice.below(64);
}

}  // namespace

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

namespace {

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

class ExpressionMaker {
 public:
  ExpressionMaker(Dice& dice, Stage latest, const RandomLeaf& leaf)
      : dice_(dice), latest_(latest), leaf_(leaf) {}

  Expression any(Type type, int depth) {
    if (depth == 0 || dice_.chance(30)) return leaf(type);
    const auto part = [&](Type wanted) { return any(wanted, depth - 1); };
    if (dice_.chance(15)) {
      return made(Operator::IfThenElse, type, {part(Type::Boolean), part(type), part(type)});
    }
    switch (type) {
      case Type::Boolean:
        return truth(depth - 1);
      case Type::String:
        return text(depth - 1);
      case Type::List:
        return made(Operator::MakeList, type, {part(Type::String), part(Type::Rate)});
      case Type::Number:
        if (dice_.chance(20)) return made(Operator::Negate, type, {part(type)});
        if (dice_.chance(20)) return made(Operator::Call, type, {part(Type::String)}, "number");
        return made(dice_.chance(50) ? Operator::Add : Operator::Divide, type,
                    {part(type), part(type)});
      default:
        if (dice_.chance(40)) {
          return made(Operator::Multiply, type, {part(type), part(Type::Number)});
        }
        return made(dice_.chance(50) ? Operator::Add : Operator::Subtract, type,
                    {part(type), part(type)});
    }
  }

 private:
  Expression leaf(Type type) {
    if (leaf_ && dice_.chance(30)) {
      if (std::optional<Expression> own = leaf_(dice_, type)) return *std::move(own);
    }
    switch (dice_.below(6)) {
      case 0:
        if (latest_ < Stage::PerTarget) break;
        return property(Operator::TargetProperty, Stage::PerTarget, type, "zone");
      case 1:
        if (latest_ < Stage::PerHost) break;
        return property(Operator::HostProperty, Stage::PerHost, type, "rack-number");
      case 2:
        if (latest_ < Stage::AtRunTime || type != Type::String) break;
        return property(Operator::DeploymentProperty, Stage::AtRunTime, type, "id");
      default:
        break;
    }
    return plan::constant(random_value(dice_, type));
  }

  Expression truth(int depth) {
    static constexpr Operator comparisons[] = {Operator::Equal,   Operator::NotEqual,
                                               Operator::Less,    Operator::LessOrEqual,
                                               Operator::Greater, Operator::GreaterOrEqual};
    const auto part = [&](Type type) { return any(type, depth); };
    switch (dice_.below(5)) {
      case 0:
        return made(Operator::And, Type::Boolean, {part(Type::Boolean), part(Type::Boolean)});
      case 1:
        return made(Operator::Or, Type::Boolean, {part(Type::Boolean), part(Type::Boolean)});
      case 2:
        return made(Operator::Not, Type::Boolean, {part(Type::Boolean)});
      case 3:
        return made(Operator::Call, Type::Boolean, {part(Type::String), part(Type::String)},
                    "matches");
      default:
        return made(comparisons[dice_.below(6)], Type::Boolean,
                    {part(Type::Number), part(Type::Number)});
    }
  }

  Expression text(int depth) {
    const auto part = [&](Type type) { return any(type, depth); };
    switch (dice_.below(4)) {
      case 0:
        return made(Operator::Call, Type::String, {part(Type::String)},
                    dice_.chance(50) ? "upper" : "lower");
      case 1:
        return made(Operator::Call, Type::String,
                    {part(Type::String), part(Type::String), part(Type::String)}, "replace");
      case 2:
        return made(Operator::Call, Type::String, {part(Type::Size)}, "text");
      default:
        return made(Operator::Concatenate, Type::String,
                    {part(Type::String), part(Type::Number), part(Type::Percentage)});
    }
  }

  Dice& dice_;
  Stage latest_;
  const RandomLeaf& leaf_;
};

}  // namespace

Expression random_expression(Dice& dice, Type type, int depth, Stage latest,
                             const RandomLeaf& leaf) {
  return ExpressionMaker(dice, latest, leaf).any(type, depth);
}

}  // namespace sluice::test
