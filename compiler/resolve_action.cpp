// The `run` of a step: its kind, its attributes, and what a script may say.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/resolver.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::Type;

// The script's text as it stands: `${name}` in a string is the shell's, not ours.
std::optional<plan::Value> script_text(const ExpressionNode& node, Resolver& resolver) {
  using Kind = ExpressionNode::Kind;
  const bool plain = node.kind == Kind::Literal || node.kind == Kind::TextBlock;
  if (plain && node.value.type() == Type::String) return node.value;
  if (node.kind != Kind::Interpolated) {
    resolver.report.error("E0205", node.span, "a script is a text that stands here",
                          {"values reach it as environment variables"});
    return std::nullopt;
  }
  std::string text;
  for (const ExpressionNode& part : node.operands) {
    if (part.kind == Kind::Literal) {
      text += std::get<std::string>(part.value.content);
    } else if (part.kind == Kind::Variable) {
      text += "${" + part.name + "}";
      const auto variable = resolver.scope.variables.find(part.name);
      if (variable != resolver.scope.variables.end()) variable->second.used = true;
    } else {
      resolver.report.error(
          "E0313", part.span, "a script is never a template: only `${name}` is left to the shell",
          {"put the value in a variable, which reaches the script as an environment variable, or "
           "write the script as a text block"});
      return std::nullopt;
    }
  }
  return plan::Value{std::move(text)};
}

// Names such as HAProxy's and header names: no blanks, no controls, nothing that ends a command.
bool is_plain_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 127 && c != ';' && c != '/' && c != '\\' && c != '"' && c != ',';
  });
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::string url_problem(std::string_view url) {
  const bool http = url.substr(0, 7) == "http://";
  const bool https = url.substr(0, 8) == "https://";
  if (!http && !https) return "a URL begins with `http://` or `https://`";
  const std::string_view rest = url.substr(http ? 7 : 8);
  if (rest.empty() || rest.front() == '/' || rest.front() == ':') return "the URL names no host";
  const bool clean = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  return clean ? "" : "a URL has no blanks and no characters beyond ASCII: write them as %20";
}

class ActionResolver {
 public:
  ActionResolver(const RunNode& run, const plan::TargetList& targets, bool on_controller,
                 Resolver& resolver)
      : run_(run), targets_(targets), on_controller_(on_controller), resolver_(resolver) {}

  std::optional<plan::Action> resolve() {
    const std::string kind = run_.kind ? run_.kind->text : "script";
    schema_ = find_action(kind);
    if (schema_ == nullptr) {
      report_unknown_kind(kind);
      return std::nullopt;
    }
    action_.kind = kind;
    if (run_.argument) take_argument();
    for (const AttributeNode& node : run_.attributes) take(node);
    for (const AttributeSchema& schema : schema_->attributes) complete(schema);
    if (failed_) return std::nullopt;
    sort_as_in_schema();
    return std::move(action_);
  }

 private:
  void fail(std::string code, base::Span span, std::string message,
            std::vector<std::string> hints = {}, std::vector<base::Note> notes = {}) {
    failed_ = true;
    resolver_.report.error(std::move(code), span, std::move(message), std::move(hints),
                           std::move(notes));
  }

  void report_unknown_kind(const std::string& kind) {
    constexpr std::array later = {std::string_view{"package"},
                                  std::string_view{"service"},
                                  std::string_view{"email"},
                                  std::string_view{"manual"},
                                  std::string_view{"iis"},
                                  std::string_view{"windows_service"},
                                  std::string_view{"azure_script"},
                                  std::string_view{"azure_resource_group"},
                                  std::string_view{"service_fabric_script"}};
    if (std::find(later.begin(), later.end(), kind) != later.end()) {
      fail("E0114", run_.kind->span, fmt::format("this version cannot run `{}` yet", kind));
      return;
    }
    std::vector<std::string> kinds;
    for (const ActionSchema& known : action_table()) kinds.emplace_back(known.kind);
    auto hints = did_you_mean(kind, kinds);
    hints.push_back("it runs script, wait, http and haproxy");
    fail("E0211", run_.kind->span, fmt::format("there is no action `{}`", kind), hints);
  }

