#include "compiler/misfit.h"

#include <array>

#include "base/utf8.h"
#include "compiler/recovery.h"

namespace sluice::compiler {

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 40;
  const std::string shown = base::printable(text.substr(0, most * 4));
  if (shown.size() <= most) return shown;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U) --end;
  return shown.substr(0, end) + "…";
}

Misfit::Misfit(const TokenList& list, const Unexpected& unexpected)
    : list_(list), unexpected_(unexpected), token_(list.tokens[unexpected.token]) {
  found_ = text_from(unexpected.token);
  is_word_ = token_.kind == TokenKind::Word || token_.kind == TokenKind::Keyword;
  if (unexpected.token > 0) before_ = text_before(unexpected.token);
}

std::string_view Misfit::behind(std::size_t count) const {
  return list_.text(std::min(unexpected_.token + count, list_.tokens.size() - 1));
}

TokenKind Misfit::kind_behind() const {
  return list_.tokens[std::min(unexpected_.token + 1, list_.tokens.size() - 1)].kind;
}

std::string_view Misfit::text_before(std::size_t token) const {
  std::size_t first = token - 1;
  std::size_t open = 0;
  for (;; --first) {
    if (list_.tokens[first].kind == TokenKind::StringClose) ++open;
    if (list_.tokens[first].kind == TokenKind::StringOpen && open > 0) --open;
    if (open == 0 || first == 0) break;
  }
  const std::uint32_t begin = list_.tokens[first].begin;
  return list_.file->text().substr(begin, list_.tokens[token - 1].end - begin);
}

std::string_view Misfit::text_from(std::size_t token) const {
  std::size_t last = token;
  std::size_t open = 0;
  for (;; ++last) {
    if (list_.tokens[last].kind == TokenKind::StringOpen) ++open;
    if (list_.tokens[last].kind == TokenKind::StringClose && open > 0) --open;
    if (open == 0 || list_.tokens[last].kind == TokenKind::End) break;
  }
  const std::uint32_t begin = list_.tokens[token].begin;
  return list_.file->text().substr(begin, list_.tokens[last].end - begin);
}

std::string_view Misfit::opening_before() const {
  for (std::size_t i = unexpected_.token; i-- > 0 && i + 8 > unexpected_.token;) {
    const TokenKind kind = list_.tokens[i].kind;
    if (kind == TokenKind::OpenBrace || kind == TokenKind::CloseBrace) return "";
    if (!begins_phrase(list_.text(i))) continue;
    const bool skipped = i > 0 && list_.text(i) == "skip" && list_.text(i - 1) == "unreachable";
    return skipped ? list_.text(i - 1) : list_.text(i);
  }
  return "";
}

bool Misfit::in_expression() const {
  constexpr std::array rules{Rule::Expression, Rule::Primary, Rule::List, Rule::Arguments,
                             Rule::Selector};
  return is_in(rules, unexpected_.rule);
}

bool Misfit::behind_declaration() const {
  return unexpected_.statement == Rule::Declaration && unexpected_.token > 0 && !on_new_line();
}

std::string_view Misfit::declaration_before() const {
  std::size_t first = unexpected_.token;
  while (first > 0 && !list_.tokens[first].first_on_line) --first;
  return list_.text(first);
}

bool Misfit::touches(TokenKind kind) const {
  if (unexpected_.token == 0) return false;
  const Token& last = list_.tokens[unexpected_.token - 1];
  return last.kind == kind && last.end == token_.begin;
}

bool Misfit::behind_string() const {
  return unexpected_.token > 0 &&
         list_.tokens[unexpected_.token - 1].kind == TokenKind::StringClose;
}

bool Misfit::is_foreign_quote() const {
  return found_.substr(0, 1) == "'" || found_.substr(0, 1) == "`" ||
         found_.substr(0, 3) == "\xE2\x80\x9C" || found_.substr(0, 3) == "\xE2\x80\x9D";
}

bool Misfit::compares_here() const {
  return opening() == "require" || opening_before() == "where" || opening_before() == "when";
}

bool Misfit::is_compared(std::size_t token) const {
  constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};
  return list_.tokens[token].kind == TokenKind::Keyword && is_in(signs, list_.text(token + 1));
}

}  // namespace sluice::compiler
