#include "compiler/tokens.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::compiler {

namespace {

using base::Diagnostic;
using base::Severity;
using base::Span;

bool opens(Token::Kind kind) {
  return kind == Token::Kind::Open || kind == Token::Kind::Brace;
}
bool closes(Token::Kind kind) {
  return kind == Token::Kind::Close || kind == Token::Kind::BraceEnd;
}

// Blanks before the first word of a line.
std::uint32_t indentation(const base::SourceFile& file, std::uint32_t line) {
  std::uint32_t columns = 0;
  for (const char c : file.line(line)) {
    if (c != ' ' && c != '\t') break;
    columns += c == '\t' ? 4 : 1;
  }
  return columns;
}

bool first_on_line(const base::SourceFile& file, std::uint32_t offset) {
  const std::string_view text = file.text();
  while (offset > 0 && text[offset - 1] != '\n') {
    --offset;
    if (text[offset] != ' ' && text[offset] != '\t') return false;
  }
  return true;
}

struct OpenBrace {
  Span span;
  std::uint32_t line;
  std::uint32_t indentation;
};

// A statement begins a line no further in than the line that the brace is on.
bool shows_missing_brace(const OpenBrace& brace, const Token& statement,
                         const base::SourceFile& file) {
  if (!first_on_line(file, statement.span.begin)) return false;
  const std::uint32_t line = file.line_number(statement.span.begin);
  return line > brace.line && indentation(file, line) <= brace.indentation;
}

}  // namespace

bool check_depth(const std::vector<Token>& tokens, base::Diagnostics& diagnostics) {
  int level = 0;
  int prefixes = 0;
  for (const Token& token : tokens) {
    if (opens(token.kind)) ++level;
    if (closes(token.kind) && level > 0) --level;
    if (token.kind == Token::Kind::Prefix) ++prefixes;
    const bool ends = token.kind == Token::Kind::Brace || token.kind == Token::Kind::BraceEnd ||
                      token.kind == Token::Kind::Statement || token.kind == Token::Kind::Reset;
    if (ends) prefixes = 0;
    if (level + prefixes <= most_levels) continue;
    diagnostics.add({"E0105",
                     Severity::Error,
                     token.span,
                     fmt::format("this is nested more than {} levels deep", most_levels),
                     {},
                     {}});
    return false;
  }
  return true;
}

namespace {

void report_string(const Token& opening, base::Diagnostics& diagnostics) {
  diagnostics.add({"E0106",
                   Severity::Error,
                   opening.span,
                   "this string does not end on its line",
                   {},
                   {"close it with `\"`; a text over several lines stands between `\"\"\"`"}});
}

void report_block(const Token& block, base::Diagnostics& diagnostics) {
  const bool never_closed = block.text.find('\n') != std::string_view::npos;
  const auto quotes =
      static_cast<std::uint32_t>(std::min(block.text.find_first_not_of('"'), block.text.size()));
  const std::string sign(quotes, '"');
  diagnostics.add(
      {"E0107",
       Severity::Error,
       {block.span.file, block.span.begin, block.span.begin + quotes},
       never_closed ? "this text block is never closed" : "a text block begins on the next line",
       {},
       {never_closed ? fmt::format("close it with `{}`", sign)
                     : fmt::format("end the line behind `{}`", sign)}});
}

}  // namespace

void check_strings(const std::vector<Token>& tokens, base::Diagnostics& diagnostics) {
  std::vector<const Token*> open;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::StringOpen) open.push_back(&token);
    if (token.kind == Token::Kind::StringClose && !open.empty()) open.pop_back();
    if (token.kind == Token::Kind::BrokenBlock) report_block(token, diagnostics);
    if (token.kind != Token::Kind::BrokenString) continue;
    report_string(open.empty() ? token : *open.front(), diagnostics);
    open.clear();
  }
  if (!open.empty()) report_string(*open.front(), diagnostics);
}

std::optional<std::uint32_t> check_braces(const std::vector<Token>& tokens,
                                          const base::SourceFile& file,
                                          base::Diagnostics& diagnostics) {
  std::vector<OpenBrace> open;
  const auto missing = [&](const OpenBrace& brace, Span before) {
    diagnostics.add(
        {"E0112",
         Severity::Error,
         before,
         fmt::format("`}}` is missing before this: the `{{` of line {} is still open", brace.line),
         {{brace.span, "opened here"}},
         {}});
    return before.begin;
  };
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::Brace) {
      const std::uint32_t line = file.line_number(token.span.begin);
      open.push_back({token.span, line, indentation(file, line)});
    }
    if (token.kind == Token::Kind::Statement && !open.empty() &&
        shows_missing_brace(open.back(), token, file)) {
      return missing(open.back(), token.span);
    }
    if (token.kind != Token::Kind::BraceEnd) continue;
    if (open.empty()) {
      diagnostics.add(
          {"E0113", Severity::Error, token.span, "this `}` closes nothing", {}, {"take it out"}});
      return token.span.begin;
    }
    open.pop_back();
  }
  const auto end = static_cast<std::uint32_t>(file.text().size());
  if (open.empty()) return std::nullopt;
  return missing(open.back(), {open.back().span.file, end, end});
}

}  // namespace sluice::compiler