  void take_argument() {
    if (schema_->argument.empty()) {
      fail("E0212", run_.argument->span, fmt::format("`run {}` takes no argument", schema_->kind),
           {"write its attributes in `{ … }`"});
      return;
    }
    seen_.push_back({std::string(schema_->argument), run_.argument->span});
    set(*find(schema_->argument), *run_.argument);
  }

  const AttributeSchema* find(std::string_view name) const {
    for (const AttributeSchema& schema : schema_->attributes) {
      if (schema.name == name) return &schema;
    }
    return nullptr;
  }

  bool first_time(const std::string& name, base::Span span) {
    const auto same = std::find_if(seen_.begin(), seen_.end(),
                                   [&](const auto& known) { return known.first == name; });
    if (same == seen_.end()) {
      seen_.emplace_back(name, span);
      return true;
    }
    fail("E0214", span, fmt::format("`{}` is given twice", name), {},
         {{same->second, "first given here"}});
    return false;
  }

  void take(const AttributeNode& node) {
    const std::string& name = node.name.text;
    const AttributeSchema* schema = find(name);
    if (schema == nullptr) {
      std::vector<std::string> names;
      for (const AttributeSchema& known : schema_->attributes) names.emplace_back(known.name);
      fail("E0212", node.name.span,
           fmt::format("`run {}` has no attribute `{}`", schema_->kind, name),
           did_you_mean(name, names));
      return;
    }
    if (!first_time(name, node.name.span)) return;
    if (schema->map != !node.value) {
      fail("E0205", node.span,
           schema->map ? fmt::format("`{}` is a block of names and texts", name)
                       : fmt::format("`{}` has one value", name),
           {schema->map ? fmt::format("write `{} {{ NAME = \"…\" }}`", name)
                        : fmt::format("write `{} = …`", name)});
      return;
    }
    if (!schema->map) return set(*schema, *node.value);
    for (const AttributeNode& entry : node.map) take_entry(*schema, entry);
  }

  void take_entry(const AttributeSchema& schema, const AttributeNode& entry) {
    const std::string name = fmt::format("{}.{}", schema.name, entry.name.text);
    if (!first_time(name, entry.name.span)) return;
    const bool variable = schema.name == "environment";
    const bool fits = variable ? is_variable_name(entry.name.text)
                               : is_plain_token(entry.name.text) &&
                                     entry.name.text.find(':') == std::string::npos;
    if (!fits || !entry.value) {
      fail("E0215", entry.span,
           variable ? "an environment variable has a name of letters, digits and `_`, and a value"
                    : "a header has a name without blanks or `:`, and a value");
      return;
    }
    auto value = resolver_.expressions.resolve(
        *entry.value, {fmt::format("`{}`", entry.name.text), types(schema), latest_stage()});
    if (!value) {
      failed_ = true;
      return;
    }
    add(name, *std::move(value), entry.value->span, schema);
  }

  static bool is_variable_name(std::string_view name) {
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !name.empty() && (name[0] < '0' || name[0] > '9') &&
           std::all_of(name.begin(), name.end(), fits);
  }

  static std::vector<Type> types(const AttributeSchema& schema) {
    if (schema.secret) return {schema.type, Type::Secret};
    return {schema.type};
  }

  // A controller step has no target; `host` there is the controller itself.
  plan::Stage latest_stage() const { return plan::Stage::AtRunTime; }

  void set(const AttributeSchema& schema, const ExpressionNode& node) {
    if (schema.literal) {
      const auto text = script_text(node, resolver_);
      if (!text) {
        failed_ = true;
        return;
      }
      if (std::get<std::string>(text->content).find('\0') != std::string::npos) {
        fail("E0215", node.span, "a script has no NUL");
        return;
      }
      action_.attributes.push_back({std::string(schema.name), plan::constant(*text)});
      return;
    }
    auto value = resolver_.expressions.resolve(
        node, {fmt::format("`{}`", schema.name), types(schema), latest_stage()});
    if (!value) {
      failed_ = true;
      return;
    }
    add(std::string(schema.name), *std::move(value), node.span, schema);
  }

