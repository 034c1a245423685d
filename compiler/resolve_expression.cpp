#include "compiler/resolve_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
std::vector<std::string> cure(Type found, const std::vector<Type>& wanted,
                              const ExpressionNode& node, std::string_view use) {
  if (found == Type::List && use == "`batches`") {
    return {"sizes stand in a row, without brackets: `batches 1, 10%, 50%`"};
  }
  if (found == Type::String && use == "the condition" && node.kind == Kind::Literal) {
    return {"a step that is waited for is named so: `after \"A\" when failure`"};
  }
  if (found == Type::Number && wanted == std::vector{Type::Percentage}) {
    if (node.kind != Kind::Literal) return {"a percentage ends in `%`"};
    return {fmt::format("a percentage ends in `%`: `{}%`", plan::to_text(node.value))};
  }
  const auto wants = [&](Type type) {
    return std::find(wanted.begin(), wanted.end(), type) != wanted.end();
  };
  if (found == Type::Number && wants(Type::Duration)) return {"a duration has a unit: `30s`, `5m`"};
  if (found == Type::Size && wants(Type::Rate)) return {"a rate is in bits a second: `1Gbps`"};
  if (found == Type::Number && wants(Type::String)) return {"write it in quotes"};
  if (found == Type::String && wants(Type::Duration)) return {"a duration has no quotes: `30s`"};
  if (found == Type::String && wants(Type::Number)) return {"a number has no quotes"};
  if (found == Type::Number && wants(Type::Size)) return {"a size has a unit: `500kB`, `20MB`"};
  if (found == Type::Percentage && wants(Type::Duration)) {
    return {"a duration has a unit: `30s`, `5m`"};
  }
  if (found == Type::Percentage && wants(Type::Number)) return {"write how many, without `%`"};
  if (found == Type::String && wants(Type::List)) return {"a list stands in brackets: `[\"a\"]`"};
  if (found == Type::String && wants(Type::Boolean) && node.kind != Kind::Literal) {
    return {"a text is compared, as in `zone == \"eu-1\"`"};
  }
  return {};
}

// What makes two values of one type where an operator stands between them.
std::vector<std::string> cure(Type left, Type right) {
  const auto are = [&](Type a, Type b) {
    return (left == a && right == b) || (left == b && right == a);
  };
  if (are(Type::String, Type::Number))
    return {"`number(…)` and `text(…)` convert; nothing else does"};
  if (are(Type::Number, Type::Duration)) return {"a duration has a unit: `30s`, `5m`"};
  if (are(Type::Number, Type::Size)) return {"a size has a unit: `500kB`, `20MB`"};
  if (are(Type::Number, Type::Percentage)) return {"a percentage ends in `%`: `25%`"};
  return {};
}

bool takes_secret(const Wanted& wanted) {
  return std::find(wanted.types.begin(), wanted.types.end(), Type::Secret) != wanted.types.end();
}

