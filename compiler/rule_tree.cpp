#include "compiler/rule_tree.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::compiler {

void RuleTree::wrap(Rule rule) {
  SLUICE_CHECK(!finished_.empty(), "nothing is there to wrap");
  frames_.push_back(
      {rule, finished_.back().first, static_cast<std::uint32_t>(finished_.size() - 1), false});
}

void RuleTree::close(std::uint32_t end) {
  SLUICE_CHECK(!frames_.empty(), "a rule is closed that was not opened");
  const Frame frame = frames_.back();
  frames_.pop_back();
  const auto first_child = finished_.begin() + frame.finished;
  const auto count = static_cast<std::uint32_t>(finished_.end() - first_child);
  const bool expression = frame.rule == Rule::Expression || frame.rule == Rule::Primary;
  // `1` is an expression that is a primary: one node will do.
  const bool only_wraps = expression && count == 1 && first_child->first == frame.first &&
                          first_child->end == end &&
                          (first_child->rule == Rule::Primary || first_child->rule == Rule::List ||
                           first_child->rule == Rule::String);
  if (only_wraps) return;
  RuleNode node{frame.rule, frame.first, end,           static_cast<std::uint32_t>(nodes_.size()),
                count,      0,           frame.mistaken};
  for (auto child = first_child; child != finished_.end(); ++child) {
    node.depth = std::max(node.depth, child->depth);
  }
  if (frame.rule == Rule::Expression) ++node.depth;
  nodes_.insert(nodes_.end(), first_child, finished_.end());
  finished_.erase(first_child, finished_.end());
  finished_.push_back(node);
}

}  // namespace sluice::compiler
