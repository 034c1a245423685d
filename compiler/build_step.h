// Steps and what stands in them, from the parser's rules to the syntax tree.
#pragma once

#include <span>

#include "compiler/build_expression.h"

namespace sluice::compiler {

class StepBuilder {
 public:
  StepBuilder(const TokenList& list, const RuleTree& rules, ExpressionBuilder& expressions)
      : list_(list), rules_(rules), expressions_(expressions) {}

  // What could be read of it: a phrase or step with a mistake is left out.
  StepNode step(const RuleNode& node);
  StepNode use(const RuleNode& node);
  // Reports what building finds wrong in a thing of a step's body that could not be read whole.
  void check_item(const RuleNode& node);

  // Whether it was read from its name to its body.
  bool is_named(const RuleNode& node, Rule name, Rule body) const;
  // The things of a body, where it could be read that far.
  std::span<const RuleNode> items(const RuleNode& node, Rule body) const;

 private:
  void add_item(const RuleNode& wrapped, StepNode& step);
  void add_phrase(const RuleNode& node, bool in_header, std::vector<PhraseNode>& phrases);
  void add_gates(const RuleNode& node, StepNode& step);
  WorkNode work(const RuleNode& node);
  RunNode run(const RuleNode& node);
  ExpressionNode argument(const RuleNode& node);

  const TokenList& list_;
  const RuleTree& rules_;
  ExpressionBuilder& expressions_;
};

}  // namespace sluice::compiler
