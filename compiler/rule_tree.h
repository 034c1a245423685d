// What the parser found, as plain data: which rule of the grammar covers which tokens. Children lie
// side by side in one array; a node is found by its index. No type of the parser generator.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::compiler {

// The rules of grammar/DeployParser.g4 that the syntax tree is built from, by the same names.
enum class Rule : std::uint8_t {
  Declaration,
  Deployment,
  Variable,
  Connect,
  Role,
  RoleBody,
  RoleItem,
  Minimum,
  Target,
  TargetBody,
  TargetItem,
  Step,
  StepBody,
  StepItem,
  Phrase,
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
};

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
};

}  // namespace sluice::compiler
