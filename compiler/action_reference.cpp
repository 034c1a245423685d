// docs/ACTIONS.md: the table of actions as a page.
#include <fmt/format.h>

#include "compiler/action_table.h"
#include "compiler/phrases.h"

namespace sluice::compiler {

namespace {

std::string code(std::string_view text) {
  return fmt::format("`{}`", text);
}

std::string joined(const std::vector<std::string_view>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    text += code(words[i]);
  }
  return text;
}

std::string type_of(const AttributeSchema& attribute) {
  if (attribute.map) return "block of names and strings";
  if (attribute.literal) return "literal text";
  if (!attribute.words.empty()) return joined(attribute.words, "or");
  return std::string(plan::type_name(attribute.type));
}

std::string default_of(const AttributeSchema& attribute) {
  if (attribute.required) return "**required**";
  if (!attribute.default_value) return "";
  return code(plan::to_text(*attribute.default_value));
}

std::string notes_of(const AttributeSchema& attribute) {
  std::string notes(attribute.documentation);
  if (attribute.known) notes += "; the same for all targets";
  if (attribute.secret) notes += attribute.map ? "; each may be a secret" : "; may be a secret";
  return notes;
}

std::string place_of(const ActionSchema& action) {
  switch (action.runs_on) {
    case RunsOn::Target:
      return "on the target, or where `via` says";
    case RunsOn::Controller:
      return "from the controller, or where `via` says";
    case RunsOn::Nowhere:
      return "nowhere: nothing is sent to a target";
  }
  return "";
}

std::string effects_of(const ActionSchema& action) {
  if (action.usual_effects.empty()) return "none of its own";
  std::string text;
  for (const UsualEffect& effect : action.usual_effects) {
    text += fmt::format("{}with `{} = \"{}\"` the step usually says {}", text.empty() ? "" : "; ",
                        effect.attribute, effect.value, code(phrase_rule(effect.phrase).words));
  }
  return text;
}

std::string section(const ActionSchema& action) {
  std::string text = fmt::format("\n## `{}`\n\n{}\n\n", action.kind, action.documentation);
  text +=
      fmt::format("- Written: {}\n",
                  action.argument.empty()
                      ? fmt::format("`run {} {{ … }}`", action.kind)
                      : fmt::format("`run {} {} {{ … }}`; what stands behind `{}` is its `{}`",
                                    action.kind, action.argument == "duration" ? "30s" : "\"…\"",
                                    action.kind, action.argument));
  text += fmt::format("- Runs: {}\n", place_of(action));
  text += fmt::format("- Takes, where the step does not say: {}\n",
                      action.default_takes ? code(plan::to_text(plan::Value{*action.default_takes}))
                                           : "as long as its `duration`");
  text += fmt::format("- Effect on the target's service: {}\n", effects_of(action));
  if (action.writes_outputs) {
    text += "- Outputs: what it writes to `$SLUICE_OUTPUT` as `name=value` lines\n";
  }
  text += "\n| attribute | type | default | |\n| --- | --- | --- | --- |\n";
  for (const AttributeSchema& attribute : action.attributes) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", attribute.name, type_of(attribute),
                        default_of(attribute), notes_of(attribute));
  }
  return text;
}

}  // namespace

std::string action_reference() {
  std::string text =
      "# Actions\n\n"
      "What stands behind `run`. This page is written from the table in the compiler by a test, "
      "and the same test fails where it is not up to date.\n\n"
      "`run \"command\"` is short for `run script \"command\"`. What the page calls a literal text "
      "stands in the file as it is, without `${…}` of ours; every other value may be an "
      "expression. A secret may stand only where the page says so, and alone.\n\n"
      "| action | |\n| --- | --- |\n";
  for (const ActionSchema& action : action_table()) {
    text += fmt::format("| [`{}`](#{}) | {} |\n", action.kind, action.kind, action.documentation);
  }
  for (const ActionSchema& action : action_table()) text += section(action);
  return text;
}

}  // namespace sluice::compiler
