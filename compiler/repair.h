// Closes what the user forgot to close, before the parser sees the tokens: so one forgotten quote
// or brace is one error, and what stands behind it is still read.
#pragma once

#include <cstdint>

#include "base/diagnostics.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

// The grammar's numbers for the tokens that a repair makes.
struct RepairTypes {
  std::uint8_t string_close = 0;
  std::uint8_t text_block = 0;
  std::uint8_t open_brace = 0;
  std::uint8_t close_brace = 0;
};

// Strings that do not end on their line, text blocks that are not opened or closed right. True:
// there were none.
bool repair_strings(TokenList& list, const RepairTypes& types, base::Diagnostics& diagnostics);

// A brace that is missing, or one too many, where the layout shows it; at the end of the file only
// where the layout shows nothing. A file whose braces match is left alone, whatever its layout.
// `swallowed`: a string without an end may have taken braces with it, so the layout is trusted more
// and nothing is said.
void repair_braces(TokenList& list, const RepairTypes& types, bool swallowed,
                   base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
