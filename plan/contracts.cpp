#include "plan/contracts.h"

#include <algorithm>

namespace sluice::plan {

bool holds(Contract::Comparison comparison, std::int64_t value, std::int64_t limit) {
  switch (comparison) {
    case Contract::Comparison::Less:
      return value < limit;
    case Contract::Comparison::LessOrEqual:
      return value <= limit;
    case Contract::Comparison::Greater:
      return value > limit;
    case Contract::Comparison::GreaterOrEqual:
      return value >= limit;
    case Contract::Comparison::Equal:
      return value == limit;
  }
  return false;
}

std::optional<std::uint32_t> most_out(const Plan& plan, const Contract& contract,
                                      const Contract::Bound& bound) {
  using enum Contract::Comparison;
  const auto less = [](std::uint32_t count, std::uint32_t by) {
    return count - std::min(count, by);
  };
  const Contract::Comparison comparison = contract.comparison;
  switch (contract.kind) {
    case Contract::Kind::Available:
      if (comparison == Less || comparison == LessOrEqual) return std::nullopt;
      return less(bound.targets, bound.count + (comparison == Greater ? 1 : 0));
    case Contract::Kind::Unavailable:
      if (comparison == Greater || comparison == GreaterOrEqual) return std::nullopt;
      return less(bound.count, comparison == Less ? 1 : 0);
    case Contract::Kind::Downtime: {
      const std::int64_t most = contract.duration.ms - (comparison == Less ? 1 : 0);
      if (comparison == Greater || comparison == GreaterOrEqual || most != 0) return std::nullopt;
      return less(bound.targets, plan.roles[contract.role].minimum);
    }
    case Contract::Kind::Duration:
      return std::nullopt;
  }
  return std::nullopt;
}

bool kept_by_admission(const Plan& plan, const Contract& contract) {
  if (contract.share || !contract.role.valid()) return false;
  const std::vector<Contract::Bound> bounds = bounds_of(plan, contract);
  return std::any_of(bounds.begin(), bounds.end(), [&](const Contract::Bound& bound) {
    return most_out(plan, contract, bound).has_value();
  });
}

std::vector<Contract::Bound> bounds_of(const Plan& plan, const Contract& contract) {
  if (!contract.bounds.empty() || !contract.role.valid()) return contract.bounds;
  return {{{}, plan.target_lists[plan.roles[contract.role].targets].size(), 0}};
}

TargetList targets_of(const Plan& plan, const Contract& contract, const Contract::Bound& bound) {
  const TargetList& role = plan.target_lists[plan.roles[contract.role].targets];
  if (contract.per.empty()) return role;
  TargetList found;
  role.for_each([&](TargetId target) {
    if (target_property(plan, target, contract.per) == bound.value) found.add(target);
  });
  return found;
}

}  // namespace sluice::plan
