#include "compiler/compared_names.h"

#include <algorithm>
#include <array>

namespace sluice::compiler {

namespace {

template <std::size_t count>
bool is_in(const std::array<std::string_view, count>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void name_compared(TokenList& list, std::uint8_t type) {
  constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};
  constexpr std::array<std::string_view, 5> before{"where", "and", "or", "not", "("};
  constexpr std::array<std::string_view, 8> reserved{"and",  "or",   "not",  "if",
                                                     "then", "else", "true", "false"};
  for (std::size_t i = 1; i + 1 < list.tokens.size(); ++i) {
    Token& token = list.tokens[i];
    if (token.kind != TokenKind::Keyword || list.tokens[i + 1].kind != TokenKind::Sign) continue;
    const bool compared = is_in(signs, list.text(i + 1)) && is_in(before, list.text(i - 1));
    if (!compared || is_in(reserved, list.text(token))) continue;
    token.kind = TokenKind::Word;
    token.type = type;
  }
}

}  // namespace sluice::compiler
