// Bounds the nesting of a file while its tokens are read, before a parser that has no bound of its
// own. It knows no grammar, only what opens and what closes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/tokens.h"

namespace sluice::compiler {

inline constexpr std::size_t most_levels = 128;

class DepthGuard {
 public:
  // False for the token that goes too deep, and for every one after it.
  bool admit(const Token& token, std::string_view text);

 private:
  void open();
  void close();
  void follow_string(TokenKind kind);
  void follow_expression(const Token& token, std::string_view text);

  std::vector<std::size_t> levels_;  // of each open bracket: the prefixes before it
  std::size_t outer_ = 0;            // the open brackets and all those prefixes
  std::size_t prefixes_ = 0;         // `if`, `not` and signs since the expression began
  std::size_t strings_ = 0;          // that are open, one inside another
  std::size_t outside_ = 0;          // levels when the outermost of them began
  bool behind_operand_ = false;
  bool behind_dot_ = false;
  bool too_deep_ = false;
};

}  // namespace sluice::compiler
