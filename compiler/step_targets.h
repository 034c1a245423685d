// Which targets a step has, and in which order they begin.
#pragma once

#include "compiler/resolver.h"

namespace sluice::compiler {

// A role that is named, or nothing and it has been reported.
std::optional<plan::RoleId> find_role(const Name& name, Resolver& resolver);

// `on`, `where`, `except`: the step's targets in the order of the inventory. False where a role is
// not known: the step has no targets then, for no fault of its own.
bool resolve_on(const StepNode& node, plan::Step& step, Resolver& resolver);

// `order`, `by` and `once`, of a step whose tasks are known (for `order longest`).
void resolve_order(const StepNode& node, plan::Step& step, Resolver& resolver);

// The position of each target's value of a property among the values, in the order of first
// mention. Nothing where a target does not have the property: that has been reported.
struct ValueGroups {
  std::vector<plan::Value> values;
  std::vector<std::uint32_t> group;  // by position in the list
  std::vector<std::uint32_t> count;  // by value
};
std::optional<ValueGroups> group_by(const plan::TargetList& targets, const Name& property,
                                    Resolver& resolver);

}  // namespace sluice::compiler
