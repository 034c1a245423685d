// One phrase of a step, from the parser's rules to the syntax tree. Words that the grammar leaves
// open (`on failure halt`, `in lockstep`, `takes normal(…)`) are checked here.
#pragma once

#include <optional>

#include "compiler/build_expression.h"

namespace sluice::compiler {

// Nothing where its words are wrong; it has been reported then.
std::optional<PhraseNode> build_phrase(const TokenList& list, const RuleTree& rules,
                                       const RuleNode& node, bool in_header,
                                       ExpressionBuilder& expressions);

}  // namespace sluice::compiler
