// Bytes ─▶ tokens, as grammar/DeployLexer.g4 defines them; a test holds the two equal. The
// generated lexer walks its automaton byte by byte, and that was most of the time of reading a
// file. Which word and sign has which number comes from the grammar.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "compiler/tokens.h"

namespace sluice::compiler {

// The grammar's numbers of its words, signs and other tokens.
class TokenTypes {
 public:
  struct Found {
    TokenKind kind = TokenKind::Word;
    std::uint8_t type = 0;
  };

  // A keyword or sign: `step`, `==`.
  void add_text(std::string_view text, TokenKind kind, std::uint8_t type);
  // A kind whose tokens are of one type, whatever their text.
  void set(TokenKind kind, std::uint8_t type) { of_kind_[static_cast<std::size_t>(kind)] = type; }

  std::uint8_t type_of(TokenKind kind) const { return of_kind_[static_cast<std::size_t>(kind)]; }
  // A keyword, or a Word.
  Found word(std::string_view text) const;
  // A sign of one or two bytes; Unknown where there is none.
  Found sign(std::string_view text) const;

 private:
  struct Entry {
    std::string text;  // empty: the slot is free
    Found found;
  };
  static constexpr std::size_t slots = 512;
  static std::size_t slot_of(std::string_view text);
  const Entry* find(std::string_view text) const;

  std::array<Entry, slots> entries_;
  std::array<std::uint8_t, 32> of_kind_{};
};

class Lexer {
 public:
  // `text` is UTF-8 without control characters (check_text); reading begins at the byte `at`.
  Lexer(std::string_view text, std::uint32_t at, const TokenTypes& types)
      : text_(text), at_(at), types_(types) {}

  // The next token, with its place, kind and type. At the end of the text again and again the End.
  Token next();

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool at_end() const { return at_ >= text_.size(); }
  // Within a string, or within `${…}` in one. Both end on their line.
  bool in_string() const { return depth_ > 0; }
  bool skip_blanks();
  Token token(std::size_t begin, TokenKind kind) const;
  Token token(std::size_t begin, TokenTypes::Found found) const;
  Token word();
  Token quantity();
  Token quotes();
  TokenKind text_block(std::size_t quotes);
  Token other();
  Token within_string();
  Token escape();
  Token broken_string();
  void skip_run(char c);
  void skip_beyond_ascii();

  std::string_view text_;
  std::size_t at_;
  const TokenTypes& types_;
  // Odd: among the characters of a string; even: among words, from 2 within a string's `${…}`.
  std::size_t depth_ = 0;
};

}  // namespace sluice::compiler
