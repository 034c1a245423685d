#include "compiler/write_expression.h"

#include <fmt/format.h>

namespace sluice::compiler {

namespace {

using Kind = ExpressionNode::Kind;

// How tightly an operator binds; brackets are needed around what binds less.
constexpr int loosest = 0;
constexpr int tightest = 9;

int strength(const ExpressionNode& node) {
  if (node.kind == Kind::If) return loosest;
  if (node.kind == Kind::Unary) return node.name == "not" ? 3 : 8;
  if (node.kind != Kind::Binary) return tightest;
  if (node.name == "or") return 1;
  if (node.name == "and") return 2;
  if (node.name == "+" || node.name == "-") return 5;
  if (node.name == "*" || node.name == "/") return 6;
  return 4;
}

std::string operand(const ExpressionNode& node, int least) {
  const std::string text = write_expression(node);
  return strength(node) < least ? fmt::format("({})", text) : text;
}

std::string joined(const std::vector<ExpressionNode>& nodes) {
  std::string text;
  for (const ExpressionNode& node : nodes) {
    if (!text.empty()) text += ", ";
    text += write_expression(node);
  }
  return text;
}

std::string escaped(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      made += "\\n";
    } else if (c == '\t') {
      made += "\\t";
    } else if (c == '\r') {
      made += "\\r";
    } else if (c == '"' || c == '\\') {
      made += {'\\', c};
    } else if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      made += "\\$";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      made += fmt::format("\\u{{{:X}}}", static_cast<unsigned>(c));
    } else {
      made += c;
    }
  }
  return made;
}

std::string interpolated(const ExpressionNode& node) {
  std::string text;
  for (const ExpressionNode& part : node.operands) {
    const auto* literal = std::get_if<std::string>(&part.value.content);
    text += part.kind == Kind::Literal && literal != nullptr
                ? escaped(*literal)
                : fmt::format("${{{}}}", write_expression(part));
  }
  return fmt::format("\"{}\"", text);
}

}  // namespace

std::string write_string(std::string_view text) {
  return fmt::format("\"{}\"", escaped(text));
}

std::string write_name(const Name& name) {
  return name.quoted ? write_string(name.text) : name.text;
}

std::string write_expression(const ExpressionNode& node) {
  if (node.broken) return "";
  switch (node.kind) {
    case Kind::Literal:
    case Kind::TextBlock: {
      const auto* text = std::get_if<std::string>(&node.value.content);
      return text != nullptr ? write_string(*text) : plan::to_text(node.value);
    }
    case Kind::Interpolated:
      return interpolated(node);
    case Kind::Variable:
      return node.name;
    case Kind::Property:
      return fmt::format("{}.{}", write_expression(node.operands[0]), node.name);
    case Kind::Index:
      return fmt::format("{}[{}]", write_expression(node.operands[0]),
                         write_expression(node.operands[1]));
    case Kind::Unary:
      return fmt::format("{}{}{}", node.name, node.name == "not" ? " " : "",
                         operand(node.operands[0], strength(node)));
    case Kind::Binary: {
      const int own = strength(node);
      const bool compares = own == 4;
      return fmt::format("{} {} {}", operand(node.operands[0], compares ? own + 1 : own), node.name,
                         operand(node.operands[1], own + 1));
    }
    case Kind::If:
      return fmt::format("if {} then {} else {}", write_expression(node.operands[0]),
                         write_expression(node.operands[1]), write_expression(node.operands[2]));
    case Kind::Call:
      return fmt::format("{}({})", node.name, joined(node.operands));
    case Kind::List:
      return fmt::format("[{}]", joined(node.operands));
  }
  return "";
}

}  // namespace sluice::compiler
