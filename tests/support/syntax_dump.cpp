#include "support/syntax_dump.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "compiler/phrases.h"

namespace sluice::test {

namespace {

using namespace compiler;
using Kind = ExpressionNode::Kind;

std::string quoted(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '"' || c == '\\') {
      shown += {'\\', c};
    } else {
      shown += c;
    }
  }
  return "\"" + base::printable(shown) + "\"";
}

std::string literal(const plan::Value& value) {
  const auto* text = std::get_if<std::string>(&value.content);
  return text != nullptr ? quoted(*text) : plan::to_text(value);
}

std::string shown(const Name& name) {
  return name.quoted ? quoted(name.text) : name.text;
}

class Dump {
 public:
  std::string text;

  void operator()(const DeploymentNode& node) { line("deployment {}", shown(node.name)); }

  void operator()(const VariableNode& node) {
    line("variable {}{}{}", shown(node.name), node.type ? ": " + node.type->text : "",
         node.value ? " = " + dump(*node.value) : "");
  }

  void operator()(const ConnectNode& node) {
    line("connect {}", shown(node.kind));
    attributes(node.settings);
  }

  void operator()(const RoleNode& node) {
    line("role {}", shown(node.name));
    ++depth_;
    for (const TargetNode& target : node.targets) {
      line("target {}", shown(target.pattern));
      attributes(target.properties);
      ++depth_;
      for (const ConnectNode& connect : target.connects) (*this)(connect);
      --depth_;
    }
    for (const ConnectNode& connect : node.connects) (*this)(connect);
    if (node.minimum) line("minimum {}", dump(*node.minimum));
    --depth_;
  }

  void operator()(const StepNode& node) {
    if (node.use) return use(*node.use);
    line("step {}", shown(node.name));
    ++depth_;
    for (const PhraseNode& phrase : node.phrases) this->phrase(phrase);
    for (const RunNode& run : node.runs) this->run(run);
    for (const WorkNode& work : node.works) this->work(work);
    for (const StepNode& child : node.children) (*this)(child);
    for (const StepNode& gate : node.gates) {
      line("between batches");
      ++depth_;
      (*this)(gate);
      --depth_;
    }
    --depth_;
  }

  void operator()(const ImportNode& node) { line("import {}", shown(node.path)); }
  void operator()(const InventoryNode& node) { line("inventory {}", shown(node.path)); }
  void operator()(const SecretNode& node) {
    line("secret {} from {} {}", shown(node.name), shown(node.source), shown(node.from));
  }
  void operator()(const AtMostNode& node) { line("at most {}", dump(node.count)); }
  void operator()(const DeadlineNode& node) { line("deadline {}", dump(node.duration)); }
  void operator()(const ResourceNode& node) {
    line("resource {} {}", shown(node.name), dump(node.amount));
  }
  void operator()(const RequireNode& node) {
    std::string of;
    if (node.role) {
      of = "(" + shown(*node.role) + (node.per ? " per " + shown(*node.per) : "") + ")";
    }
    line("require {}{} {} {}{}", shown(node.measure), of, node.comparison.text, dump(node.bound),
         node.share ? " in " + dump(*node.share) : "");
  }
  void operator()(const EnvironmentNode& node) {
    line("environment {}", shown(node.name));
    ++depth_;
    for (const DeclarationNode& declaration : node.declarations) std::visit(*this, declaration);
    --depth_;
  }
  void operator()(const ProcedureNode& node) {
    line("procedure {}", shown(node.name));
    ++depth_;
    for (const ParameterNode& parameter : node.parameters) {
      line("parameter {}: {}", shown(parameter.name), shown(parameter.type));
    }
    for (const StepNode& step : node.steps) (*this)(step);
    --depth_;
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    text += std::string(static_cast<std::size_t>(depth_) * 2, ' ');
    text += fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }

  void attributes(const AttributeBlock& block) {
    ++depth_;
    for (const AttributeNode& node : block) {
      if (node.value) {
        line("{} = {}", shown(node.name), dump(*node.value));
      } else {
        line("{} map", shown(node.name));
        attributes(node.map);
      }
    }
    --depth_;
  }

  void phrase(const PhraseNode& node) {
    std::string words;
    if (node.first) words += " first";
    for (const Name& name : node.names) words += " " + shown(name);
    for (const ExpressionNode& value : node.values) words += " " + dump(value);
    for (const LimitNode& limit : node.limits) {
      words += &limit == &node.limits[0] ? " " : ", ";
      words += dump(limit.value);
      if (limit.round_up) words += " up";
      if (limit.per) words += " per " + shown(*limit.per);
    }
    if (node.backoff) words += " backoff " + dump(*node.backoff);
    if (node.up_to) words += " up to " + dump(*node.up_to);
    if (node.in_lockstep) words += " in lockstep";
    if (node.rollback_all) words += " all";
    line("{} {}{}", node.in_header ? "header" : "body", phrase_rule(node.phrase).words, words);
  }

  void use(const UseNode& node) {
    line("use {}{}", shown(node.procedure), node.as ? " as " + shown(*node.as) : "");
    ++depth_;
    for (const ArgumentNode& argument : node.arguments) {
      line("{} = {}", shown(argument.name), dump(argument.value));
    }
    --depth_;
  }

  void work(const WorkNode& node) {
    line("{}", node.kind == WorkNode::Kind::Undo ? "undo" : "verify");
    ++depth_;
    for (const PhraseNode& phrase : node.phrases) this->phrase(phrase);
    for (const RunNode& run : node.runs) this->run(run);
    --depth_;
  }

  void run(const RunNode& node) {
    line("run {}{}", node.kind ? shown(*node.kind) : "-",
         node.argument ? " " + dump(*node.argument) : "");
    attributes(node.attributes);
  }

  int depth_ = 0;
};

}  // namespace

std::string dump(const ExpressionNode& node) {
  if (node.broken) return "<broken>";
  std::string operands;
  for (const ExpressionNode& operand : node.operands) operands += " " + dump(operand);
  switch (node.kind) {
    case Kind::Literal:
      return literal(node.value);
    case Kind::TextBlock:
      return "block " + literal(node.value);
    case Kind::Interpolated:
      return "(text" + operands + ")";
    case Kind::Variable:
      return node.name;
    case Kind::Property:
      return dump(node.operands[0]) + "." + node.name;
    case Kind::Index:
      return "(index" + operands + ")";
    case Kind::Unary:
    case Kind::Binary:
      return "(" + node.name + operands + ")";
    case Kind::If:
      return "(if" + operands + ")";
    case Kind::Call:
      return "(call " + node.name + operands + ")";
    case Kind::List:
      return "[" + (operands.empty() ? "" : operands.substr(1)) + "]";
  }
  return "";
}

std::string dump(const SyntaxTree& tree) {
  Dump made;
  for (const DeclarationNode& declaration : tree.declarations) std::visit(made, declaration);
  if (!tree.complete) made.text += "(not complete)\n";
  return made.text;
}

}  // namespace sluice::test
