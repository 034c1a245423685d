// `deployment` and `variable`.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/most_errors.h"
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
  Variables(const SyntaxTree& tree, Resolver& resolver) : resolver_(resolver) {
    for (const DeclarationNode& declaration : tree.declarations) {
      if (const auto* secret = std::get_if<SecretNode>(&declaration)) {
        secrets_.insert(secret->name.text);
      }
      const auto* node = std::get_if<VariableNode>(&declaration);
      if (node == nullptr) continue;
      names_.push_back(node->name.text);
      const auto [first, added] = first_.emplace(lower(node->name.text), node);
      if (!added) report_again(*node, *first->second);
    }
  }

  const std::vector<std::string>& names() const { return names_; }

  // With those that its value reads before it, wherever they stand: a variable may be declared
  // below its first use.
  void declare_in_turn(const VariableNode& node) {
    if (state_[&node] == State::Done) return;
    open(node);
    while (!path_.empty()) {
      Open& last = path_.back();
      if (last.next == last.reads.size()) {
        state_[last.node] = State::Done;
        if (!last.broken) declare(*last.node);
        if (last.broken) declare_broken(*last.node);
        path_.pop_back();
        continue;
      }
      const VariableNode* read = last.reads[last.next++];
      const State state = state_[read];
      if (state == State::Open) report_circle(*read);
      if (state == State::New) open(*read);
    }
  }

 private:
  enum class State : std::uint8_t { New, Open, Done };

  // A variable whose value is being worked out.
  struct Open {
    const VariableNode* node = nullptr;
    std::vector<const VariableNode*> reads;
    std::size_t next = 0;
    bool broken = false;
  };

  void open(const VariableNode& node) {
    state_[&node] = State::Open;
    Open made;
    made.node = &node;
    if (node.value) find_reads(*node.value, made);
    path_.push_back(std::move(made));
  }

  void find_reads(const ExpressionNode& node, Open& reader) {
    if (node.kind == ExpressionNode::Kind::Variable) {
      const auto found = first_.find(lower(node.name));
      if (found != first_.end() && found->second->name.text == node.name) {
        reader.reads.push_back(found->second);
      } else if (secrets_.count(node.name) > 0) {
        reader.broken = true;
        resolver_.report.error("E0223", node.span,
                               fmt::format("a variable cannot hold the secret `{}`: it would be "
                                           "seen",
                                           node.name),
                               {"name the secret itself where a script's `environment` takes it"});
      }
    }
    for (const ExpressionNode& part : node.operands) find_reads(part, reader);
  }

  void report_circle(const VariableNode& read) {
    std::size_t first = path_.size();
    while (path_[first - 1].node != &read) --first;
    --first;
    std::string circle;
    std::vector<base::Note> notes;
    for (std::size_t i = first; i < path_.size(); ++i) {
      constexpr std::size_t most_shown = 20;
      path_[i].broken = true;
      if (i - first < most_shown) circle += fmt::format("`{}` → ", path_[i].node->name.text);
      if (i - first == most_shown) circle += "… → ";
      if (i > first && i - first < most_shown) {
        notes.push_back({path_[i].node->name.span, "in the circle"});
      }
    }
    resolver_.report.error(
        "E0224", read.name.span,
        fmt::format("these variables need each other: {}`{}`", circle, read.name.text),
        {"give one of them a value of its own"}, std::move(notes));
  }

  void report_again(const VariableNode& node, const VariableNode& first) {
    resolver_.report.error(
        "E0202", node.name.span,
        node.name.text == first.name.text
            ? fmt::format("the variable `{}` is declared twice", node.name.text)
            : fmt::format("`{}` and `{}` differ in case alone", node.name.text, first.name.text),
        {}, {{first.name.span, "first declared here"}});
  }

  const VariableNode* first_called(const VariableNode& node) const {
    return first_.find(lower(node.name.text))->second;
  }

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
    if (first_called(node) != &node) return;
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
  std::set<std::string> secrets_;
  std::vector<std::string> names_;
  std::map<std::string, const VariableNode*> first_;  // by name in lower case
  std::unordered_map<const VariableNode*, State> state_;
  std::vector<Open> path_;
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
  Variables variables(tree, resolver);
  for (const DeclarationNode& declaration : tree.declarations) {
    if (base::is_full(resolver.diagnostics)) return;
    if (const auto* node = std::get_if<VariableNode>(&declaration)) {
      variables.declare_in_turn(*node);
    }
  }
  const std::vector<std::string>& names = variables.names();
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
