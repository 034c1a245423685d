// What the parser found, as plain data: which rule of the grammar covers which tokens. Children lie
// side by side in one array; a node is found by its index. No type of the parser generator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::compiler {

// The rules of grammar/DeployParser.g4 that the syntax tree is built from, by the same names.
enum class Rule : std::uint8_t {
  Declaration,
  Deployment,
  ImportFile,
  Inventory,
  Variable,
  Secret,
  Connect,
  Deadline,
  AtMost,
  Resource,
  Requirement,
  Measured,
  Environment,
  EnvironmentBody,
  Role,
  RoleBody,
  RoleItem,
  Minimum,
  Target,
  TargetBody,
  TargetItem,
  Procedure,
  Parameters,
  Parameter,
  ProcedureBody,
  ProcedureItem,
  Use,
  UseArguments,
  NamedArgument,
  Step,
  StepBody,
  StepItem,
  Verify,
  Undo,
  Gates,
  Phrase,
  Limit,
  Action,
  Argument,
  Block,
  Attribute,
  Key,
  Expression,
  Primary,
  List,
  Arguments,
  Selector,
  Title,
  String,
  RoleName,
  PropertyName,
};

// Which of them the grammar's rules are, by the grammar's own numbers.
class RuleNumbers {
 public:
  // The names of the grammar's rules, in the order of their numbers.
  explicit RuleNumbers(std::span<const std::string> names);
  // Nothing for a rule that the tree does without.
  std::optional<Rule> operator[](std::size_t number) const { return rules_[number]; }

 private:
  std::vector<std::optional<Rule>> rules_;
};

// Whether it is a list of things, or one of the things that stand in such a list.
bool is_statement(Rule rule);

struct RuleNode {
  Rule rule = Rule::Declaration;
  std::uint32_t first = 0;  // tokens [first, end); empty where nothing was read
  std::uint32_t end = 0;
  std::uint32_t children = 0;  // the index of the first one
  std::uint32_t child_count = 0;
  std::uint32_t depth = 0;  // expressions that lie inside one another
  bool mistaken = false;    // it, or something in it, could not be read
};

// The nodes of one declaration.
class RuleTree {
 public:
  // Whether nodes keep their children; what is only looked through for mistakes needs none.
  void keep_children(bool keep) { keep_children_ = keep; }
  void clear() {
    nodes_.clear();
    finished_.clear();
    frames_.clear();
  }

  void open(Rule rule, std::uint32_t first) {
    frames_.push_back({rule, first, static_cast<std::uint32_t>(finished_.size()), false});
  }
  // What was closed last becomes the first child of a rule that begins where it began: `a` of `a +
  // b`.
  void wrap(Rule rule);
  void close(std::uint32_t end);

  // The rules that are open could not be read, or not all that is in them.
  void mark_mistake() {
    for (Frame& frame : frames_) frame.mistaken = true;
  }

  // After the last close.
  const RuleNode& root() const { return finished_.back(); }
  std::span<const RuleNode> children(const RuleNode& node) const {
    return std::span(nodes_).subspan(node.children, node.child_count);
  }

 private:
  struct Frame {
    Rule rule;
    std::uint32_t first;
    std::uint32_t finished;  // how many nodes were finished before it
    bool mistaken = false;
  };

  std::vector<RuleNode> nodes_;
  std::vector<RuleNode> finished_;  // whose parent is not closed yet
  std::vector<Frame> frames_;
  bool keep_children_ = true;
};

}  // namespace sluice::compiler
