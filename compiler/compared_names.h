// Words of the language that can only be names where they stand.
#pragma once

#include <cstdint>

#include "compiler/tokens.h"

namespace sluice::compiler {

// `where role == "primary"`, `… and order < 3`: no expression begins with a word of the language,
// so one that is compared is a property's name. It becomes a word, the grammar's `type` of which is
// given. No file that can be read otherwise is read in another way by this.
void name_compared(TokenList& list, std::uint8_t type);

}  // namespace sluice::compiler
