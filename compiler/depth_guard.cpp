#include "compiler/depth_guard.h"

#include <fmt/format.h>

namespace sluice::compiler {

namespace {

bool opens(TokenKind kind) {
  return kind == TokenKind::OpenBrace || kind == TokenKind::OpenBracket ||
         kind == TokenKind::OpenParenthesis || kind == TokenKind::InterpolationOpen;
}

bool closes(TokenKind kind) {
  return kind == TokenKind::CloseBrace || kind == TokenKind::CloseBracket ||
         kind == TokenKind::CloseParenthesis || kind == TokenKind::InterpolationClose;
}

// Words within an expression, which go on with it.
bool continues(std::string_view word) {
  return word == "and" || word == "or" || word == "then" || word == "else";
}

}  // namespace

std::string_view DepthGuard::code() const {
  const bool long_row = excess_ == Excess::List || excess_ == Excess::Interpolations;
  return long_row ? "E0101" : "E0105";
}

std::string DepthGuard::message() const {
  switch (excess_) {
    case Excess::Depth:
      return fmt::format("this is nested more than {} levels deep", most_levels);
    case Excess::Operators:
      return fmt::format("this is a chain of more than {} operators", most_levels);
    case Excess::Names:
      return fmt::format("this is a chain of more than {} names", most_levels);
    case Excess::List:
      return fmt::format("this is a list of more than {} parts", most_parts);
    case Excess::Interpolations:
      return fmt::format("this is a string with more than {} `${{…}}`", most_parts);
    case Excess::None:
      break;
  }
  return "";
}

bool DepthGuard::admit(const Token& token, std::string_view text) {
  if (excess_ != Excess::None) return false;
  place_ = token;
  follow_string(token.kind);
  if (opens(token.kind)) {
    if (token.kind == TokenKind::InterpolationOpen && ++level_.interpolations > most_parts) {
      excess_ = Excess::Interpolations;
    }
    open();
  } else if (closes(token.kind)) {
    close();
    if (token.kind == TokenKind::CloseBrace) level_ = {};
    behind_operand_ = token.kind != TokenKind::InterpolationClose;
  } else {
    follow_expression(token, text);
  }
  behind_dot_ = text == ".";
  before_ = token;
  if (outer_ + level_.prefixes > most_levels) excess_ = Excess::Depth;
  return excess_ == Excess::None;
}

void DepthGuard::open() {
  levels_.push_back(level_);
  outer_ += level_.prefixes + 1;
  level_ = {};
  behind_operand_ = false;
}

void DepthGuard::close() {
  if (levels_.empty()) return;
  level_ = levels_.back();
  levels_.pop_back();
  outer_ -= level_.prefixes + 1;
}

// A string that ends with its line takes what was opened in it along.
void DepthGuard::follow_string(TokenKind kind) {
  if (kind == TokenKind::StringOpen) {
    if (strings_++ == 0) outside_ = levels_.size();
    level_.interpolations = 0;
  }
  if (kind == TokenKind::StringClose && strings_ > 0) --strings_;
  if (kind != TokenKind::BrokenString) return;
  while (levels_.size() > outside_) close();
  strings_ = 0;
}

// A list goes on where a comma stands before; what follows an operand ends it.
void DepthGuard::begin_expression() {
  level_.prefixes = level_.chain = 0;
  if (behind_operand_) level_.commas = 0;
}

void DepthGuard::follow_operator(const Token& token, bool dot) {
  if (level_.chain == 0) {
    level_.chain_begin = before_.kind == TokenKind::StringClose ? token : before_;
  }
  if (++level_.chain <= most_in_chain) return;
  excess_ = dot ? Excess::Names : Excess::Operators;
  place_ = level_.chain_begin;
}

void DepthGuard::follow_sign(const Token& token, std::string_view text) {
  if (text == "-" && !behind_operand_) ++level_.prefixes;
  if (text == "," || text == "=") level_.prefixes = level_.chain = 0;
  if (text == "," && ++level_.commas > most_parts) excess_ = Excess::List;
  if (text == "=") level_.commas = 0;
  const bool joins = behind_operand_ && text != "," && text != "=" && text != ":";
  behind_operand_ = false;
  if (joins) follow_operator(token, text == ".");
}

// An operand behind an operand begins a new expression, or a mistake that ends this one.
void DepthGuard::follow_expression(const Token& token, std::string_view text) {
  switch (token.kind) {
    case TokenKind::Sign:
      return follow_sign(token, text);
    case TokenKind::Keyword:
      if (behind_dot_) {
        behind_operand_ = true;
      } else if (text == "if" || text == "not") {
        if (behind_operand_) begin_expression();
        ++level_.prefixes;
        behind_operand_ = false;
      } else if (text == "true" || text == "false" || text == "target" || text == "deployment") {
        behind_operand_ = true;
      } else if (!continues(text)) {
        begin_expression();
        behind_operand_ = false;
      } else {
        behind_operand_ = false;
        follow_operator(token, false);
      }
      return;
    case TokenKind::StringText:
    case TokenKind::StringEscape:
    case TokenKind::StringClose:
      behind_operand_ = true;
      return;
    default:
      if (behind_operand_ && !behind_dot_) begin_expression();
      behind_operand_ = token.kind != TokenKind::StringOpen;
  }
}

}  // namespace sluice::compiler
