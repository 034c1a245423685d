#include "compiler/build_syntax.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

#include "compiler/build_expression.h"
#include "compiler/build_phrase.h"

namespace sluice::compiler {

namespace {

class Builder {
 public:
  Builder(const TokenList& list, const RuleTree& rules, base::Diagnostics& diagnostics)
      : list_(list), rules_(rules), expressions_(list, rules, diagnostics) {}

  DeclarationNode declaration(const RuleNode& node) {
    switch (node.rule) {
      case Rule::Deployment:
        return DeploymentNode{expressions_.span(node), title(node)};
      case Rule::Role:
        return role(node);
      case Rule::Variable:
        return variable(node);
      case Rule::Connect:
        return connect(node);
      default:
        return step(node);
    }
  }

  // What could be read of a declaration; nothing where not even its name could.
  std::optional<DeclarationNode> partly(const RuleNode& node) {
    switch (node.rule) {
      case Rule::Role:
        return named(node, Rule::RoleName, Rule::RoleBody) ? std::optional(role(node))
                                                           : std::nullopt;
      case Rule::Step:
        return named(node, Rule::Title, Rule::StepBody) ? std::optional(step(node)) : std::nullopt;
      case Rule::Variable: {
        if (node.end < node.first + 2) return std::nullopt;
        VariableNode made = variable(node);
        made.value = broken_value(made.name.span);
        return made;
      }
      default:
        check(node);
        return std::nullopt;
    }
  }

  base::Span span(const RuleNode& node) const { return expressions_.span(node); }

 private:
  const RuleNode& child(const RuleNode& node, std::size_t index = 0) const {
    return rules_.children(node)[index];
  }

  // Whether it was read from its name to its body; else what is in it is checked.
  bool named(const RuleNode& node, Rule name, Rule body) {
    const auto parts = rules_.children(node);
    const bool found = parts.size() > 1 && parts[0].rule == name && !parts[0].mistaken &&
                       parts.back().rule == body;
    if (!found) check(node);
    return found;
  }

  static ExpressionNode broken_value(base::Span span) {
    ExpressionNode made;
    made.span = span;
    made.broken = true;
    return made;
  }

  // The things of a body, where it could be read that far.
  std::span<const RuleNode> items(const RuleNode& node, Rule body) const {
    for (const RuleNode& part : rules_.children(node)) {
      if (part.rule == body) return rules_.children(part);
    }
    return {};
  }

  // Builds what has no mistake of syntax in it, for the mistakes that building reports.
  void check(const RuleNode& node) {
    for (const RuleNode& part : rules_.children(node)) {
      if (part.mistaken) {
        check(part);
      } else if (part.rule == Rule::Attribute) {
        attribute(part);
      } else if (part.rule == Rule::RoleItem || part.rule == Rule::StepItem) {
        check(part);
      } else if (part.rule == Rule::Target) {
        target(part);
      } else if (part.rule == Rule::Connect) {
        connect(part);
      } else if (part.rule == Rule::Action) {
        run(part);
      } else if (part.rule == Rule::Step) {
        step(part);
      } else if (part.rule == Rule::Phrase) {
        build_phrase(list_, rules_, part, node.rule == Rule::Step, expressions_);
      }
    }
  }

  // Of a rule whose first child is a title.
  Name title(const RuleNode& node) { return expressions_.quoted_name(child(child(node))); }

  VariableNode variable(const RuleNode& node) {
    VariableNode made;
    made.span = expressions_.span(node);
    made.name = expressions_.word(node.first + 1);
    if (node.first + 3 < node.end && list_.text(node.first + 2) == ":") {
      made.type = expressions_.word(node.first + 3);
    }
    if (node.child_count > 0 && !node.mistaken) made.value = expressions_.build(child(node));
    return made;
  }

  ConnectNode connect(const RuleNode& node) {
    ConnectNode made;
    made.span = expressions_.span(node);
    made.kind = expressions_.word(node.first + 1);
    if (node.child_count > 0) made.settings = block(child(node));
    return made;
  }

  RoleNode role(const RuleNode& node) {
    RoleNode made;
    made.span = expressions_.span(node);
    made.name = role_name(child(node), rules_, expressions_);
    for (const RuleNode& wrapped : items(node, Rule::RoleBody)) {
      if (wrapped.mistaken) {
        check(wrapped);
        continue;
      }
      const RuleNode& item = child(wrapped);
      if (item.rule == Rule::Target) made.targets.push_back(target(item));
      if (item.rule == Rule::Connect) made.connects.push_back(connect(item));
      if (item.rule != Rule::Minimum) continue;
      if (made.minimum) {
        expressions_.report("E0111", expressions_.span(item),
                            "a second `minimum` does not belong in a role", "take one of them out");
      }
      made.minimum = expressions_.build(child(item));
    }
    return made;
  }

