// The `run` of a step: its kind, its attributes, and what a script may say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/utf8.h"
#include "compiler/recovery.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"
#include "plan/json_document.h"

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
      std::vector<std::string> hints{
          "put the value in a variable, which reaches the script as an environment variable, or "
          "write the script as a text block"};
      constexpr std::string_view letters =
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
      const bool of_target = part.kind == Kind::Property && part.operands[0].name == "target";
      if (of_target && part.name.find_first_not_of(letters) == std::string::npos) {
        hints = {fmt::format("the script has it as `$target_{}`", part.name)};
      }
      resolver.report.error("E0313", part.span,
                            "a script is never a template: only `${name}` is left to the shell",
                            std::move(hints));
      return std::nullopt;
    }
  }
  return plan::Value{std::move(text)};
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
    for (const ActionSchema::Together& pair : schema_->together) complete(pair);
    if (failed_ || !take_files() || !take_archive()) return std::nullopt;
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
    std::vector<std::string> kinds;
    for (const ActionSchema& known : action_table()) kinds.emplace_back(known.kind);
    auto hints = did_you_mean(kind, kinds);
    hints.push_back(there_are(kinds));
    fail("E0211", run_.kind->span, fmt::format("there is no action `{}`", kind), hints);
  }

  void take_argument() {
    if (schema_->argument.empty()) {
      std::string hint = "write its attributes in `{ … }`";
      for (const AttributeSchema& schema : schema_->attributes) {
        if (!schema.required || seen(schema.name)) continue;
        hint = fmt::format("it is an attribute: `run {} {{ {} = … }}`", schema_->kind, schema.name);
        seen_.emplace(schema.name, run_.argument->span);
        break;
      }
      fail("E0212", run_.argument->span, fmt::format("`run {}` takes no argument", schema_->kind),
           {hint});
      return;
    }
    seen_.emplace(schema_->argument, run_.argument->span);
    set(*find_attribute(*schema_, schema_->argument), *run_.argument);
  }

  bool first_time(const std::string& name, base::Span span) {
    const auto same = seen(name);
    if (!same) {
      seen_.emplace(name, span);
      return true;
    }
    fail("E0214", span, fmt::format("`{}` is given twice", name), {},
         {{*same, "first given here"}});
    return false;
  }

  void take(const AttributeNode& node) {
    const std::string& name = node.name.text;
    const AttributeSchema* schema = find_attribute(*schema_, name);
    if (schema == nullptr) {
      std::vector<std::string> names;
      for (const AttributeSchema& known : schema_->attributes) names.emplace_back(known.name);
      auto hints = did_you_mean(name, names);
      if (begins_phrase(name)) {
        hints = {
            fmt::format("`{}` is a phrase of the step: it stands beside `run`, without `=`", name)};
      }
      if (hints.empty()) hints.push_back(fmt::format("it has {}", fmt::join(names, ", ")));
      fail("E0212", node.name.span,
           fmt::format("`run {}` has no attribute `{}`", schema_->kind, name), hints);
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
    std::string problem = entry_name_problem(schema.name, entry.name.text);
    if (problem.empty() && !entry.value) problem = "each entry has a name and a value";
    if (!problem.empty()) {
      fail("E0215", entry.span, problem);
      return;
    }
    // A header's value stays on its line, or it would be more than one header.
    const Form form = schema.name == "headers" ? Form::Line : Form::Any;
    take_value(name, fmt::format("`{}`", entry.name.text), *entry.value, schema, form);
  }

  std::optional<base::Span> seen(std::string_view name) const {
    const auto found = seen_.find(name);
    return found == seen_.end() ? std::nullopt : std::optional(found->second);
  }

  // The plan is closed: it holds what stands in the file, and not where it stood.
  bool take_files() {
    if (action_.kind == "script" && seen("file")) {
      if (const auto body = seen("body")) {
        fail("E0214", *seen("file"), "a script stands here or in a file, not in both", {},
             {{*body, "it stands here"}});
        return false;
      }
      return take_file("file", "body");
    }
    return action_.kind != "azure_resource_group" || take_file("template", "template");
  }

  // The attribute `name`, a path, becomes `content`.
  bool take_file(std::string_view name, std::string_view content) {
    const auto file = std::find_if(action_.attributes.begin(), action_.attributes.end(),
                                   [&](const auto& known) { return known.name == name; });
    const ExpressionNode* node = nullptr;
    for (const AttributeNode& attribute : run_.attributes) {
      if (attribute.name.text == name) node = &*attribute.value;
    }
    const auto path = std::get<std::string>(plan::constant_value(file->value)->content);
    auto text = read_action_file(path, node->span, resolver_);
    if (!text) return false;
    if (name == "template" && !fits_template(*text, path, node->span)) return false;
    *file = {std::string(content), plan::constant({*std::move(text)})};
    return true;
  }

  // The service would say so too, but in the middle of the night.
  bool fits_template(const std::string& text, const std::string& path, base::Span span) {
    const auto json = plan::parse_json(text);
    if (!json) {
      fail("E0225", span,
           fmt::format("{} is no JSON: {}", base::printable(path), json.error().message));
      return false;
    }
    const plan::JsonDocument& document = json.value();
    plan::JsonReading reading(document);
    if (document.rows.front().kind != plan::JsonRow::Kind::Object) {
      fail("E0225", span, fmt::format("{} is no template: no JSON object", base::printable(path)));
      return false;
    }
    const plan::JsonNode root = reading.root();
    const std::vector<std::string> names = member_names(reading, "parameters");
    check_parameters_given(names, path);
    for (const std::string& name : names) {
      const plan::JsonNode declared = root["parameters"][name];
      // A type that is told elsewhere may say that it can be left out.
      const bool may_lack =
          declared.has("defaultValue") || declared.has("nullable") || declared.has("$ref");
      if (may_lack || seen("parameters." + name)) continue;
      fail("E0213", span,
           fmt::format("{} needs its parameter `{}`, which has no default", base::printable(path),
                       base::printable(name)),
           {fmt::format("write `parameters {{ {} = \"…\" }}`", base::printable(name))});
    }
    return !failed_;
  }

  // Of the object that is a member of the whole.
  static std::vector<std::string> member_names(const plan::JsonReading& reading,
                                               std::string_view member) {
    const auto& rows = reading.document().rows;
    std::vector<std::string> names;
    for (std::uint32_t at = rows[0].first; at != plan::JsonRow::none; at = rows[at].next) {
      const bool is_it = reading.key(rows[at]) == member;
      if (!is_it || rows[at].kind != plan::JsonRow::Kind::Object) continue;
      for (std::uint32_t one = rows[at].first; one != plan::JsonRow::none; one = rows[one].next) {
        names.emplace_back(reading.key(rows[one]));
      }
    }
    return names;
  }

  void check_parameters_given(const std::vector<std::string>& declared, const std::string& path) {
    constexpr std::string_view prefix = "parameters.";
    for (const auto& [given, span] : seen_) {
      if (!given.starts_with(prefix)) continue;
      const std::string name = given.substr(prefix.size());
      if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
      auto hints = did_you_mean(name, declared);
      hints.push_back(declared.empty() ? "it has none" : there_are(declared));
      fail("E0212", span, fmt::format("{} has no parameter `{}`", base::printable(path), name),
           hints);
    }
  }

  // The plan says which archive is meant: its size and digest, where it is there already.
  bool take_archive() {
    if (action_.kind != "package" || resolver_.options.reader == nullptr) return true;
    FileReader& reader = *resolver_.options.reader;
    const std::string& path =
        std::get<std::string>(plan::constant_value(*action_.attribute("source"))->content);
    const auto stamp = reader.stamp(reader.main_path(), path);
    if (!stamp) {
      fail("E0225", *seen("source"), stamp.error().message);
      return false;
    }
    if (!stamp.value()) return true;
    const FileReader::Stamp& found = *stamp.value();
    if (const plan::Expression* given = action_.attribute("sha256")) {
      std::string wanted = std::get<std::string>(plan::constant_value(*given)->content);
      for (char& c : wanted) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      if (wanted != found.sha256) {
        fail("E0215", *seen("sha256"),
             fmt::format("the SHA-256 of {} is {}", base::printable(path), found.sha256));
        return false;
      }
    } else {
      action_.attributes.push_back({"sha256", plan::constant({found.sha256})});
    }
    constexpr std::int64_t micros = 1'000'000;
    const plan::Number size{static_cast<std::int64_t>(found.bytes) * micros};
    action_.attributes.push_back({"size", plan::constant({size})});
    return true;
  }

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
    take_value(std::string(schema.name), fmt::format("`{}`", schema.name), node, schema,
               schema.form);
  }

  void take_value(std::string name, std::string use, const ExpressionNode& node,
                  const AttributeSchema& schema, Form form) {
    std::vector<Type> types{schema.type};
    if (schema.secret) types.push_back(Type::Secret);
    const auto problem = [&schema, form](const plan::Value& value) {
      const auto* text = std::get_if<std::string>(&value.content);
      const bool word = schema.words.empty() || text == nullptr || is_one_of(schema.words, *text);
      return word ? form_problem(form, value)
                  : fmt::format("it is one of {}", fmt::join(schema.words, ", "));
    };
    const plan::Stage latest = schema.known ? plan::Stage::Known : plan::Stage::AtRunTime;
    std::string hint = fmt::format("{}: {}", use, schema.documentation);
    const Wanted wanted{std::move(use), std::move(types), latest, false, problem, std::move(hint)};
    auto value = resolver_.expressions.resolve(node, wanted);
    if (!value || !resolver_.expressions.check_targets(*value, targets_, node.span, wanted)) {
      failed_ = true;
      return;
    }
    if (on_controller_ && value->stage == plan::Stage::PerTarget && reads_declared(*value)) {
      fail("E0218", node.span, "this step has no `on`, and so no target with properties");
      return;
    }
    const plan::Value* known = plan::constant_value(*value);
    if (known != nullptr && !check_known(schema, name, *known, form, node.span)) return;
    action_.attributes.push_back({std::move(name), *std::move(value)});
  }

  static bool is_one_of(const std::vector<std::string_view>& words, std::string_view text) {
    return std::find(words.begin(), words.end(), text) != words.end();
  }

  static bool reads_declared(const plan::Expression& expression) {
    if (expression.op == plan::Operator::TargetProperty) {
      return expression.name != "name" && expression.name != "address";
    }
    return std::any_of(expression.operands.begin(), expression.operands.end(), reads_declared);
  }

  bool check_known(const AttributeSchema& schema, const std::string& name, const plan::Value& value,
                   Form form, base::Span span) {
    const auto* text = std::get_if<std::string>(&value.content);
    if (text != nullptr && !schema.words.empty() && !is_one_of(schema.words, *text)) {
      const std::vector<std::string> choices(schema.words.begin(), schema.words.end());
      auto hints = did_you_mean(*text, choices);
      hints.push_back(fmt::format("it is one of {}", fmt::join(choices, ", ")));
      fail("E0215", span, fmt::format("`{}` is not `{}`", name, *text), hints);
      return false;
    }
    const std::string problem = form_problem(form, value);
    if (!problem.empty()) fail("E0215", span, problem);
    return problem.empty();
  }

  void complete(const AttributeSchema& schema) {
    if (seen(schema.name) || (schema.required && action_.kind == "script" && seen("file"))) return;
    if (schema.required) {
      fail("E0213", run_.span,
           fmt::format("`run {}` needs `{}`: {}", schema_->kind, schema.name, schema.documentation),
           how_to_give(schema));
    } else if (schema.default_value) {
      action_.attributes.push_back(
          {std::string(schema.name), plan::constant(*schema.default_value)});
    }
  }

  void complete(const ActionSchema::Together& pair) {
    if (!seen(pair.given) || seen(pair.needed)) return;
    fail("E0213", *seen(pair.given),
         fmt::format("`{}` needs `{}`: {}", pair.given, pair.needed,
                     find_attribute(*schema_, pair.needed)->documentation),
         how_to_give(*find_attribute(*schema_, pair.needed)));
  }

  std::vector<std::string> how_to_give(const AttributeSchema& schema) const {
    const std::string value = schema.type == Type::Duration ? "30s" : "\"…\"";
    if (schema.name == schema_->argument) {
      return {fmt::format("write `run {} {}`", schema_->kind, value)};
    }
    return {fmt::format("write `{} = {}` in its block", schema.name, value)};
  }

  std::size_t position(std::string_view name) const {
    const std::string_view attribute = name.substr(0, name.find('.'));
    for (std::size_t i = 0; i < schema_->attributes.size(); ++i) {
      if (schema_->attributes[i].name == attribute) return i;
    }
    return schema_->attributes.size();
  }

  void sort_as_in_schema() {
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
  std::map<std::string, base::Span, std::less<>> seen_;  // attributes and entries of maps
  bool failed_ = false;
};

}  // namespace

std::optional<plan::Action> resolve_action(const RunNode& run, const plan::TargetList& targets,
                                           bool on_controller, Resolver& resolver) {
  return ActionResolver(run, targets, on_controller, resolver).resolve();
}

}  // namespace sluice::compiler
