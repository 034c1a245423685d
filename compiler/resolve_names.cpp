// The names in an expression: variables, parameters, secrets, properties, outputs and roles.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/resolve_expression.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

// What other languages call `true` and `false`.
bool is_foreign_boolean(std::string_view name) {
  constexpr std::array<std::string_view, 10> words{"True",  "TRUE",  "yes", "Yes", "on",
                                                   "False", "FALSE", "no",  "No",  "off"};
  return std::find(words.begin(), words.end(), name) != words.end();
}

bool is_foreign_nothing(std::string_view name) {
  constexpr std::array<std::string_view, 5> words{"null", "none", "None", "nil", "undefined"};
  return std::find(words.begin(), words.end(), name) != words.end();
}

using plan::Expression;
using plan::Operator;
using plan::Stage;
using plan::Type;

using Kind = ExpressionNode::Kind;

// Whether a chain of properties begins with `steps[…]`.
bool of_steps(const ExpressionNode& node) {
  const ExpressionNode* at = &node;
  while (at->kind == Kind::Property || at->kind == Kind::Index) at = &at->operands[0];
  return at->kind == Kind::Variable && at->name == "steps" && at != &node;
}

}  // namespace

// The one that is nearest: a property where they stand by their bare names, a parameter, and then
// what the file declares.
std::optional<Expression> ExpressionResolver::variable(const ExpressionNode& node) {
  const auto property = scope_.properties.find(node.name);
  const bool always = node.name == "name" || node.name == "address";
  if (bare_properties_ && (always || property != scope_.properties.end())) {
    Expression expression;
    expression.op = Operator::TargetProperty;
    expression.stage = Stage::PerTarget;
    expression.name = node.name;
    if (!always) expression.type = property->second;
    return expression;
  }
  const auto parameter = scope_.parameters.find(node.name);
  if (parameter != scope_.parameters.end()) {
    parameter->second.used = true;
    if (parameter->second.broken) return std::nullopt;
    return parameter->second.value;
  }
  const auto secret = scope_.secrets.find(node.name);
  if (secret != scope_.secrets.end()) {
    secret->second.used = true;
    Expression expression;
    expression.op = Operator::SecretReference;
    expression.type = Type::Secret;
    expression.stage = Stage::AtRunTime;
    expression.name = node.name;
    return expression;
  }
  const auto found = scope_.variables.find(node.name);
  if (found != scope_.variables.end()) {
    found->second.used = true;
    if (found->second.broken) return std::nullopt;
    return plan::constant(found->second.value);
  }
  report_unknown(node);
  return std::nullopt;
}

void ExpressionResolver::report_unknown(const ExpressionNode& node) {
  if (node.name == "target" || node.name == "host" || node.name == "deployment") {
    report_.error("E0204", node.span, fmt::format("`{}` alone is no value", node.name),
                  {fmt::format("name a property: `{}.name`", node.name)});
    return;
  }
  if (node.name == "steps") {
    report_.error("E0204", node.span, "`steps` alone is no value",
                  {"name an output: `steps[\"Smoke test\"].outputs.healthy`"});
    return;
  }
  std::vector<std::string> names;
  // Past a screenful of errors nobody is helped any more by the nearest name.
  if (!report_.helps()) {
    return report_.error("E0204", node.span, fmt::format("there is no variable `{}`", node.name));
  }
  for (const auto& [name, entry] : scope_.variables) names.push_back(name);
  for (const auto& [name, entry] : scope_.parameters) names.push_back(name);
  for (const auto& [name, entry] : scope_.secrets) names.push_back(name);
  if (bare_properties_) {
    names.insert(names.end(), {"name", "address"});
    for (const auto& [name, type] : scope_.properties) names.push_back(name);
  }
  const auto mixed = scope_.mixed_properties.find(node.name);
  if (bare_properties_ && mixed != scope_.mixed_properties.end()) {
    return report_mixed(node.name, mixed->second, node.span);
  }
  std::vector<std::string> hints = did_you_mean(node.name, names);
  if (!bare_properties_ && scope_.properties.contains(node.name)) {
    hints = {fmt::format("a property is `target.{}`; only `where` reads it bare", node.name)};
  }
  if (hints.empty() && is_foreign_boolean(node.name)) {
    hints.emplace_back("a boolean is written `true` or `false`");
  }
  if (hints.empty() && is_foreign_nothing(node.name)) {
    hints.emplace_back("every name has a value: an empty text is `\"\"`");
  }
  if (hints.empty()) {
    hints.push_back(fmt::format(
        "a text stands in quotes, \"{}\"; a variable is declared with `variable`", node.name));
  }
  report_.error("E0204", node.span,
                fmt::format("there is no {}variable `{}`",
                            bare_properties_ ? "property and no " : "", node.name),
                hints);
}

void ExpressionResolver::report_mixed(const std::string& name, const std::string& why,
                                      base::Span span) {
  report_.error("E0222", span, fmt::format("the property `{}` cannot be used: {}", name, why),
                {"make it of one type in the inventory"});
}