  TargetNode target(const RuleNode& node) {
    TargetNode made;
    made.span = expressions_.span(node);
    made.pattern = title(node);
    if (node.child_count < 2) return made;
    for (const RuleNode& wrapped : rules_.children(child(node, 1))) {
      const RuleNode& item = child(wrapped);
      if (item.rule == Rule::Attribute) made.properties.push_back(attribute(item));
      if (item.rule == Rule::Connect) made.connects.push_back(connect(item));
    }
    return made;
  }

  AttributeBlock block(const RuleNode& node) {
    AttributeBlock made;
    for (const RuleNode& item : rules_.children(node)) made.push_back(attribute(item));
    return made;
  }

  AttributeNode attribute(const RuleNode& node) {
    AttributeNode made;
    made.span = expressions_.span(node);
    const RuleNode& key = child(node);
    made.name =
        key.child_count > 0 ? expressions_.quoted_name(child(key)) : expressions_.word(key.first);
    const RuleNode& value = child(node, 1);
    if (value.rule == Rule::Block) {
      made.map = block(value);
    } else {
      made.value = expressions_.build(value);
    }
    return made;
  }

  StepNode step(const RuleNode& node) {
    StepNode made;
    made.span = expressions_.span(node);
    made.name = title(node);
    made.header_span = base::join(list_.span(node.first), made.name.span);
    for (const RuleNode& part : rules_.children(node)) {
      if (part.rule == Rule::Phrase && !part.mistaken) add_phrase(part, true, made);
    }
    for (const RuleNode& wrapped : items(node, Rule::StepBody)) add_item(wrapped, made);
    return made;
  }

  void add_item(const RuleNode& wrapped, StepNode& step) {
    const auto parts = rules_.children(wrapped);
    if (parts.empty()) return;
    const RuleNode& item = parts[0];
    if (item.rule == Rule::Step) {
      if (!item.mistaken || named(item, Rule::Title, Rule::StepBody))
        step.children.push_back(this->step(item));
    } else if (wrapped.mistaken) {
      check(wrapped);
    } else if (item.rule == Rule::Phrase) {
      add_phrase(item, false, step);
    } else {
      step.runs.push_back(run(item));
    }
  }

  void add_phrase(const RuleNode& node, bool in_header, StepNode& step) {
    auto made = build_phrase(list_, rules_, node, in_header, expressions_);
    if (made) step.phrases.push_back(*std::move(made));
  }

  RunNode run(const RuleNode& node) {
    RunNode made;
    made.span = list_.span(node.first);
    if (list_.tokens[node.first + 1].kind == TokenKind::Word) {
      made.kind = expressions_.word(node.first + 1);
      made.span = base::join(made.span, made.kind->span);
    }
    for (const RuleNode& part : rules_.children(node)) {
      if (part.rule == Rule::Block) {
        made.attributes = block(part);
        continue;
      }
      made.argument = argument(part);
      made.span = base::join(made.span, made.argument->span);
    }
    return made;
  }

  ExpressionNode argument(const RuleNode& node) {
    if (node.child_count > 0) return expressions_.string(child(node));
    return list_.tokens[node.first].kind == TokenKind::TextBlock
               ? expressions_.text_block(node.first)
               : expressions_.quantity(node.first);
  }

  const TokenList& list_;
  const RuleTree& rules_;
  ExpressionBuilder expressions_;
};

}  // namespace

void build_declaration(const TokenList& list, const RuleTree& rules, SyntaxTree& tree,
                       base::Diagnostics& diagnostics) {
  const RuleNode& declaration = rules.children(rules.root())[0];
  tree.declarations.push_back(Builder(list, rules, diagnostics).declaration(declaration));
}

void build_partly(const TokenList& list, const RuleTree& rules, SyntaxTree& tree,
                  base::Diagnostics& diagnostics) {
  tree.complete = false;
  const auto parts = rules.children(rules.root());
  if (parts.empty()) {
    tree.names_known = false;
    return;
  }
  Builder builder(list, rules, diagnostics);
  auto made = builder.partly(parts[0]);
  if (made) {
    tree.declarations.push_back(*std::move(made));
  } else if (parts[0].rule != Rule::Connect) {
    tree.names_known = false;
  }
  tree.mistaken.push_back(builder.span(parts[0]));
}

}  // namespace sluice::compiler
