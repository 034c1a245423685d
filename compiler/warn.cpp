// What is no mistake, and yet seldom meant: warnings that experience teaches.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/resolver.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

bool says(const StepNode& node, Phrase phrase) {
  return std::any_of(node.phrases.begin(), node.phrases.end(),
                     [&](const PhraseNode& known) { return known.phrase == phrase; });
}

base::Span span_of(const StepNode& node, Phrase phrase) {
  for (const PhraseNode& known : node.phrases) {
    if (known.phrase == phrase) return known.span;
  }
  return node.header_span;
}

void for_each_step(const SyntaxTree& tree, auto&& visit) {
  for (const DeclarationNode& declaration : tree.declarations) {
    const auto* step = std::get_if<StepNode>(&declaration);
    if (step == nullptr) continue;
    visit(*step);
    for (const StepNode& child : step->children) visit(child);
  }
}

// What is taken out of service and by nothing brought back.
void warn_of_drains(const SyntaxTree& tree, Resolver& resolver) {
  bool restored = false;
  const StepNode* draining = nullptr;
  for_each_step(tree, [&](const StepNode& step) {
    restored = restored || says(step, Phrase::Restores);
    if (draining == nullptr && says(step, Phrase::Drains)) draining = &step;
  });
  if (draining == nullptr || restored) return;
  resolver.report.warning("W0401", span_of(*draining, Phrase::Drains),
                          "nothing in this file brings the target back",
                          {"say `restores` in the step that does"});
}

void warn_of_unused(Resolver& resolver) {
  for (const auto& [name, entry] : resolver.scope.variables) {
    if (entry.used) continue;
    resolver.report.warning("W0402", entry.span, fmt::format("`{}` is not used", name));
  }
}

// Marks what scripts name as used, and warns of `${name}` that is close to a variable and none.
class ScriptReader {
 public:
  explicit ScriptReader(Resolver& resolver) : resolver_(resolver) {
    for (const auto& [name, entry] : resolver.scope.variables) names_.push_back(name);
  }

  void read(const RunNode& run) {
    const bool script = !run.kind || run.kind->text == "script";
    if (!script) return;
    if (run.argument) read(*run.argument);
    for (const AttributeNode& attribute : run.attributes) {
      if (attribute.name.text == "body" && attribute.value) read(*attribute.value);
    }
  }

 private:
  void read(const ExpressionNode& node) {
    if (node.kind == ExpressionNode::Kind::Interpolated) {
      for (const ExpressionNode& part : node.operands) read_part(part);
      return;
    }
    if (node.value.type() == plan::Type::String) {
      read_words(std::get<std::string>(node.value.content));
    }
  }

  void read_part(const ExpressionNode& part) {
    if (part.kind == ExpressionNode::Kind::Literal) {
      read_words(std::get<std::string>(part.value.content));
      return;
    }
    if (part.kind != ExpressionNode::Kind::Variable) return;
    use(part.name);
    if (resolver_.scope.variables.count(part.name) > 0) return;
    const std::string near = nearest(part.name, names_);
    if (near.empty()) return;
    resolver_.report.warning(
        "W0403", part.span,
        fmt::format("the shell will look for `{}`, and there is none", part.name),
        {fmt::format("did you mean `{}`?", near)});
  }

  // Any word of a script may be a variable that it reads: $release, os.environ["release"].
  void read_words(std::string_view text) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const char c = at < text.size() ? text[at] : ' ';
      const bool inside =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      if (inside) continue;
      if (at > begin) use(std::string(text.substr(begin, at - begin)));
      begin = at + 1;
    }
  }

  void use(const std::string& name) {
    const auto found = resolver_.scope.variables.find(name);
    if (found != resolver_.scope.variables.end()) found->second.used = true;
  }

  Resolver& resolver_;
  std::vector<std::string> names_;
};

}  // namespace

void warn(const SyntaxTree& tree, Resolver& resolver) {
  ScriptReader scripts(resolver);
  for_each_step(tree, [&](const StepNode& step) {
    for (const RunNode& run : step.runs) scripts.read(run);
  });
  warn_of_drains(tree, resolver);
  warn_of_unused(resolver);
}

}  // namespace sluice::compiler