std::optional<Expression> ExpressionResolver::property(const ExpressionNode& node,
                                                       const std::string& name,
                                                       base::Span name_span) {
  const ExpressionNode& owner = node.operands[0];
  Expression expression;
  expression.name = name;
  if (owner.kind == Kind::Variable && owner.name == "deployment") {
    return deployment_property(name, name_span);
  }
  if (of_steps(owner)) return output(owner, name, node.span);
  const bool target = owner.kind == Kind::Variable && owner.name == "target";
  const bool host = owner.kind == Kind::Variable && owner.name == "host";
  if (!target && !host) {
    report_.error("E0222", node.span, "only `target`, `host` and `deployment` have properties",
                  {"an output is `steps[\"Smoke test\"].outputs.healthy`"});
    return std::nullopt;
  }
  if (!scope_.targets_known) {
    report_.error("E0218", node.span, "this is worked out before there are targets",
                  {"a variable is the same for all: write it where it is used, in a step"});
    return std::nullopt;
  }
  expression.op = target ? Operator::TargetProperty : Operator::HostProperty;
  expression.stage = target ? Stage::PerTarget : Stage::PerHost;
  if (name == "name" || name == "address") return expression;
  const auto found = scope_.properties.find(name);
  const auto mixed = scope_.mixed_properties.find(name);
  if (mixed != scope_.mixed_properties.end()) {
    report_mixed(name, mixed->second, name_span);
    return std::nullopt;
  }
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

std::optional<Expression> ExpressionResolver::deployment_property(const std::string& name,
                                                                  base::Span name_span) {
  if (name == "name") return plan::constant({scope_.deployment});
  if (name == "environment") return plan::constant({scope_.environment});
  Expression expression;
  expression.op = Operator::DeploymentProperty;
  expression.stage = Stage::AtRunTime;
  expression.name = name;
  if (name == "id" || name == "status") return expression;
  const std::vector<std::string> names{"name", "id", "status", "environment"};
  auto hints = did_you_mean(name, names);
  hints.push_back("it has `name`, `id`, `status` and `environment`");
  report_.error("E0222", name_span, fmt::format("`deployment` has no `{}`", name), hints);
  return std::nullopt;
}

// `steps["A/B"].outputs` before `.name`.
std::optional<Expression> ExpressionResolver::output(const ExpressionNode& owner,
                                                     const std::string& name, base::Span span) {
  const bool whole = owner.kind == Kind::Property && owner.name == "outputs" &&
                     owner.operands[0].kind == Kind::Index;
  const ExpressionNode* step = whole ? &owner.operands[0].operands[1] : nullptr;
  if (!whole || step->kind != Kind::Literal || step->value.type() != Type::String) {
    std::vector<std::string> hints{"write `steps[\"Smoke test\"].outputs.healthy`"};
    if (owner.kind == Kind::Index) {
      hints.emplace_back(
          "how a step ended is asked by the step that waits for it: `after \"Smoke "
          "test\" when failure`");
    }
    report_.error("E0222", span, "what a step wrote is named by the step and the output", hints);
    return std::nullopt;
  }
  if (!scope_.reader.step.valid()) {
    report_.error("E0218", span, "this is worked out before any step has run");
    return std::nullopt;
  }
  const std::string& written = std::get<std::string>(step->value.content);
  const auto found = scope_.outputs.find(written);
  if (found == scope_.outputs.end() || found->second.size() != 1) {
    std::vector<std::string> names;
    for (const auto& [known, sources] : scope_.outputs) names.push_back(known);
    const bool two = found != scope_.outputs.end();
    report_.error("E0307", step->span,
                  two ? fmt::format("`{}` fits more than one step", written)
                      : fmt::format("there is no step `{}` that writes outputs", written),
                  two ? std::vector<std::string>{"give one of them another name"}
                      : did_you_mean(written, names));
    return std::nullopt;
  }
  Expression expression;
  expression.op = Operator::StepOutput;
  expression.stage = Stage::AtRunTime;
  expression.name = name;
  expression.source = found->second[0];
  const Reader& reader = scope_.reader;
  scope_.reads.push_back(
      {expression.source, span, written, reader.step, reader.task, reader.behind});
  return expression;
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
  if (!scope_.targets_known) {
    report_.error("E0218", node.span, "this is worked out before there are roles",
                  {"write it where it is used, as in `window count(web)`"});
    return std::nullopt;
  }
  if (role == scope_.roles.end()) {
    std::vector<std::string> names;
    for (const auto& [known, id] : scope_.roles) names.push_back(known);
    report_.error("E0203", argument->span, fmt::format("there is no role `{}`", name),
                  did_you_mean(name, names));
    return std::nullopt;
  }
  const std::uint32_t targets = plan_.target_lists[plan_.roles[role->second].targets].size();
  return plan::constant({plan::Number{std::int64_t{targets} * 1'000'000}});
}

}  // namespace sluice::compiler