  void add(std::string name, plan::Expression value, base::Span span,
           const AttributeSchema& schema) {
    const Wanted wanted{fmt::format("`{}`", name), {schema.type}, plan::Stage::PerTarget};
    if (!resolver_.expressions.check_targets(value, targets_, span, wanted)) failed_ = true;
    if (on_controller_ && value.stage == plan::Stage::PerTarget && reads_declared(value)) {
      fail("E0218", span, "this step has no `on`, and so no target with properties");
      return;
    }
    const plan::Value* known = plan::constant_value(value);
    if (known != nullptr && !check_known(schema, name, *known, span)) return;
    action_.attributes.push_back({std::move(name), std::move(value)});
  }

  static bool reads_declared(const plan::Expression& expression) {
    if (expression.op == plan::Operator::TargetProperty) {
      return expression.name != "name" && expression.name != "address";
    }
    return std::any_of(expression.operands.begin(), expression.operands.end(), reads_declared);
  }

  bool check_known(const AttributeSchema& schema, const std::string& name, const plan::Value& value,
                   base::Span span) {
    if (value.type() == Type::List) return check_list(name, value, span);
    if (value.type() == Type::Number) return check_status(value, span);
    if (value.type() != Type::String) return true;
    const std::string& text = std::get<std::string>(value.content);
    const auto& words = schema.words;
    std::string problem;
    std::vector<std::string> hints;
    if (!words.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
      const std::vector<std::string> choices(words.begin(), words.end());
      problem = fmt::format("`{}` is not `{}`", name, text);
      hints = did_you_mean(text, choices);
      hints.push_back(fmt::format("it is one of {}", fmt::join(choices, ", ")));
    } else if (name == "url") {
      problem = url_problem(text);
    } else if ((name == "backend" || name == "server") && !is_plain_token(text)) {
      problem = fmt::format("`{}` is no name that HAProxy knows", text);
    } else if (name.find("headers.") == 0 && has_line_break(text)) {
      problem = "a header's value stays on its line";
    }
    if (problem.empty()) return true;
    fail("E0215", span, problem, hints);
    return false;
  }

  bool check_list(const std::string& name, const plan::Value& value, base::Span span) {
    const auto& items = std::get<plan::Value::List>(value.content);
    const bool texts = std::all_of(items.begin(), items.end(), [](const plan::Value& item) {
      return item.type() == Type::String;
    });
    if (!texts) fail("E0205", span, fmt::format("`{}` is a list of strings", name));
    return texts;
  }

  bool check_status(const plan::Value& value, base::Span span) {
    const std::int64_t micros = std::get<plan::Number>(value.content).micros;
    const bool status = micros % 1'000'000 == 0 && micros >= 100'000'000 && micros <= 599'000'000;
    if (!status) fail("E0215", span, "a status is a whole number from 100 to 599");
    return status;
  }

  void complete(const AttributeSchema& schema) {
    const bool given = std::any_of(seen_.begin(), seen_.end(),
                                   [&](const auto& known) { return known.first == schema.name; });
    if (given) return;
    if (schema.required) {
      fail(
          "E0213", run_.span,
          fmt::format("`run {}` needs `{}`: {}", schema_->kind, schema.name, schema.documentation));
    } else if (schema.default_value) {
      action_.attributes.push_back(
          {std::string(schema.name), plan::constant(*schema.default_value)});
    }
  }

  void sort_as_in_schema() {
    const auto position = [&](const std::string& name) {
      for (std::size_t i = 0; i < schema_->attributes.size(); ++i) {
        const std::string_view known = schema_->attributes[i].name;
        if (name == known || name.substr(0, known.size() + 1) == std::string(known) + ".") return i;
      }
      return schema_->attributes.size();
    };
    std::stable_sort(
        action_.attributes.begin(), action_.attributes.end(),
        [&](const auto& a, const auto& b) { return position(a.name) < position(b.name); });
  }

  const RunNode& run_;
  const plan::TargetList& targets_;
  bool on_controller_;
  Resolver& resolver_;
  const ActionSchema* schema_ = nullptr;
  plan::Action action_;
  std::vector<std::pair<std::string, base::Span>> seen_;
  bool failed_ = false;
};

}  // namespace

std::optional<plan::Action> resolve_action(const RunNode& run, const plan::TargetList& targets,
                                           bool on_controller, Resolver& resolver) {
  return ActionResolver(run, targets, on_controller, resolver).resolve();
}

}  // namespace sluice::compiler
