#include "compiler/build_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "compiler/depth_guard.h"
#include "compiler/literals.h"

namespace sluice::compiler {

namespace {

using Kind = ExpressionNode::Kind;

bool compares(std::string_view sign) {
  constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};
  return std::find(signs.begin(), signs.end(), sign) != signs.end();
}

base::Diagnostic wrong_quantity(const Quantity& read, base::Span span) {
  base::Diagnostic made{
      read.out_of_range ? "E0110" : "E0109", base::Severity::Error, span, read.problem, {}, {}};
  if (!read.hint.empty()) made.hints.push_back(read.hint);
  return made;
}

// A name follows, and no number.
bool takes_name(std::string_view word) {
  constexpr std::array<std::string_view, 6> words{"variable",    "secret",    "role",
                                                  "environment", "procedure", "resource"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

base::Diagnostic wrong_escape(std::string_view text, base::Span span) {
  const bool nothing =
      text.starts_with("\\u{0") && text.find_first_not_of("\\u{0}") == std::string_view::npos;
  if (nothing) {
    return {"E0108", base::Severity::Error,
            span,    "a text has no NUL: no file and no script takes it",
            {},      {"take it out"}};
  }
  return {"E0108", base::Severity::Error,
          span,    fmt::format("`{}` is no escape", base::printable(text)),
          {},      {"a string knows `\\n \\t \\r \\\" \\\\ \\$` and `\\u{1F680}`"}};
}

}  // namespace

base::Span ExpressionBuilder::span(const RuleNode& node) const {
  const Token& first = list_.tokens[node.first];
  if (node.end == node.first) return {list_.file_id, first.begin, first.begin};
  return {list_.file_id, first.begin, list_.tokens[node.end - 1].end};
}

void ExpressionBuilder::report(std::string code, base::Span span, std::string message,
                               std::string hint) {
  std::vector<std::string> hints;
  if (!hint.empty()) hints.push_back(std::move(hint));
  diagnostics_.add({std::move(code), base::Severity::Error, span, std::move(message), {}, hints});
}

ExpressionNode ExpressionBuilder::broken(base::Span span) const {
  ExpressionNode made;
  made.span = span;
  made.broken = true;
  return made;
}

Name ExpressionBuilder::word(std::size_t token) const {
  return {std::string(list_.text(token)), list_.span(token), false};
}

ExpressionNode ExpressionBuilder::build(const RuleNode& node) {
  if (node.depth > most_levels) {
    report("E0105", span(node),
           fmt::format("this is a chain of more than {} operators", most_levels),
           "work a part out in a variable of its own");
    return broken(span(node));
  }
  switch (node.rule) {
    case Rule::Expression:
      return operation(node);
    case Rule::String:
      return string(node);
    case Rule::List: {
      ExpressionNode made;
      made.kind = Kind::List;
      made.span = span(node);
      for (const RuleNode& item : rules_.children(node)) made.operands.push_back(build(item));
      return made;
    }
    default:
      return primary(node);
  }
}

ExpressionNode ExpressionBuilder::operation(const RuleNode& node) {
  const auto parts = rules_.children(node);
  if (parts[0].first == node.first) return binary(node);
  ExpressionNode made;
  made.kind = parts.size() == 3 ? Kind::If : Kind::Unary;
  made.span = span(node);
  made.name = list_.text(node.first);
  made.name_span = list_.span(node.first);
  for (const RuleNode& part : parts) made.operands.push_back(build(part));
  return made;
}

ExpressionNode ExpressionBuilder::binary(const RuleNode& node) {
  const auto parts = rules_.children(node);
  const std::size_t sign = parts[0].end;
  ExpressionNode made;
  made.kind = Kind::Binary;
  made.span = span(node);
  made.name = list_.text(sign);
  made.name_span = list_.span(sign);
  const auto left = rules_.children(parts[0]);
  if (compares(made.name) && parts[0].rule == Rule::Expression && left.size() == 2 &&
      compares(list_.text(left[0].end))) {
    report("E0117", made.name_span, "comparisons do not chain",
           "join two of them with `and`, as in `a < b and b < c`");
    return broken(made.span);
  }
  for (const RuleNode& part : parts) made.operands.push_back(build(part));
  return made;
}

ExpressionNode ExpressionBuilder::primary(const RuleNode& node) {
  switch (list_.tokens[node.first].kind) {
    case TokenKind::Quantity:
      return quantity(node.first);
    case TokenKind::TextBlock:
      return text_block(node.first);
    case TokenKind::OpenParenthesis:
      return build(rules_.children(node)[0]);
    default:
      break;
  }
  const std::string_view text = list_.text(node.first);
  if (text != "true" && text != "false") return reference(node);
  ExpressionNode made;
  made.span = span(node);
  made.value = {text == "true"};
  return made;
}

// A name, and what is looked up in it.
ExpressionNode ExpressionBuilder::reference(const RuleNode& node) {
  const auto parts = rules_.children(node);
  ExpressionNode made;
  made.kind = Kind::Variable;
  made.name = list_.text(node.first);
  made.name_span = list_.span(node.first);
  made.span = made.name_span;
  if (parts.empty()) return made;
  if (parts[0].rule == Rule::Arguments) {
    made.kind = Kind::Call;
    made.span = span(node);
    for (const RuleNode& part : rules_.children(parts[0])) made.operands.push_back(build(part));
    return made;
  }
  if (parts.size() > most_levels) {
    report("E0105", span(node), fmt::format("this is a chain of more than {} names", most_levels));
    return broken(span(node));
  }
  for (const RuleNode& part : parts) made = select(std::move(made), part);
  return made;
}

ExpressionNode ExpressionBuilder::select(ExpressionNode from, const RuleNode& selector) {
  ExpressionNode made;
  made.span = base::join(from.span, span(selector));
  made.operands.push_back(std::move(from));
  const auto index = rules_.children(selector);
  if (index.empty()) {
    made.kind = Kind::Property;
    made.name = list_.text(selector.end - 1);
    made.name_span = list_.span(selector.end - 1);
  } else {
    made.kind = Kind::Index;
    made.operands.push_back(build(index[0]));
  }
  return made;
}

ExpressionNode ExpressionBuilder::quantity(std::size_t token) {
  ExpressionNode made;
  made.span = list_.span(token);
  Quantity read = read_quantity(list_.text(token));
  if (read.value) {
    made.value = *std::move(read.value);
  } else {
    diagnostics_.add(wrong_quantity(read, made.span));
    made.broken = true;
  }
  return made;
}

ExpressionNode ExpressionBuilder::text_block(std::size_t token) {
  ExpressionNode made;
  made.kind = Kind::TextBlock;
  made.span = list_.span(token);
  made.broken = list_.tokens[token].repaired;
  if (!made.broken) made.value = {block_text(list_.text(token))};
  return made;
}

std::string ExpressionBuilder::escaped(std::size_t token, bool& broken) {
  auto read = read_escape(list_.text(token));
  if (read) return *std::move(read);
  diagnostics_.add(wrong_escape(list_.text(token), list_.span(token)));
  broken = true;
  return "";
}

ExpressionNode ExpressionBuilder::string(const RuleNode& node) {
  ExpressionNode made;
  made.kind = Kind::Interpolated;
  made.span = span(node);
  const auto values = rules_.children(node);
  std::size_t next = 0;
  ExpressionNode literal;
  const auto flush = [&] {
    if (literal.span.end == literal.span.begin) return;
    made.operands.push_back(std::exchange(literal, {}));
  };
  std::string text;
  for (std::size_t i = node.first + 1; i + 1 < node.end; ++i) {
    if (list_.tokens[i].kind == TokenKind::InterpolationOpen) {
      if (!text.empty()) literal.value = {std::exchange(text, {})};
      flush();
      made.operands.push_back(build(values[next]));
      i = values[next++].end;
      continue;
    }
    const bool escape = list_.tokens[i].kind == TokenKind::StringEscape;
    text += escape ? escaped(i, made.broken) : std::string(list_.text(i));
    const base::Span here = list_.span(i);
    literal.span = literal.span.end == 0 ? here : base::join(literal.span, here);
  }
  if (made.operands.empty()) {
    made.kind = Kind::Literal;
    made.value = {std::move(text)};
    return made;
  }
  if (!text.empty()) literal.value = {std::move(text)};
  flush();
  return made;
}

Name ExpressionBuilder::quoted_name(const RuleNode& node) {
  ExpressionNode read = string(node);
  if (read.kind == Kind::Interpolated) {
    report("E0116", read.span, "a name is written out: `${…}` is not worked out here",
           "the text `${` itself is written `\\${`");
    // As it stands, so that it is neither empty nor like another one.
    const std::uint32_t begin = read.span.begin + 1;
    const std::uint32_t end = read.span.end - 1;
    return {std::string(list_.file->text().substr(begin, end - begin)), read.span, true, true};
  }
  return {std::get<std::string>(std::move(read.value.content)), read.span, true, read.broken};
}

Name ExpressionBuilder::name(const RuleNode& node) {
  return node.child_count > 0 ? quoted_name(rules_.children(node)[0]) : word(node.first);
}

Name ExpressionBuilder::title(const RuleNode& node) {
  return quoted_name(rules_.children(rules_.children(node)[0])[0]);
}

AttributeBlock ExpressionBuilder::block(const RuleNode& node) {
  AttributeBlock made;
  for (const RuleNode& item : rules_.children(node)) made.push_back(attribute(item));
  return made;
}

AttributeNode ExpressionBuilder::attribute(const RuleNode& node) {
  AttributeNode made;
  made.span = span(node);
  made.name = name(rules_.children(node)[0]);
  const RuleNode& value = rules_.children(node)[1];
  if (value.rule == Rule::Block) {
    made.map = block(value);
  } else {
    made.value = build(value);
  }
  return made;
}

void check_literals(const TokenList& list, std::size_t begin, std::size_t end,
                    base::Diagnostics& diagnostics) {
  for (std::size_t i = begin; i < end; ++i) {
    const Token& token = list.tokens[i];
    if (token.kind == TokenKind::Quantity) {
      if (i > begin && takes_name(list.text(i - 1)) && list.tokens[i - 1].first_on_line) {
        diagnostics.add({"E0109",
                         base::Severity::Error,
                         list.span(token),
                         fmt::format("`{}` is no name", base::printable(list.text(token))),
                         {},
                         {"a name begins with a letter or `_`"}});
        continue;
      }
      // Of `'2.4.1'` the quotes are wrong.
      const bool quoted = i > begin && list.tokens[i - 1].kind == TokenKind::Unknown &&
                          list.tokens[i - 1].end == token.begin;
      if (quoted) continue;
      const Quantity read = read_quantity(list.text(token));
      if (!read.value) diagnostics.add(wrong_quantity(read, list.span(token)));
    } else if (token.kind == TokenKind::StringEscape && !read_escape(list.text(token))) {
      diagnostics.add(wrong_escape(list.text(token), list.span(token)));
    }
  }
}

}  // namespace sluice::compiler
