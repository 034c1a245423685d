#include "compiler/build_syntax.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

#include "compiler/build_expression.h"
#include "compiler/build_step.h"

namespace sluice::compiler {

namespace {

class Builder {
 public:
  Builder(const TokenList& list, const RuleTree& rules, base::Diagnostics& diagnostics)
      : list_(list),
        rules_(rules),
        expressions_(list, rules, diagnostics),
        steps_(list, rules, expressions_) {}

  // What could be read of a declaration; nothing where not even its name could.
  std::optional<DeclarationNode> declaration(const RuleNode& node) {
    if (node.mistaken) return partly(node);
    switch (node.rule) {
      case Rule::Deployment:
        return DeploymentNode{span(node), expressions_.title(node)};
      case Rule::ImportFile:
        return ImportNode{span(node), expressions_.title(node)};
      case Rule::Inventory:
        return InventoryNode{span(node), expressions_.title(node)};
      case Rule::Role:
        return role(node);
      case Rule::Connect:
        return connect(node);
      case Rule::Variable:
        return variable(node);
      case Rule::Secret:
        return secret(node);
      case Rule::Environment:
        return environment(node);
      case Rule::Requirement:
        return requirement(node);
      case Rule::Procedure:
        return procedure(node);
      case Rule::AtMost:
        return at_most(node);
      case Rule::Deadline:
        return DeadlineNode{span(node), expressions_.build(child(node))};
      case Rule::Resource:
        return ResourceNode{span(node), expressions_.word(node.first + 1),
                            expressions_.build(child(node))};
      case Rule::Use:
        return steps_.use(node);
      default:
        return steps_.step(node);
    }
  }

  base::Span span(const RuleNode& node) const { return expressions_.span(node); }

 private:
  const RuleNode& child(const RuleNode& node, std::size_t index = 0) const {
    return rules_.children(node)[index];
  }

  std::optional<DeclarationNode> partly(const RuleNode& node) {
    switch (node.rule) {
      case Rule::Role:
        if (steps_.is_named(node, Rule::RoleName, Rule::RoleBody)) return role(node);
        break;
      case Rule::Step:
        if (steps_.is_named(node, Rule::Title, Rule::StepBody)) return steps_.step(node);
        break;
      case Rule::Environment:
        if (steps_.is_named(node, Rule::RoleName, Rule::EnvironmentBody)) return environment(node);
        break;
      case Rule::Procedure:
        if (node.child_count > 0 && child(node, node.child_count - 1).rule == Rule::ProcedureBody) {
          return procedure(node);
        }
        break;
      case Rule::Variable: {
        if (node.end < node.first + 2) return std::nullopt;
        VariableNode made = variable(node);
        made.value = broken_value(made.name.span);
        return made;
      }
      default:
        break;
    }
    check(node);
    return std::nullopt;
  }

  static ExpressionNode broken_value(base::Span span) {
    ExpressionNode made;
    made.span = span;
    made.broken = true;
    return made;
  }

  // Builds what has no mistake of syntax in it, for the mistakes that building reports.
  void check(const RuleNode& node) {
    steps_.check_item(node);
    check_targets(node);
  }

  void check_targets(const RuleNode& node) {
    for (const RuleNode& part : rules_.children(node)) {
      if (part.mistaken || part.rule == Rule::RoleItem || part.rule == Rule::TargetItem) {
        check_targets(part);
      } else if (part.rule == Rule::Target) {
        target(part);
      } else if (part.rule == Rule::Connect) {
        connect(part);
      }
    }
  }

  VariableNode variable(const RuleNode& node) {
    VariableNode made;
    made.span = span(node);
    made.name = expressions_.word(node.first + 1);
    if (node.first + 3 < node.end && list_.text(node.first + 2) == ":") {
      made.type = expressions_.word(node.first + 3);
    }
    if (node.child_count > 0 && !node.mistaken) made.value = expressions_.build(child(node));
    return made;
  }

  SecretNode secret(const RuleNode& node) {
    return {span(node), expressions_.word(node.first + 1), expressions_.word(node.first + 3),
            expressions_.title(node)};
  }

  AtMostNode at_most(const RuleNode& node) {
    const auto expect = [&](std::size_t token, std::string_view word, std::string_view other) {
      if (list_.text(token) == word || list_.text(token) == other) return;
      expressions_.report("E0111", list_.span(token),
                          fmt::format("`{}` does not belong here", list_.text(token)),
                          "write it as `at most 50 targets`");
    };
    expect(node.first + 1, "most", "most");
    const RuleNode& count = child(node);
    if (count.end < node.end) expect(count.end, "targets", "target");
    return {span(node), expressions_.build(count)};
  }

