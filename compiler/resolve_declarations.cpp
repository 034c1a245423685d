// `deployment` and `variable`.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/literals.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"
#include "compiler/variable_names.h"

namespace sluice::compiler {

namespace {

using plan::Type;

constexpr std::size_t most_value_bytes = 100'000;

// A value as it is given from outside, read as the type that the variable has.
std::optional<plan::Value> read_value(std::string_view text, Type type) {
  if (type == Type::String) return plan::Value{std::string(text)};
  if (type == Type::Boolean) {
    if (text == "true" || text == "false") return plan::Value{text == "true"};
    return std::nullopt;
  }
  if (type == Type::List) {
    plan::Value::List items;
    while (!text.empty()) {
      const std::size_t comma = std::min(text.find(','), text.size());
      items.push_back({std::string(text.substr(0, comma))});
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return plan::Value{std::move(items)};
  }
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  const Quantity quantity = read_quantity(text);
  if (!quantity.value || quantity.value->type() != type) return std::nullopt;
  return quantity.value;
}

const std::string* find_given(const std::vector<std::pair<std::string, std::string>>& given,
                              const std::string& name) {
  const std::string* found = nullptr;
  for (const auto& [key, value] : given) {
    if (key == name) found = &value;  // the last one counts
  }
  return found;
}

class Variables {
 public:
  explicit Variables(Resolver& resolver) : resolver_(resolver) {}

  void declare(const VariableNode& node) {
    const std::string& name = node.name.text;
    const std::string refused = refused_variable_name(name);
    if (!refused.empty()) {
      resolver_.report.error("E0209", node.name.span,
                             fmt::format("a variable cannot be called `{}`: {}", name, refused),
                             {fmt::format("call it `the_{}`, say", lower(name))});
      declare_broken(node);
      return;
    }
    for (const auto& [known, entry] : resolver_.scope.variables) {
      if (lower(known) != lower(name)) continue;
      resolver_.report.error("E0202", node.name.span,
                             known == name
                                 ? fmt::format("the variable `{}` is declared twice", name)
                                 : fmt::format("`{}` and `{}` differ in case alone", name, known),
                             {}, {{entry.span, "first declared here"}});
      return;
    }
    std::optional<Type> type = declared_type(node);
    declare_broken(node);  // until its value is known
    if (node.type && !type) return;
    std::optional<plan::Value> value = written_value(node, type);
    if (node.value && !value) return;
    if (!type && value) type = value->type();
    if (!given_value(node, type.value_or(Type::String), value)) return;
    if (!value) {
      resolver_.report.error("E0208", node.name.span,
                             fmt::format("the variable `{}` has no value", name),
                             {fmt::format("give it one here, or with `--set {}=…`", name)});
      declare_empty(node, type.value_or(Type::String));
      return;
    }
    const std::string text = plan::environment_text(*value);
    if (text.find('\0') != std::string::npos || text.size() > most_value_bytes) {
      resolver_.report.error(
          "E0215", node.span,
          "a value has no NUL and at most 100,000 bytes: a script could not get it");
      return;
    }
    resolver_.scope.variables[name] = {*value, node.name.span, false};
    resolver_.plan.variables.push_back({name, *std::move(value)});
  }

 private:
  static std::string lower(std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
  }

  void declare_broken(const VariableNode& node) {
    resolver_.scope.variables[node.name.text] = {{}, node.name.span, true, true};
  }

  // So that its uses are no further mistakes.
  void declare_empty(const VariableNode& node, Type type) {
    plan::Value value{std::string()};
    if (type == Type::Number) value = {plan::Number{1'000'000}};
    if (type == Type::Boolean) value = {false};
    if (type == Type::Duration) value = {base::Duration{0}};
    if (type == Type::Percentage) value = {plan::Percentage{100'000'000}};
    if (type == Type::Size) value = {plan::Size{0}};
    if (type == Type::List) value = {plan::Value::List{}};
    resolver_.scope.variables[node.name.text] = {std::move(value), node.name.span, true};
  }

  std::optional<Type> declared_type(const VariableNode& node) {
    return node.type ? find_type(*node.type, resolver_) : std::nullopt;
  }

  std::optional<plan::Value> written_value(const VariableNode& node, std::optional<Type> type) {
    if (!node.value) return std::nullopt;
    Wanted wanted{fmt::format("the variable `{}`", node.name.text), {}, plan::Stage::Known};
    if (type) wanted.types = {*type};
    return resolver_.expressions.resolve_known(*node.value, wanted);
  }

  // --set wins over the environment, and that over the file.
  bool given_value(const VariableNode& node, Type type, std::optional<plan::Value>& value) {
    const std::string& name = node.name.text;
    const std::string* set = find_given(resolver_.options.set, name);
    const std::string* given =
        set != nullptr ? set : find_given(resolver_.options.environment, name);
    if (given == nullptr) return true;
    const std::string source = set != nullptr ? "--set " + name : "SLUICE_VAR_" + name;
    const std::optional<plan::Value> read = read_value(*given, type);
    if (!read || base::find_invalid_utf8(*given) != std::string::npos) {
      resolver_.report.error(
          "E0210", node.name.span,
          fmt::format("{}: `{}` is no {}", source, base::printable(*given), plan::type_name(type)));
      return false;
    }
    value = read;
    return true;
  }

  Resolver& resolver_;
};

}  // namespace

std::optional<Type> find_type(const Name& name, Resolver& resolver) {
  const std::optional<Type> type = plan::type_of_name(name.text);
  if (type && *type != Type::Rate && *type != Type::Secret) return type;
  const std::vector<std::string> names{"string",     "number", "boolean", "duration",
                                       "percentage", "size",   "list"};
  auto hints = did_you_mean(name.text, names);
  hints.push_back("types are string, number, boolean, duration, percentage, size and list");
  resolver.report.error("E0219", name.span, fmt::format("there is no type `{}`", name.text), hints);
  return std::nullopt;
}

void resolve_deployment(const SyntaxTree& tree, Resolver& resolver) {
  const base::Span start{tree.file, 0, 0};
  const DeploymentNode* first = nullptr;
  for (std::size_t i = 0; i < tree.declarations.size(); ++i) {
    const auto* node = std::get_if<DeploymentNode>(&tree.declarations[i]);
    if (node == nullptr) continue;
    if (first != nullptr) {
      resolver.report.error("E0201", node->span, "a file has one `deployment`", {},
                            {{first->span, "the first one is here"}});
      continue;
    }
    first = node;
    if (i > 0) resolver.report.error("E0201", node->span, "`deployment` stands first in the file");
    if (node->name.text.empty()) {
      resolver.report.error("E0215", node->name.span, "the deployment's name is empty");
    }
  }
  if (first == nullptr) {
    resolver.report.error("E0201", start, "the file has no `deployment`",
                          {"begin it with `deployment \"Name\"`"});
    return;
  }
  resolver.plan.deployment = resolver.scope.deployment = first->name.text;
}

void resolve_variables(const SyntaxTree& tree, Resolver& resolver) {
  Variables variables(resolver);
  std::vector<std::string> names;
  for (const DeclarationNode& declaration : tree.declarations) {
    if (const auto* node = std::get_if<VariableNode>(&declaration)) {
      names.push_back(node->name.text);
      variables.declare(*node);
    }
  }
  for (const auto& [name, value] : resolver.options.set) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    resolver.report.error("E0210", {tree.file, 0, 0},
                          fmt::format("--set {}: the file declares no such variable", name),
                          did_you_mean(name, names));
  }
  std::sort(resolver.plan.variables.begin(), resolver.plan.variables.end(),
            [](const plan::Variable& a, const plan::Variable& b) { return a.name < b.name; });
}

}  // namespace sluice::compiler