// Types are named for a person: a place that takes a secret as well is one that takes a text.
std::vector<Type> without_secret(std::vector<Type> types) {
  std::erase(types, Type::Secret);
  return types;
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
  bare_properties_ = wanted.bare_properties;
  std::optional<Expression> expression = tree(node);
  bare_properties_ = false;
  if (!expression) return std::nullopt;
  if (expression->type == Type::Secret && !takes_secret(wanted)) {
    report_.error("E0223", node.span,
                  fmt::format("{} cannot be a secret: it would be seen", wanted.use),
                  {"a secret reaches a script as in `environment { API_TOKEN = token }`"});
    return std::nullopt;
  }
  const bool fits = wanted.types.empty() || std::find(wanted.types.begin(), wanted.types.end(),
                                                      expression->type) != wanted.types.end();
  if (!fits) {
    std::vector<std::string> hints = cure(expression->type, wanted.types, node, wanted.use);
    if (hints.empty() && !wanted.hint.empty()) hints.push_back(wanted.hint);
    report_.error("E0205", node.span,
                  fmt::format("{} is {}, and this is {}", wanted.use,
                              type_words(without_secret(wanted.types)), article(expression->type)),
                  std::move(hints));
    return std::nullopt;
  }
  if (expression->stage > wanted.latest) {
    const bool known = wanted.latest == Stage::Known;
    std::vector<std::string> hints;
    if (known && !wanted.why_known.empty()) hints.push_back(wanted.why_known);
    hints.emplace_back(known ? "use variables and literals, not `target.…`"
                             : "it reads what only a run knows");
    report_.error("E0218", node.span,
                  known ? fmt::format("{} must be known for all targets alike", wanted.use)
                        : fmt::format("{} must be known before anything runs", wanted.use),
                  std::move(hints));
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
      if (index.broken) return std::nullopt;
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

// A secret is never part of anything else: not of a text, a list or a comparison.
bool ExpressionResolver::no_secret(const Expression& expression, base::Span span) {
  if (expression.type != Type::Secret) return true;
  report_.error("E0223", span,
                fmt::format("the secret `{}` cannot be part of another value", expression.name),
                {"it stands alone, as in `environment { API_TOKEN = token }`, and is all of the "
                 "value"});
  return false;
}

bool ExpressionResolver::operands(const ExpressionNode& node, Expression& expression) {
  bool whole = true;
  for (const ExpressionNode& part : node.operands) {
    std::optional<Expression> operand = tree(part);
    if (!operand) {
      whole = false;
      continue;
    }
    whole = no_secret(*operand, part.span) && whole;
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
  if (report_written_together(node)) return std::nullopt;
  if (!operands(node, expression)) return std::nullopt;
  const Type left = expression.operands[0].type;
  const Type right = expression.operands[1].type;
  const std::optional<Type> type = plan::result_type(expression.op, left, right);
  if (!type) {
    std::vector<std::string> hints = cure(left, right);
    const bool joins = expression.op == Operator::And || expression.op == Operator::Or;
    if (joins && left == Type::Boolean && node.operands[1].kind == Kind::Literal) {
      hints = {fmt::format("both sides are comparisons, as in `a == 1 {} a == 2`", node.name)};
    }
    if (node.name == "-" && right == Type::Duration) {
      hints = {"from one to another is `10s to 20s`"};
    }
    report_.error(
        "E0205", node.span,
        fmt::format("`{}` does not take {} and {}", node.name, article(left), article(right)),
        std::move(hints));
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
    std::vector<std::string> near = names;
    near.insert(near.end(), {"normal", "lognormal", "triangular", "exponential"});
    auto hints = did_you_mean(node.name, near);
    if (node.name == "uniform") hints = {"from one to another is `20s to 40s`"};
    if (hints.empty()) hints.push_back(there_are(names));
    report_.error("E0221", node.name_span, fmt::format("there is no function `{}`", node.name),
                  hints);
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
  if (node.name == "matches") warn_of_pattern(node.operands[1]);
  return folded(std::move(expression), node);
}

// `*` and `?` are all that a pattern knows, and who writes more meant another kind.
void ExpressionResolver::warn_of_pattern(const ExpressionNode& node) {
  if (node.kind != Kind::Literal) return;
  const std::string& pattern = std::get<std::string>(node.value.content);
  constexpr std::array<std::string_view, 9> signs{".*", ".+", "]+", "]*", "\\",
                                                  "(",  "|",  ")?", "]{"};
  const bool other = pattern.starts_with('^') || pattern.ends_with('$') ||
                     std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) {
                       return pattern.find(sign) != std::string::npos;
                     });
  const std::size_t set = pattern.find('[');
  const bool range = set != std::string::npos && pattern.find('-', set) != std::string::npos &&
                     pattern.find(']', set) != std::string::npos;
  if (!other && !range) return;
  report_.warning("W0413", node.span,
                  "a pattern knows `*` and `?`, and this has signs of another kind",
                  {"`*` stands for any characters and `?` for one, as in `\"web-*\"`"});
}

// `target.install-time` and `100MB/s` are read as a difference and a quotient.
bool ExpressionResolver::report_written_together(const ExpressionNode& node) {
  const ExpressionNode& left = node.operands[0];
  const ExpressionNode& right = node.operands[1];
  const bool together = left.span.end + 1 == right.span.begin && right.kind == Kind::Variable;
  if (!together || scope_.variables.contains(right.name)) return false;
  if (node.name == "-" && left.kind == Kind::Property && !scope_.parameters.contains(right.name)) {
    report_.error(
        "E0222", node.span, "a property's name is of letters, digits and `_` here",
        {fmt::format("write `{}[\"{}-{}\"]`", left.operands[0].name, left.name, right.name)});
    return true;
  }
  if (node.name != "/" || right.name != "s" || left.kind != Kind::Literal) return false;
  report_.error("E0205", node.span, "a rate has a unit of its own",
                {"it is in bits a second: `800Mbps` are 100 MB a second"});
  return true;
}

// What is known is worked out now, so that a plan holds values and not sums.
std::optional<Expression> ExpressionResolver::folded(Expression expression,
                                                     const ExpressionNode& node) {
  if (expression.stage != Stage::Known) return expression;
  const plan::PlanEnvironment nowhere(plan_, {}, {});
  const auto value = plan::evaluate(expression, nowhere);
  if (!value) {
    std::vector<std::string> hints;
    if (expression.op == Operator::Subtract && expression.type == Type::Duration) {
      hints.emplace_back("no duration is less than nothing; from one to another is `20s to 40s`");
    }
    report_.error("E0217", node.span, value.error().message, hints);
    return std::nullopt;
  }
  return plan::constant(value.value());
}

bool ExpressionResolver::check_targets(const Expression& expression,
                                       const plan::TargetList& targets, base::Span span,
                                       const Wanted& wanted) {
  if (expression.stage != Stage::PerTarget) return true;
  const bool by_name =
      reads_names(expression) && (expression.type != Type::String || wanted.problem);
  std::set<plan::PropertySetId> seen;
  bool whole = true;
  targets.for_each([&](plan::TargetId target) {
    if (!whole || (!by_name && !seen.insert(plan_.targets.properties(target)).second)) return;
    const auto value = plan::evaluate(expression, plan::PlanEnvironment(plan_, target, target));
    const std::string_view name = plan_.targets.name(target);
    if (!value) {
      whole = false;
      std::vector<std::string> hints;
      if (value.error().message.ends_with("is not set")) {
        hints.emplace_back("each target of the step needs it; `except` leaves targets out");
      }
      report_.error("E0217", span,
                    fmt::format("{} cannot be worked out for `{}`: {}", wanted.use, name,
                                value.error().message),
                    std::move(hints));
      return;
    }
    const std::string problem = wanted.problem ? wanted.problem(value.value()) : "";
    if (problem.empty()) return;
    whole = false;
    report_.error("E0215", span,
                  fmt::format("{} does not fit for `{}`: {}", wanted.use, name, problem));
  });
  return whole;
}

}  // namespace sluice::compiler
