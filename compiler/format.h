// The one layout of a `.deploy` file. It moves tokens and comments and changes none of them: what
// it writes means what was read. It knows no names and resolves nothing, so a file with unknown
// names is laid out too, and of one with syntax errors all but the declarations that hold them.
#pragma once

#include <string>

#include "base/diagnostics.h"
#include "base/source.h"

namespace sluice::compiler {

struct Formatted {
  std::string text;
  bool complete = true;  // false: a part could not be read, and stands as it was written
};

// Statements stand one a line, indented by two blanks a level; a block that was written on one line
// stays on it where it fits into 100 columns, its items two blanks apart; one blank line at most
// between statements, and every comment where it was. Syntax errors are reported. The text of a
// file that cannot be read at all comes back as it is.
Formatted format(const base::Sources& sources, base::FileId file, base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
