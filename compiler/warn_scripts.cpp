// Warnings of scripts: names that are nearly a variable's, and variables that a shell would part.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/characters.h"
#include "compiler/shell_words.h"
#include "compiler/suggest.h"
#include "compiler/warnings.h"

namespace sluice::compiler {

namespace {

// A script as the plan holds it, and where it stands in the file.
struct Script {
  std::string_view text;
  base::Span span;  // of the string or block
  bool for_a_shell = false;
  std::vector<std::string> given;  // environment variables of its own
};

class ScriptReader {
 public:
  explicit ScriptReader(Resolver& resolver) : resolver_(resolver) {
    for (const auto& [name, entry] : resolver.scope.variables) names_.push_back(name);
    names_.insert(names_.end(), {"target_name", "target_address", "deployment_id", "step_name"});
    for (const auto& [name, type] : resolver.scope.properties) {
      names_.push_back("target_" + written(name));
    }
  }

  void read(const Script& script) {
    use_words(script.text);
    if (!script.for_a_shell) return;
    const auto assigned = shell_assignments(script.text);
    std::set<std::string_view> own(assigned.begin(), assigned.end());
    own.insert(script.given.begin(), script.given.end());
    std::set<std::string_view> told;
    for (const ShellVariable& variable : shell_variables(script.text)) {
      if (own.count(variable.name) > 0 || !told.insert(variable.name).second) continue;
      const auto known = resolver_.scope.variables.find(std::string(variable.name));
      if (known == resolver_.scope.variables.end()) {
        warn_of_unknown(variable, script);
      } else if (variable.parted) {
        warn_of_parted(variable, known->second, script);
      }
    }
  }

 private:
  static std::string written(std::string_view property) {
    std::string name(property);
    for (char& c : name) {
      const bool fits = base::is_letter_or_digit(c);
      if (!fits) c = '_';
    }
    return name;
  }

  // Any word of a script may be a variable that it reads: $release, os.environ["release"].
  void use_words(std::string_view text) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const char c = at < text.size() ? text[at] : ' ';
      const bool inside = base::is_letter_or_digit(c) || c == '_';
      if (inside) continue;
      if (at > begin) use(std::string(text.substr(begin, at - begin)));
      begin = at + 1;
    }
  }

  void use(const std::string& name) {
    const auto found = resolver_.scope.variables.find(name);
    if (found != resolver_.scope.variables.end()) found->second.used = true;
  }

  void warn_of_unknown(const ShellVariable& variable, const Script& script) {
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (std::find(names_.begin(), names_.end(), variable.name) != names_.end()) return;
    if (resolver_.scope.secrets.contains(std::string(variable.name))) {
      resolver_.report.warning(
          "W0403", place(variable, script),
          fmt::format("the script is not given the secret `{}`", variable.name),
          {fmt::format("name it in the script's block: `environment {{ {0} = {0} }}`",
                       variable.name)});
      return;
    }
    if (resolver_.scope.properties.contains(std::string(variable.name)) &&
        !is_of_the_system(variable.name)) {
      resolver_.report.warning(
          "W0403", place(variable, script),
          fmt::format("the shell will look for `{}`, and there is none", variable.name),
          {fmt::format("the target's property is `target_{}`", variable.name)});
      return;
    }
    const bool ours = std::any_of(variable.name.begin(), variable.name.end(), is_lower);
    std::string near = ours ? nearest(variable.name, names_) : "";
    if (near.empty() && !is_of_the_system(variable.name)) {
      near = nearest(variable.name, script.given);
    }
    if (near.empty() || near == variable.name) return;
    resolver_.report.warning(
        "W0403", place(variable, script),
        fmt::format("the shell will look for `{}`, and there is none", variable.name),
        {fmt::format("did you mean `{}`?", near)});
  }

  // What scripts read anyway, though one of their own is called nearly so.
  static bool is_of_the_system(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"HOME", "PATH", "USER",     "SHELL",
                                                     "PWD",  "TERM", "LANG",     "UID",
                                                     "IFS",  "HOST", "HOSTNAME", "TMPDIR"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void warn_of_parted(const ShellVariable& variable, const VariableEntry& entry,
                      const Script& script) {
    const plan::Type type = entry.value.type();
    if (type != plan::Type::String && type != plan::Type::List) return;
    resolver_.report.warning(
        "W0404", place(variable, script),
        fmt::format("the shell parts `{}` into words, and expands `*` in it", variable.name),
        {fmt::format("put it in quotes: \"${}\"", variable.name)});
  }

  // The place in the file; the whole script where its text is not as it stands there.
  base::Span place(const ShellVariable& variable, const Script& script) const {
    const std::string_view source = resolver_.sources[script.span.file].text().substr(
        script.span.begin, script.span.end - script.span.begin);
    const std::string_view written = script.text.substr(variable.offset, variable.length);
    std::size_t count = 0;  // the same text before it in the script
    for (std::size_t at = script.text.find(written); at < variable.offset;
         at = script.text.find(written, at + 1)) {
      ++count;
    }
    std::size_t found = source.find(written);
    while (count-- > 0 && found != std::string_view::npos) found = source.find(written, found + 1);
    if (found == std::string_view::npos) return script.span;
    const auto begin = static_cast<std::uint32_t>(script.span.begin + found);
    return {script.span.file, begin, begin + static_cast<std::uint32_t>(written.size())};
  }

  Resolver& resolver_;
  std::vector<std::string> names_;
};

// Where an attribute's text stands: behind the kind, or in the block.
const ExpressionNode* node_of(const RunNode& run, const ActionSchema& schema,
                              std::string_view name) {
  if (run.argument && schema.argument == name) return &*run.argument;
  for (const AttributeNode& node : run.attributes) {
    if (node.name.text == name && node.value) return &*node.value;
  }
  return nullptr;
}

}  // namespace

bool is_shell(const plan::Action& action) {
  const plan::Expression* shell = action.attribute("shell");
  const plan::Value* value = shell == nullptr ? nullptr : plan::constant_value(*shell);
  if (value == nullptr) return action.kind == "package";
  return *value == plan::Value{std::string("sh")} || *value == plan::Value{std::string("bash")};
}

void warn_of_scripts(std::span<const PlannedRun> runs, Resolver& resolver) {
  ScriptReader reader(resolver);
  for (const PlannedRun& planned : runs) {
    const plan::Action& action = planned.work->action;
    const ActionSchema* schema = find_action(action.kind);
    std::vector<std::string> given;
    constexpr std::string_view prefix = "environment.";
    for (const plan::Action::Attribute& attribute : action.attributes) {
      if (attribute.name.starts_with(prefix)) given.push_back(attribute.name.substr(prefix.size()));
    }
    for (const AttributeSchema& attribute : schema->attributes) {
      if (!attribute.literal) continue;
      const ExpressionNode* node = node_of(*planned.run, *schema, attribute.name);
      if (node == nullptr) node = node_of(*planned.run, *schema, "file");
      const plan::Expression* body = action.attribute(attribute.name);
      if (node == nullptr || body == nullptr) continue;
      const auto& text = std::get<std::string>(plan::constant_value(*body)->content);
      reader.read({text, node->span, is_shell(action), given});
    }
  }
}

}  // namespace sluice::compiler
