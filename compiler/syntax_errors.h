// Syntax errors in the user's words: what was seen, where, and what may stand there.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "compiler/rule_tree.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

struct Unexpected {
  std::size_t token = 0;               // the one that does not fit
  Rule rule = Rule::Declaration;       // the innermost that was being read
  Rule statement = Rule::Declaration;  // the innermost declaration, body, phrase or attribute
  std::size_t begin = 0;               // the token that began the statement
  bool in_list = false;                // between the things of the statement, not within one
  std::vector<std::string> expected;   // words and signs that may stand there
};

base::Diagnostic syntax_error(const TokenList& list, const Unexpected& unexpected);

}  // namespace sluice::compiler