  RequireNode requirement(const RuleNode& node) {
    RequireNode made;
    made.span = span(node);
    made.measure = expressions_.word(node.first + 1);
    std::size_t sign = node.first + 2;
    bool bounded = false;
    for (const RuleNode& part : rules_.children(node)) {
      if (part.rule == Rule::Measured) {
        made.role = expressions_.name(child(part));
        if (part.child_count > 1) made.per = expressions_.name(child(part, 1));
        sign = part.end;
      } else if (!bounded) {
        made.bound = expressions_.build(part);
        bounded = true;
      } else {
        made.share = expressions_.build(part);
        if (list_.text(part.end + 1) == "runs") continue;
        expressions_.report("E0111", list_.span(part.end + 1),
                            fmt::format("`{}` does not belong here", list_.text(part.end + 1)),
                            "a share is one of runs, as in `in 95% of runs`");
      }
    }
    made.comparison = expressions_.word(sign);
    return made;
  }

  EnvironmentNode environment(const RuleNode& node) {
    EnvironmentNode made;
    made.span = span(node);
    made.name = expressions_.name(child(node));
    made.header_span = base::join(list_.span(node.first), made.name.span);
    for (const RuleNode& wrapped : steps_.items(node, Rule::EnvironmentBody)) {
      if (wrapped.child_count == 0) continue;
      auto read = declaration(child(wrapped));
      if (read) made.declarations.push_back(*std::move(read));
    }
    return made;
  }

  ProcedureNode procedure(const RuleNode& node) {
    ProcedureNode made;
    made.span = span(node);
    made.name = expressions_.word(node.first + 1);
    made.header_span = base::join(list_.span(node.first), made.name.span);
    for (const RuleNode& part : rules_.children(node)) {
      if (part.rule != Rule::Parameters || part.mistaken) continue;
      for (const RuleNode& parameter : rules_.children(part)) {
        made.parameters.push_back({span(parameter), expressions_.word(parameter.first),
                                   expressions_.word(parameter.end - 1)});
      }
    }
    for (const RuleNode& wrapped : steps_.items(node, Rule::ProcedureBody)) {
      if (wrapped.child_count == 0) continue;
      const RuleNode& item = child(wrapped);
      const bool whole = !item.mistaken;
      if (item.rule == Rule::Use && whole) {
        made.steps.push_back(steps_.use(item));
      } else if (item.rule == Rule::Step &&
                 (whole || steps_.is_named(item, Rule::Title, Rule::StepBody))) {
        made.steps.push_back(steps_.step(item));
      } else {
        steps_.check_item(item);
      }
    }
    return made;
  }

  ConnectNode connect(const RuleNode& node) {
    ConnectNode made;
    made.span = span(node);
    made.kind = expressions_.word(node.first + 1);
    if (node.child_count > 0) made.settings = expressions_.block(child(node));
    return made;
  }

  RoleNode role(const RuleNode& node) {
    RoleNode made;
    made.span = span(node);
    made.name = expressions_.name(child(node));
    for (const RuleNode& wrapped : steps_.items(node, Rule::RoleBody)) {
      if (wrapped.mistaken) {
        check(wrapped);
        continue;
      }
      const RuleNode& item = child(wrapped);
      if (item.rule == Rule::Target) made.targets.push_back(target(item));
      if (item.rule == Rule::Connect) made.connects.push_back(connect(item));
      if (item.rule != Rule::Minimum) continue;
      if (made.minimum) {
        expressions_.report("E0111", span(item), "a second `minimum` does not belong in a role",
                            "take one of them out");
      }
      made.minimum = expressions_.build(child(item));
    }
    return made;
  }

  TargetNode target(const RuleNode& node) {
    TargetNode made;
    made.span = span(node);
    made.pattern = expressions_.title(node);
    if (node.child_count < 2) return made;
    for (const RuleNode& wrapped : rules_.children(child(node, 1))) {
      const RuleNode& item = child(wrapped);
      if (item.rule == Rule::Attribute) made.properties.push_back(expressions_.attribute(item));
      if (item.rule == Rule::Connect) made.connects.push_back(connect(item));
    }
    return made;
  }

  const TokenList& list_;
  const RuleTree& rules_;
  ExpressionBuilder expressions_;
  StepBuilder steps_;
};

// Whether steps and expressions may name what is declared by it.
bool declares_name(Rule rule) {
  return rule != Rule::Connect && rule != Rule::Deployment && rule != Rule::AtMost &&
         rule != Rule::Deadline && rule != Rule::Requirement;
}

}  // namespace

void build_declaration(const TokenList& list, const RuleTree& rules, SyntaxTree& tree,
                       base::Diagnostics& diagnostics) {
  const RuleNode& declaration = rules.children(rules.root())[0];
  auto made = Builder(list, rules, diagnostics).declaration(declaration);
  if (made) tree.declarations.push_back(*std::move(made));
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
  auto made = builder.declaration(parts[0]);
  if (made) {
    tree.declarations.push_back(*std::move(made));
  } else if (declares_name(parts[0].rule)) {
    tree.names_known = false;
  }
  tree.mistaken.push_back(builder.span(parts[0]));
}

}  // namespace sluice::compiler
