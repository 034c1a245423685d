#include "compiler/step_conditions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/most_errors.h"
#include "compiler/phrases.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::Operator;
using plan::Stage;
using plan::Type;

bool reads(const plan::Expression& expression, Operator op) {
  return expression.op == op ||
         std::any_of(expression.operands.begin(), expression.operands.end(),
                     [&](const plan::Expression& part) { return reads(part, op); });
}

// A word that was meant to be `success`, `failure` or `always` reads as a variable.
bool report_misspelt(const ExpressionNode& node, Resolver& resolver) {
  if (node.kind != ExpressionNode::Kind::Variable) return false;
  const Scope& scope = resolver.scope;
  if (scope.variables.count(node.name) > 0 || scope.parameters.count(node.name) > 0) return false;
  const std::vector<std::string> words{"success", "failure", "always"};
  auto hints = did_you_mean(node.name, words);
  if (hints.empty()) return false;
  resolver.report.error("E0309", node.span, fmt::format("there is no condition `{}`", node.name),
                        hints);
  return true;
}

}  // namespace

Condition resolve_when(std::span<const PhraseNode> phrases, const plan::TargetList& targets,
                       bool on_controller, Resolver& resolver) {
  Condition made;
  const PhraseNode* phrase = find_phrase(phrases, Phrase::WhenCondition);
  if (phrase == nullptr) return made;
  if (!phrase->names.empty()) {
    const std::string& word = phrase->names[0].text;
    if (word == "failure") made.when = plan::When::Failure;
    if (word == "always") made.when = plan::When::Always;
  }
  if (phrase->values.empty()) return made;
  const ExpressionNode& node = phrase->values[0];
  if (report_misspelt(node, resolver)) return made;
  const Wanted wanted{"the condition", {Type::Boolean}, Stage::AtRunTime};
  auto expression = resolver.expressions.resolve(node, wanted);
  if (!expression) return made;
  if (reads(*expression, Operator::HostProperty)) {
    resolver.report.error("E0218", node.span, "a condition is asked before there is a host",
                          {"use `target.…`"});
    return made;
  }
  if (on_controller && reads(*expression, Operator::TargetProperty)) {
    resolver.report.error("E0218", node.span,
                          "this step has no `on`, and so no target with properties");
    return made;
  }
  resolver.expressions.check_targets(*expression, targets, node.span, wanted);
  const plan::Value* known = plan::constant_value(*expression);
  if (known != nullptr && std::get<bool>(known->content)) return made;
  made.expression = std::move(expression);
  return made;
}

Waits resolve_waits(const StepNode& node, const NamedSteps& steps, bool first, Resolver& resolver) {
  Waits waits;
  waits.span = node.header_span;
  const PhraseNode* with_previous = find_phrase(node.phrases, Phrase::WithPrevious);
  const PhraseNode* after = find_phrase(node.phrases, Phrase::After);
  if (with_previous != nullptr) {
    waits.with_previous = true;
    waits.span = with_previous->span;
    if (first) {
      resolver.report.error("E0307", with_previous->span, "there is no step above this one");
    }
  }
  if (after == nullptr) return waits;
  waits.named = true;
  waits.span = after->span;
  if (with_previous != nullptr) {
    resolver.report.error("E0302", after->span,
                          "`after` and `with previous` say two different things", {},
                          {{with_previous->span, "here"}});
  }
  for (const Name& name : after->names) {
    if (base::is_full(resolver.diagnostics)) return waits;
    const auto found = steps.ids.find(name.text);
    if (found != steps.ids.end()) {
      waits.after.push_back(found->second);
      continue;
    }
    resolver.report.error("E0307", name.span, fmt::format("there is no step `{}`", name.text),
                          resolver.report.helps() ? did_you_mean(name.text, steps.names)
                                                  : std::vector<std::string>{});
  }
  return waits;
}

}  // namespace sluice::compiler
