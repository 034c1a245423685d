#include "compiler/depth_guard.h"

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

bool DepthGuard::admit(const Token& token, std::string_view text) {
  if (too_deep_) return false;
  follow_string(token.kind);
  if (opens(token.kind)) {
    open();
  } else if (closes(token.kind)) {
    close();
    if (token.kind == TokenKind::CloseBrace) prefixes_ = 0;
    behind_operand_ = token.kind != TokenKind::InterpolationClose;
  } else {
    follow_expression(token, text);
  }
  behind_dot_ = text == ".";
  too_deep_ = outer_ + prefixes_ > most_levels;
  return !too_deep_;
}

void DepthGuard::open() {
  levels_.push_back(prefixes_);
  outer_ += prefixes_ + 1;
  prefixes_ = 0;
  behind_operand_ = false;
}

void DepthGuard::close() {
  if (levels_.empty()) return;
  prefixes_ = levels_.back();
  levels_.pop_back();
  outer_ -= prefixes_ + 1;
}

// A string that ends with its line takes what was opened in it along.
void DepthGuard::follow_string(TokenKind kind) {
  if (kind == TokenKind::StringOpen && strings_++ == 0) outside_ = levels_.size();
  if (kind == TokenKind::StringClose && strings_ > 0) --strings_;
  if (kind != TokenKind::BrokenString) return;
  while (levels_.size() > outside_) close();
  strings_ = 0;
}

// An operand behind an operand begins a new expression, or a mistake that ends this one.
void DepthGuard::follow_expression(const Token& token, std::string_view text) {
  switch (token.kind) {
    case TokenKind::Sign:
      if (text == "-" && !behind_operand_) ++prefixes_;
      if (text == "," || text == "=") prefixes_ = 0;
      behind_operand_ = false;
      return;
    case TokenKind::Keyword:
      if (behind_dot_) {
        behind_operand_ = true;
      } else if (text == "if" || text == "not") {
        if (behind_operand_) prefixes_ = 0;
        ++prefixes_;
        behind_operand_ = false;
      } else if (text == "true" || text == "false" || text == "target" || text == "deployment") {
        behind_operand_ = true;
      } else if (!continues(text)) {
        prefixes_ = 0;
        behind_operand_ = false;
      } else {
        behind_operand_ = false;
      }
      return;
    case TokenKind::StringText:
    case TokenKind::StringEscape:
    case TokenKind::StringClose:
      behind_operand_ = true;
      return;
    default:
      if (behind_operand_ && !behind_dot_) prefixes_ = 0;
      behind_operand_ = token.kind != TokenKind::StringOpen;
  }
}

}  // namespace sluice::compiler
