// Warnings of texts that name a value and are not filled in: `$release` where no shell reads,
// `{{ release }}` of other tools, `${target.name}` where only a shell reads.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/characters.h"
#include "compiler/warnings.h"

namespace sluice::compiler {

namespace {

bool is_in_name(char c) {
  return base::is_letter_or_digit(c) || c == '_';
}

// The letters, digits and `_` from there on.
std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_in_name(text[end])) ++end;
  return text.substr(at, end - at);
}

class Texts {
 public:
  explicit Texts(Resolver& resolver) : resolver_(resolver) {}

  // A text that sluice fills in, where it says so.
  void of_value(const ExpressionNode& node) {
    using Kind = ExpressionNode::Kind;
    const bool text = node.kind == Kind::TextBlock || node.kind == Kind::Interpolated ||
                      (node.kind == Kind::Literal && node.value.type() == plan::Type::String);
    if (!text) {
      for (const ExpressionNode& part : node.operands) of_value(part);
      return;
    }
    const std::string_view source = source_of(node);
    for (std::size_t at = source.find_first_of("${"); at != std::string_view::npos;
         at = source.find_first_of("${", at + 1)) {
      if (source[at] == '{') {
        moustache(source, at, node, "${{{}}}");
        continue;
      }
      if (at > 0 && source[at - 1] == '\\') continue;
      if (source.substr(at, 2) == "${") {
        if (node.kind == Kind::TextBlock) of_block(source, at, node);
        continue;
      }
      const std::string_view name = name_at(source, at + 1);
      if (resolver_.scope.secrets.contains(std::string(name))) {
        warn(node, at, name.size() + 1, "stays as it is: no shell reads this text",
             fmt::format("the secret stands alone, without quotes: `{}`", name));
        continue;
      }
      const std::string written = in_expression(name);
      if (written.empty()) continue;
      const std::string hint = node.kind == Kind::TextBlock
                                   ? fmt::format(
                                         "a text block is not filled in; a string is, with "
                                         "`${{{}}}`",
                                         written)
                                   : fmt::format("write `${{{}}}`", written);
      warn(node, at, name.size() + 1, "stays as it is: no shell reads this text", hint);
    }
  }

  // A script, which only a shell fills in.
  void of_script(const ExpressionNode& node) {
    const std::string_view source = source_of(node);
    for (std::size_t at = source.find('{'); at != std::string_view::npos;
         at = source.find('{', at + 1)) {
      moustache(source, at, node, "${}");
      if (at == 0 || source[at - 1] != '$') continue;
      const std::string_view owner = name_at(source, at + 1);
      const std::size_t dot = at + 1 + owner.size();
      if (dot >= source.size() || source[dot] != '.') continue;
      const std::string_view name = name_at(source, dot + 1);
      const std::string given = in_script(owner, name);
      if (given.empty()) continue;
      const std::size_t end = source.find('}', dot);
      const std::size_t length = end == std::string_view::npos ? name.size() : end + 2 - at;
      warn(node, at - 1, length, "is nothing that a shell can read",
           fmt::format("write `${}`", given));
    }
  }

 private:
  std::string_view source_of(const ExpressionNode& node) const {
    return resolver_.sources[node.span.file].text().substr(node.span.begin,
                                                           node.span.end - node.span.begin);
  }

  // `${release}` in a text block, which holds what stands there.
  void of_block(std::string_view source, std::size_t at, const ExpressionNode& node) {
    const std::string_view name = name_at(source, at + 2);
    const std::size_t end = source.find('}', at);
    const bool ours = is_known(name) || name == "target" || name == "deployment";
    if (!ours || end == std::string_view::npos) return;
    warn(node, at, end + 1 - at, "stays as it is: a text block is not filled in",
         "write the text as a string: `\"…\"`");
  }

  // `{{ release }}`.
  void moustache(std::string_view source, std::size_t at, const ExpressionNode& node,
                 std::string_view written) {
    if (source.substr(at, 2) != "{{") return;
    const std::size_t begin = std::min(source.find_first_not_of(' ', at + 2), source.size());
    const std::string_view name = name_at(source, begin);
    const std::size_t end = source.find_first_not_of(' ', begin + name.size());
    if (!is_known(name) || end == std::string_view::npos) return;
    if (source.substr(end, 2) != "}}") return;
    warn(node, at, end + 2 - at, "stays as it is: it is of another tool",
         fmt::format("write `{}`", fmt::format(fmt::runtime(written), name)));
  }

  bool is_known(std::string_view name) const {
    return resolver_.scope.variables.contains(std::string(name)) ||
           resolver_.scope.secrets.contains(std::string(name));
  }

  // As an expression has what a script is given by that name; empty: it is given none so.
  std::string in_expression(std::string_view name) const {
    if (resolver_.scope.variables.contains(std::string(name))) return std::string(name);
    if (name == "target_name" || name == "target_address") {
      return fmt::format("target.{}", name.substr(7));
    }
    if (name == "deployment_id") return "deployment.id";
    constexpr std::string_view target = "target_";
    if (name.starts_with(target)) name.remove_prefix(target.size());
    const bool property = resolver_.scope.properties.contains(std::string(name));
    return property ? fmt::format("target.{}", name) : "";
  }

  // As a script is given what an expression has.
  std::string in_script(std::string_view owner, std::string_view name) const {
    if (owner == "deployment" && name == "id") return "deployment_id";
    const bool known = name == "name" || name == "address" ||
                       resolver_.scope.properties.contains(std::string(name));
    return owner == "target" && known ? fmt::format("target_{}", name) : "";
  }

  void warn(const ExpressionNode& node, std::size_t at, std::size_t length, std::string_view what,
            std::string hint) {
    const std::string_view text = source_of(node).substr(at, length);
    const auto begin = static_cast<std::uint32_t>(node.span.begin + at);
    resolver_.report.warning(
        "W0412", {node.span.file, begin, begin + static_cast<std::uint32_t>(text.size())},
        fmt::format("`{}` {}", text, what), {std::move(hint)});
  }

  Resolver& resolver_;
};

void of_attribute(const AttributeNode& node, Texts& texts) {
  if (node.value) return texts.of_value(*node.value);
  for (const AttributeNode& entry : node.map) of_attribute(entry, texts);
}

}  // namespace

void warn_of_texts(const SyntaxTree& tree, std::span<const PlannedRun> runs, Resolver& resolver) {
  Texts texts(resolver);
  for (const DeclarationNode& declaration : tree.declarations) {
    const auto* variable = std::get_if<VariableNode>(&declaration);
    if (variable != nullptr && variable->value) texts.of_value(*variable->value);
  }
  for (const PlannedRun& planned : runs) {
    const ActionSchema& schema = *find_action(planned.work->action.kind);
    const bool shell = is_shell(planned.work->action);
    const auto take = [&](const AttributeSchema* attribute, const ExpressionNode& node) {
      const bool script = attribute != nullptr && attribute->literal;
      if (!script) texts.of_value(node);
      if (script && shell) texts.of_script(node);
    };
    if (planned.run->argument) {
      take(find_attribute(schema, schema.argument), *planned.run->argument);
    }
    for (const AttributeNode& node : planned.run->attributes) {
      if (node.value) {
        take(find_attribute(schema, node.name.text), *node.value);
      } else {
        of_attribute(node, texts);
      }
    }
  }
}

}  // namespace sluice::compiler
