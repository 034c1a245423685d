// Bounds the nesting of a file while its tokens are read, and what stands in one row, before a
// parser that has no bound of its own. It knows no grammar, only what opens and what closes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/tokens.h"

namespace sluice::compiler {

inline constexpr std::size_t most_levels = 128;
// Operators, or names with dots, of one expression that are read at all. More than most_levels are
// told of by who builds the expression, as it is one there that nests.
inline constexpr std::size_t most_in_chain = 10'000;
// Parts of one list, and `${…}` within one string.
inline constexpr std::size_t most_parts = 100'000;

class DepthGuard {
 public:
  enum class Excess : std::uint8_t { None, Depth, Operators, Names, List, Interpolations };

  // False for the token that goes too far, and for every one after it.
  bool admit(const Token& token, std::string_view text);
  // Of the excess: what to say, and where it is.
  std::string_view code() const;
  std::string message() const;
  const Token& place() const { return place_; }

 private:
  // What stands between two brackets.
  struct Level {
    std::size_t prefixes = 0;  // `if`, `not` and signs since the expression began
    std::size_t chain = 0;     // operators and dots since then
    Token chain_begin;         // the token before the first of them
    std::size_t commas = 0;
    std::size_t interpolations = 0;  // of the string at hand
  };

  void open();
  void close();
  void follow_string(TokenKind kind);
  void follow_expression(const Token& token, std::string_view text);
  void follow_sign(const Token& token, std::string_view text);
  void follow_operator(const Token& token, bool dot);
  void begin_expression();

  std::vector<Level> levels_;  // around the open brackets
  Level level_;                // within the innermost
  std::size_t outer_ = 0;      // the open brackets and all prefixes around them
  std::size_t strings_ = 0;    // that are open, one inside another
  std::size_t outside_ = 0;    // levels when the outermost of them began
  bool behind_operand_ = false;
  bool behind_dot_ = false;
  Token before_;
  Excess excess_ = Excess::None;
  Token place_;
};

}  // namespace sluice::compiler
