// One phrase of a step, from the parser's rules to the syntax tree. Words that only this version's
// grammar leaves open (`order …`, `when …`, `on failure …`) are checked here.
#pragma once

#include <optional>

#include "compiler/build_expression.h"

namespace sluice::compiler {

// Nothing where the phrase is not one of this version; it has been reported then.
std::optional<PhraseNode> build_phrase(const TokenList& list, const RuleTree& rules,
                                       const RuleNode& node, bool in_header,
                                       ExpressionBuilder& expressions);

Name role_name(const RuleNode& node, const RuleTree& rules, ExpressionBuilder& expressions);

}  // namespace sluice::compiler
