// Syntax errors in the user's words: what was seen, where, and what may stand there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"

namespace sluice::compiler {

struct Unexpected {
  base::Span span;
  std::string found;                  // the word as it stands; empty: the end of the file
  std::string rule;                   // the grammar's rule that was being read: step, phrase, …
  std::vector<std::string> expected;  // words and signs that may stand there
};

base::Diagnostic syntax_error(const Unexpected& unexpected);

}  // namespace sluice::compiler
