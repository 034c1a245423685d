#include "compiler/resolve_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/suggest.h"
#include "plan/arithmetic.h"
#include "plan/functions.h"

namespace sluice::compiler {

namespace {

using plan::Expression;
using plan::Operator;
using plan::Stage;
using plan::Type;

using Kind = ExpressionNode::Kind;

struct Sign {
  std::string_view written;
  Operator op;
};
constexpr Sign signs[] = {{"+", Operator::Add},      {"-", Operator::Subtract},
                          {"*", Operator::Multiply}, {"/", Operator::Divide},
                          {"==", Operator::Equal},   {"!=", Operator::NotEqual},
                          {"<", Operator::Less},     {"<=", Operator::LessOrEqual},
                          {">", Operator::Greater},  {">=", Operator::GreaterOrEqual},
                          {"and", Operator::And},    {"or", Operator::Or}};

Operator operator_of(std::string_view written) {
  for (const Sign& sign : signs) {
    if (sign.written == written) return sign.op;
  }
  return Operator::Or;
}

bool reads_names(const Expression& expression) {
  const bool property =
      expression.op == Operator::TargetProperty || expression.op == Operator::HostProperty;
  if (property && (expression.name == "name" || expression.name == "address")) return true;
  return std::any_of(expression.operands.begin(), expression.operands.end(), reads_names);
}

std::string article(Type type) {
  return fmt::format("a {}", plan::type_name(type));
}

// What may be written where a value of that type is wanted, when another came.
std::vector<std::string> cure(Type found, const std::vector<Type>& wanted) {
  const auto wants = [&](Type type) {
    return std::find(wanted.begin(), wanted.end(), type) != wanted.end();
  };
  if (found == Type::Number && wants(Type::Duration)) return {"a duration has a unit: `30s`, `5m`"};
  if (found == Type::Number && wants(Type::String)) return {"write it in quotes"};
  if (found == Type::String && wants(Type::Duration)) return {"a duration has no quotes: `30s`"};
  if (found == Type::String && wants(Type::Number)) return {"a number has no quotes"};
  return {};
}

}  // namespace

std::string type_words(const std::vector<Type>& types) {
  std::string words;
  for (std::size_t i = 0; i < types.size(); ++i) {
    words += (i == 0 ? "" : i + 1 == types.size() ? " or " : ", ") + article(types[i]);
  }
  return words;
}

std::optional<Expression> ExpressionResolver::resolve(const ExpressionNode& node,
                                                      const Wanted& wanted) {
  std::optional<Expression> expression = tree(node);
  if (!expression) return std::nullopt;
  const bool fits = wanted.types.empty() || std::find(wanted.types.begin(), wanted.types.end(),
                                                      expression->type) != wanted.types.end();
  if (!fits) {
    report_.error("E0205", node.span,
                  fmt::format("{} is {}, and this is {}", wanted.use, type_words(wanted.types),
                              article(expression->type)),
                  cure(expression->type, wanted.types));
    return std::nullopt;
  }
  if (expression->stage > wanted.latest) {
    const bool known = wanted.latest == Stage::Known;
    report_.error(
        "E0218", node.span,
        known ? fmt::format("{} must be known for all targets alike", wanted.use)
              : fmt::format("{} must be known before anything runs", wanted.use),
        {known ? "use variables and literals, not `target.…`" : "it reads what only a run knows"});
    return std::nullopt;
  }
  return expression;
}

std::optional<plan::Value> ExpressionResolver::resolve_known(const ExpressionNode& node,
                                                             const Wanted& wanted) {
  const std::optional<Expression> expression = resolve(node, wanted);
  if (!expression) return std::nullopt;
  return *plan::constant_value(*expression);
}

std::optional<Expression> ExpressionResolver::tree(const ExpressionNode& node) {
  if (node.broken) return std::nullopt;
  switch (node.kind) {
    case Kind::Literal:
    case Kind::TextBlock:
      return plan::constant(node.value);
    case Kind::Variable:
      return variable(node);
    case Kind::Interpolated:
      return composed(node, Operator::Concatenate, Type::String);
    case Kind::List:
      return composed(node, Operator::MakeList, Type::List);
    case Kind::Property:
      return property(node, node.name, node.name_span);
    case Kind::Index: {
      const ExpressionNode& index = node.operands[1];
      if (index.kind == Kind::Literal && index.value.type() == Type::String) {
        return property(node, std::get<std::string>(index.value.content), index.span);
      }
      report_.error("E0222", index.span, "a property's name is a string here",
                    {"as in `target[\"install-time\"]`"});
      return std::nullopt;
    }
    case Kind::Unary:
      return unary(node);
    case Kind::Binary:
      return binary(node);
    case Kind::If:
      return choice(node);
    case Kind::Call:
      return call(node);
  }
  return std::nullopt;
}

std::optional<Expression> ExpressionResolver::variable(const ExpressionNode& node) {
  const auto found = scope_.variables.find(node.name);
  if (found != scope_.variables.end()) {
    found->second.used = true;
    if (found->second.broken) return std::nullopt;
    return plan::constant(found->second.value);
  }
  if (node.name == "target" || node.name == "host" || node.name == "deployment") {
    report_.error("E0204", node.span, fmt::format("`{}` alone is no value", node.name),
                  {fmt::format("name a property: `{}.name`", node.name)});
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& [name, entry] : scope_.variables) names.push_back(name);
  std::vector<std::string> hints = did_you_mean(node.name, names);
  if (hints.empty())
    hints.push_back("a text stands in quotes; a variable is declared with `variable`");
  report_.error("E0204", node.span, fmt::format("there is no variable `{}`", node.name), hints);
  return std::nullopt;
}

std::optional<Expression> ExpressionResolver::property(const ExpressionNode& node,
                                                       const std::string& name,
                                                       base::Span name_span) {
  const ExpressionNode& owner = node.operands[0];
  Expression expression;
  expression.name = name;
  if (owner.kind == Kind::Variable && owner.name == "deployment") {
    if (name == "name") return plan::constant({scope_.deployment});
    if (name == "id") {
      expression.op = Operator::DeploymentProperty;
      expression.stage = Stage::AtRunTime;
      return expression;
    }
    report_.error("E0222", name_span, fmt::format("`deployment` has no `{}`", name),
                  {"it has `name` and `id`"});
    return std::nullopt;
  }
  const bool target = owner.kind == Kind::Variable && owner.name == "target";
  const bool host = owner.kind == Kind::Variable && owner.name == "host";
  if (!target && !host) {
    report_.error("E0222", node.span, "only `target`, `host` and `deployment` have properties");
    return std::nullopt;
  }
  if (!scope_.targets_known) {
    report_.error("E0218", node.span, "this is worked out before there are targets");
    return std::nullopt;
  }
  expression.op = target ? Operator::TargetProperty : Operator::HostProperty;
  expression.stage = target ? Stage::PerTarget : Stage::PerHost;
  if (name == "name" || name == "address") return expression;
  const auto found = scope_.properties.find(name);
  if (found == scope_.properties.end()) {
    std::vector<std::string> names{"name", "address"};
    for (const auto& [known, type] : scope_.properties) names.push_back(known);
    report_.error("E0222", name_span, fmt::format("no target has a property `{}`", name),
                  did_you_mean(name, names));
    return std::nullopt;
  }
  expression.type = found->second;
  return expression;
}

bool ExpressionResolver::operands(const ExpressionNode& node, Expression& expression) {
  bool whole = true;
  for (const ExpressionNode& part : node.operands) {
    std::optional<Expression> operand = tree(part);
    if (!operand) {
      whole = false;
      continue;
    }
    expression.stage = std::max(expression.stage, operand->stage);
    expression.operands.push_back(*std::move(operand));
  }
  return whole;
}

std::optional<Expression> ExpressionResolver::composed(const ExpressionNode& node, Operator op,
                                                       Type type) {
  Expression expression;
  expression.op = op;
  expression.type = type;
  if (!operands(node, expression)) return std::nullopt;
  for (std::size_t i = 0; op == Operator::Concatenate && i < node.operands.size(); ++i) {
    if (expression.operands[i].type != Type::List) continue;
    report_.error("E0205", node.operands[i].span, "a list cannot stand within a string");
    return std::nullopt;
  }
  return folded(std::move(expression), node);
}

std::optional<Expression> ExpressionResolver::unary(const ExpressionNode& node) {
  Expression expression;
  expression.op = node.name == "not" ? Operator::Not : Operator::Negate;
  if (!operands(node, expression)) return std::nullopt;
  const Type wanted = expression.op == Operator::Not ? Type::Boolean : Type::Number;
  expression.type = wanted;
  if (expression.operands[0].type != wanted) {
    report_.error("E0205", node.span,
                  fmt::format("`{}` takes {}, and this is {}", node.name, article(wanted),
                              article(expression.operands[0].type)));
    return std::nullopt;
  }
  return folded(std::move(expression), node);
}

std::optional<Expression> ExpressionResolver::binary(const ExpressionNode& node) {
  Expression expression;
  expression.op = operator_of(node.name);
  if (!operands(node, expression)) return std::nullopt;
  const Type left = expression.operands[0].type;
  const Type right = expression.operands[1].type;
  const std::optional<Type> type = plan::result_type(expression.op, left, right);
  if (!type) {
    report_.error(
        "E0205", node.span,
        fmt::format("`{}` does not take {} and {}", node.name, article(left), article(right)));
    return std::nullopt;
  }
  expression.type = *type;
  return folded(std::move(expression), node);
}

std::optional<Expression> ExpressionResolver::choice(const ExpressionNode& node) {
  Expression expression;
  expression.op = Operator::IfThenElse;
  if (!operands(node, expression)) return std::nullopt;
  const Type condition = expression.operands[0].type;
  if (condition != Type::Boolean) {
    report_.error("E0205", node.operands[0].span,
                  fmt::format("a condition is a boolean, and this is {}", article(condition)));
    return std::nullopt;
  }
  expression.type = expression.operands[1].type;
  if (expression.operands[2].type != expression.type) {
    report_.error("E0205", node.operands[2].span,
                  fmt::format("`then` gives {}, and `else` {}", article(expression.type),
                              article(expression.operands[2].type)));
    return std::nullopt;
  }
  return folded(std::move(expression), node);
}

std::optional<Expression> ExpressionResolver::call(const ExpressionNode& node) {
  if (node.name == "count") return count_of_role(node);
  const plan::Function* function = plan::find_function(node.name);
  if (function == nullptr) {
    std::vector<std::string> names{"count"};
    for (const plan::Function& known : plan::functions()) names.emplace_back(known.name);
    report_.error("E0221", node.name_span, fmt::format("there is no function `{}`", node.name),
                  did_you_mean(node.name, names));
    return std::nullopt;
  }
  Expression expression;
  expression.op = Operator::Call;
  expression.name = node.name;
  expression.type = function->result;
  if (!operands(node, expression)) return std::nullopt;
  const std::size_t wanted = function->parameters.size();
  if (expression.operands.size() != wanted) {
    report_.error("E0221", node.span,
                  fmt::format("`{}` takes {} argument{}, and here are {}", node.name, wanted,
                              wanted == 1 ? "" : "s", expression.operands.size()));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < wanted && !function->any_type; ++i) {
    if (expression.operands[i].type == function->parameters[i]) continue;
    report_.error(
        "E0205", node.operands[i].span,
        fmt::format("`{}` takes {} here, and this is {}", node.name,
                    article(function->parameters[i]), article(expression.operands[i].type)));
    return std::nullopt;
  }
  return folded(std::move(expression), node);
}

std::optional<Expression> ExpressionResolver::count_of_role(const ExpressionNode& node) {
  const bool named = node.operands.size() == 1 && (node.operands[0].kind == Kind::Variable ||
                                                   node.operands[0].kind == Kind::Literal);
  const ExpressionNode* argument = named ? &node.operands[0] : nullptr;
  const bool text =
      named && argument->kind == Kind::Literal && argument->value.type() == Type::String;
  if (!named || (argument->kind == Kind::Literal && !text)) {
    report_.error("E0221", node.span, "`count` takes the name of a role");
    return std::nullopt;
  }
  const std::string name = text ? std::get<std::string>(argument->value.content) : argument->name;
  const auto role = scope_.roles.find(name);
  if (role == scope_.roles.end() || !scope_.targets_known) {
    std::vector<std::string> names;
    for (const auto& [known, id] : scope_.roles) names.push_back(known);
    report_.error("E0203", argument->span, fmt::format("there is no role `{}`", name),
                  did_you_mean(name, names));
    return std::nullopt;
  }
  const std::uint32_t targets = plan_.target_lists[plan_.roles[role->second].targets].size();
  return plan::constant({plan::Number{std::int64_t{targets} * 1'000'000}});
}

// What is known is worked out now, so that a plan holds values and not sums.
std::optional<Expression> ExpressionResolver::folded(Expression expression,
                                                     const ExpressionNode& node) {
  if (expression.stage != Stage::Known) return expression;
  const plan::PlanEnvironment nowhere(plan_, {}, {});
  const auto value = plan::evaluate(expression, nowhere);
  if (!value) {
    report_.error("E0217", node.span, value.error().message);
    return std::nullopt;
  }
  return plan::constant(value.value());
}

bool ExpressionResolver::check_targets(const Expression& expression,
                                       const plan::TargetList& targets, base::Span span,
                                       const Wanted& wanted) {
  if (expression.stage != Stage::PerTarget) return true;
  const bool by_name = reads_names(expression) && expression.type != Type::String;
  std::set<plan::PropertySetId> seen;
  bool whole = true;
  targets.for_each([&](plan::TargetId target) {
    if (!whole || (!by_name && !seen.insert(plan_.targets.properties(target)).second)) return;
    const auto value = plan::evaluate(expression, plan::PlanEnvironment(plan_, target, target));
    if (value) return;
    whole = false;
    report_.error("E0217", span,
                  fmt::format("{} cannot be worked out for `{}`: {}", wanted.use,
                              plan_.targets.name(target), value.error().message));
  });
  return whole;
}

}  // namespace sluice::compiler
