#include "compiler/rule_tree.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace sluice::compiler {

namespace {

// In the order of Rule.
constexpr std::array names = {
    std::string_view{"declaration"},   std::string_view{"deployment"},
    std::string_view{"importFile"},    std::string_view{"inventory"},
    std::string_view{"variable"},      std::string_view{"secret"},
    std::string_view{"connect"},       std::string_view{"deadline"},
    std::string_view{"atMost"},        std::string_view{"resource"},
    std::string_view{"requirement"},   std::string_view{"measured"},
    std::string_view{"environment"},   std::string_view{"environmentBody"},
    std::string_view{"role"},          std::string_view{"roleBody"},
    std::string_view{"roleItem"},      std::string_view{"minimum"},
    std::string_view{"target"},        std::string_view{"targetBody"},
    std::string_view{"targetItem"},    std::string_view{"procedure"},
    std::string_view{"parameters"},    std::string_view{"parameter"},
    std::string_view{"procedureBody"}, std::string_view{"procedureItem"},
    std::string_view{"use"},           std::string_view{"useArguments"},
    std::string_view{"namedArgument"}, std::string_view{"step"},
    std::string_view{"stepBody"},      std::string_view{"stepItem"},
    std::string_view{"verify"},        std::string_view{"undo"},
    std::string_view{"gates"},         std::string_view{"phrase"},
    std::string_view{"limit"},         std::string_view{"action"},
    std::string_view{"argument"},      std::string_view{"block"},
    std::string_view{"attribute"},     std::string_view{"key"},
    std::string_view{"expression"},    std::string_view{"primary"},
    std::string_view{"list"},          std::string_view{"arguments"},
    std::string_view{"selector"},      std::string_view{"title"},
    std::string_view{"string"},        std::string_view{"roleName"},
    std::string_view{"propertyName"},
};
static_assert(names.size() == static_cast<std::size_t>(Rule::PropertyName) + 1);

}  // namespace

RuleNumbers::RuleNumbers(std::span<const std::string> grammar) : rules_(grammar.size()) {
  for (std::size_t number = 0; number < grammar.size(); ++number) {
    const std::string_view name =
        grammar[number] == "roleNameAfterOn" ? std::string_view("roleName") : grammar[number];
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) rules_[number] = static_cast<Rule>(found - names.begin());
  }
}

bool is_statement(Rule rule) {
  constexpr std::array inner = {Rule::RoleItem,  Rule::TargetItem,   Rule::ProcedureItem,
                                Rule::StepItem,  Rule::Declaration,  Rule::Measured,
                                Rule::Limit,     Rule::UseArguments, Rule::NamedArgument,
                                Rule::Parameter, Rule::Parameters,   Rule::Argument,
                                Rule::Key};
  return rule < Rule::Expression && std::find(inner.begin(), inner.end(), rule) == inner.end();
}

void RuleTree::wrap(Rule rule) {
  SLUICE_CHECK(!finished_.empty(), "nothing is there to wrap");
  frames_.push_back(
      {rule, finished_.back().first, static_cast<std::uint32_t>(finished_.size() - 1), false});
}

void RuleTree::close(std::uint32_t end) {
  SLUICE_CHECK(!frames_.empty(), "a rule is closed that was not opened");
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (!keep_children_) {
    finished_.resize(frame.finished);
    finished_.push_back({frame.rule, frame.first, end, 0, 0, 0, frame.mistaken});
    return;
  }
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
