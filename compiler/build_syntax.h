// From the parser's rules to the syntax tree: declarations, steps and their phrases. It gives no
// meaning to names.
#pragma once

#include "base/diagnostics.h"
#include "compiler/rule_tree.h"
#include "compiler/syntax.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

// Adds the one declaration that the rules hold, which was read without a mistake of syntax.
void build_declaration(const TokenList& list, const RuleTree& rules, SyntaxTree& tree,
                       base::Diagnostics& diagnostics);

// Adds what could be read of a declaration that has a mistake of syntax, and reports what else is
// wrong with it.
void build_partly(const TokenList& list, const RuleTree& rules, SyntaxTree& tree,
                  base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
