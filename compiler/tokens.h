// The tokens of a file as plain data: what the guards before the parser look at. The parser
// generator's own tokens stay in parse.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"

namespace sluice::compiler {

struct Token {
  enum class Kind {
    Open,       // { [ ( and ${
    Close,      // } ] ) and the } of ${
    Brace,      // { of a block; also opens
    BraceEnd,   // } of a block; also closes
    Statement,  // deployment, role, variable, connect, step, target, run
    Prefix,     // not, -, if, else: each may nest what follows by one level
    Reset,      // = and what begins a phrase: an expression cannot reach across it
    StringOpen,
    StringClose,
    BrokenString,
    BrokenBlock,
    Other,
  };
  Kind kind = Kind::Other;
  base::Span span;
  std::string_view text;
};

inline constexpr int most_levels = 128;

// Nesting is bounded before the parser, which has no bound of its own. False: reported, do not
// parse.
bool check_depth(const std::vector<Token>& tokens, base::Diagnostics& diagnostics);

// Strings and text blocks that never end.
void check_strings(const std::vector<Token>& tokens, base::Diagnostics& diagnostics);

// A `}` that is missing or one too many is reported where the layout shows it, not at the end of
// the file. Gives the offset from which the nesting cannot be trusted any more, if there is one.
std::optional<std::uint32_t> check_braces(const std::vector<Token>& tokens,
                                          const base::SourceFile& file,
                                          base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
