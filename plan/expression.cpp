#include "plan/expression.h"

#include <fmt/format.h>

#include "base/check.h"
#include "plan/arithmetic.h"
#include "plan/functions.h"

namespace sluice::plan {

namespace {

using base::Error;
using base::Result;

class Evaluator {
 public:
  explicit Evaluator(const Environment& environment) : environment_(environment) {}

  Result<Value> value(const Expression& expression) {
    switch (expression.op) {
      case Operator::Constant:
        return expression.value;
      case Operator::TargetProperty:
        return property(expression, "target", environment_.target_property(expression.name));
      case Operator::HostProperty:
        return property(expression, "host", environment_.host_property(expression.name));
      case Operator::DeploymentProperty:
        return property(expression, "deployment",
                        environment_.deployment_property(expression.name));
      case Operator::StepOutput:
        return output(expression);
      case Operator::SecretReference:
        return Error{fmt::format("`{}` is a secret and is not shown", expression.name)};
      case Operator::Concatenate:
        return concatenated(expression);
      case Operator::Negate:
        return unary(expression, negate);
      case Operator::Not:
        return unary(expression, [](const Value& value) -> Result<Value> {
          return Value{!std::get<bool>(value.content)};
        });
      case Operator::IfThenElse:
        return chosen(expression);
      case Operator::Call:
        return called(expression);
      case Operator::MakeList:
        return list(expression);
      default:
        return binary(expression);
    }
  }

 private:
  Result<Value> property(const Expression& expression, std::string_view owner,
                         std::optional<Value> found) {
    if (!found) return Error{fmt::format("`{}.{}` is not set", owner, expression.name)};
    if (found->type() != expression.type) {
      return Error{fmt::format("`{}.{}` is a {}, and a {} is needed", owner, expression.name,
                               type_name(found->type()), type_name(expression.type))};
    }
    return *std::move(found);
  }

  Result<Value> output(const Expression& expression) {
    std::optional<Value> found = environment_.output(expression.source, expression.name);
    if (!found) return Error{fmt::format("the output `{}` was never written", expression.name)};
    return *std::move(found);
  }

  Result<Value> concatenated(const Expression& expression) {
    std::string text;
    for (const Expression& part : expression.operands) {
      Result<Value> evaluated = value(part);
      if (!evaluated) return evaluated;
      text += to_text(evaluated.value());
      if (text.size() > most_text_bytes) return Error{"this makes a text of more than 1 MiB"};
    }
    return Value{std::move(text)};
  }

  template <class Apply>
  Result<Value> unary(const Expression& expression, Apply apply) {
    Result<Value> operand = value(expression.operands[0]);
    if (!operand) return operand;
    return apply(operand.value());
  }

  Result<Value> binary(const Expression& expression) {
    Result<Value> left = value(expression.operands[0]);
    if (!left) return left;
    // What decides already is not asked further: `and` and `or` stop at their left side.
    if (expression.op == Operator::And && !std::get<bool>(left.value().content)) return left;
    if (expression.op == Operator::Or && std::get<bool>(left.value().content)) return left;
    Result<Value> right = value(expression.operands[1]);
    if (!right) return right;
    return apply_operator(expression.op, left.value(), right.value());
  }

  Result<Value> chosen(const Expression& expression) {
    Result<Value> condition = value(expression.operands[0]);
    if (!condition) return condition;
    return value(expression.operands[std::get<bool>(condition.value().content) ? 1 : 2]);
  }

  Result<Value> arguments(const Expression& expression, Value::List& values) {
    for (const Expression& operand : expression.operands) {
      Result<Value> evaluated = value(operand);
      if (!evaluated) return evaluated;
      values.push_back(std::move(evaluated).value());
    }
    return Value{};
  }

  Result<Value> called(const Expression& expression) {
    const Function* function = find_function(expression.name);
    SLUICE_CHECK(function != nullptr, "a plan calls a function that there is not");
    Value::List values;
    if (Result<Value> problem = arguments(expression, values); !problem) return problem;
    return function->apply(values);
  }

  Result<Value> list(const Expression& expression) {
    Value::List values;
    if (Result<Value> problem = arguments(expression, values); !problem) return problem;
    return Value{std::move(values)};
  }

  const Environment& environment_;
};

}  // namespace

std::optional<Value> Environment::output(const OutputSource&, std::string_view) const {
  return std::nullopt;
}

Expression constant(Value value) {
  Expression expression;
  expression.type = value.type();
  expression.value = std::move(value);
  return expression;
}

base::Result<Value> evaluate(const Expression& expression, const Environment& environment) {
  return Evaluator(environment).value(expression);
}

const Value* constant_value(const Expression& expression) {
  return expression.op == Operator::Constant ? &expression.value : nullptr;
}

}  // namespace sluice::plan
