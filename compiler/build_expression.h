// Expressions, strings, names and blocks of attributes, from the parser's rules to the syntax tree.
#pragma once

#include <string>

#include "base/diagnostics.h"
#include "compiler/rule_tree.h"
#include "compiler/syntax.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

class ExpressionBuilder {
 public:
  ExpressionBuilder(const TokenList& list, const RuleTree& rules, base::Diagnostics& diagnostics)
      : list_(list), rules_(rules), diagnostics_(diagnostics) {}

  ExpressionNode build(const RuleNode& node);
  ExpressionNode quantity(std::size_t token);
  ExpressionNode text_block(std::size_t token);
  ExpressionNode string(const RuleNode& node);
  // A string that may not be worked out: the name of something.
  Name quoted_name(const RuleNode& string);
  Name word(std::size_t token) const;
  // Of a rule that is a word or holds a string: a role, a property, a key.
  Name name(const RuleNode& node);
  // Of a rule whose first child is a title.
  Name title(const RuleNode& node);
  AttributeBlock block(const RuleNode& node);
  AttributeNode attribute(const RuleNode& node);

  base::Span span(const RuleNode& node) const;
  void report(std::string code, base::Span span, std::string message, std::string hint = "");

 private:
  ExpressionNode operation(const RuleNode& node);
  ExpressionNode binary(const RuleNode& node);
  ExpressionNode primary(const RuleNode& node);
  ExpressionNode reference(const RuleNode& node);
  ExpressionNode select(ExpressionNode from, const RuleNode& selector);
  ExpressionNode broken(base::Span span) const;
  std::string escaped(std::size_t token, bool& broken);

  const TokenList& list_;
  const RuleTree& rules_;
  base::Diagnostics& diagnostics_;
};

// Reports what is wrong with the numbers and escapes among some tokens; for those whose declaration
// could not be read.
void check_literals(const TokenList& list, std::size_t begin, std::size_t end,
                    base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
