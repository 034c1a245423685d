// Where the lines of a declaration begin and how far its tokens stand apart: what format.cpp writes
// by. Worked out from the rules that cover the tokens, so a new construct of the grammar needs no
// word here.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/rule_tree.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

// What stands before a token.
enum class Gap : std::uint8_t {
  None,
  Blank,
  TwoBlanks,  // between the items of a block on one line
  Line,       // a new line
  Wrap,       // a blank, or a new line where the line would be too long
};

struct TokenLayout {
  Gap gap = Gap::Blank;
  std::uint16_t level = 0;  // of indentation, of the line that it begins or would begin
};

inline constexpr std::size_t most_columns = 100;

// For the tokens [begin, end) of one declaration, in their order. A string counts as one: the
// tokens within it stand as they were written.
std::vector<TokenLayout> lay_out(const TokenList& list, const RuleTree& rules, std::size_t begin,
                                 std::size_t end);

// The token that closes the string or bracket at `open`.
std::size_t closing(const TokenList& list, std::size_t open, std::size_t end);

}  // namespace sluice::compiler
