// The tokens of a file as plain data, and what is looked at before the parser sees them. The parser
// generator's own tokens stay in parse.cpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/source.h"

namespace sluice::compiler {

enum class TokenKind : std::uint8_t {
  End,      // of the file
  Word,     // an identifier that is no keyword
  Keyword,  // soft: it may be a name as well
  Quantity,
  TextBlock,
  StringOpen,
  StringText,
  StringEscape,
  StringClose,
  InterpolationOpen,
  InterpolationClose,
  BrokenString,  // the end of the line on which a string is not closed
  BrokenBlock,
  OpenBrace,
  CloseBrace,
  OpenBracket,
  CloseBracket,
  OpenParenthesis,
  CloseParenthesis,
  Sign,     // any other that the grammar knows
  Unknown,  // what it does not
};

struct Token {
  std::uint32_t begin = 0;  // bytes of the file
  std::uint32_t end = 0;
  std::uint32_t indentation = 0;  // columns before the first token of its line
  TokenKind kind = TokenKind::End;
  std::uint8_t type = 0;       // the grammar's own number of it, for parse.cpp
  bool first_on_line = false;  // only blanks stand before it on its line
  bool repaired = false;       // a mistake here has been reported
};

// A token without text, made up before another.
inline Token made_token(const Token& before, TokenKind kind, std::uint8_t type) {
  return {before.begin, before.begin, before.indentation, kind, type, false, true};
}

// The tokens of one file, with their text. The last one is the End.
struct TokenList {
  const base::SourceFile* file = nullptr;
  base::FileId file_id;
  std::vector<Token> tokens;

  std::string_view text(const Token& token) const {
    return file->text().substr(token.begin, token.end - token.begin);
  }
  std::string_view text(std::size_t index) const { return text(tokens[index]); }
  base::Span span(const Token& token) const { return {file_id, token.begin, token.end}; }
  base::Span span(std::size_t index) const { return span(tokens[index]); }
};

}  // namespace sluice::compiler
