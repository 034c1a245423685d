#include "cli/live_capacity.h"

#include <fmt/format.h>

#include <optional>

#include "plan/contracts.h"

namespace sluice::cli {

namespace {

std::optional<LiveView::Capacity> worst_part(const plan::Plan& plan,
                                             const scheduler::TimelineBuilder& so_far,
                                             std::size_t number) {
  const plan::Contract& contract = plan.contracts[number];
  if (!contract.role.valid()) return std::nullopt;
  std::optional<LiveView::Capacity> worst;
  const std::vector<plan::Contract::Bound> bounds = plan::bounds_of(plan, contract);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto most_out = plan::most_out(plan, contract, bounds[i]);
    if (!most_out) continue;
    LiveView::Capacity row;
    row.role = plan.roles[contract.role].name;
    if (!contract.per.empty()) {
      row.role += fmt::format(" {} {}", contract.per, plan::to_text(bounds[i].value));
    }
    row.targets = bounds[i].targets;
    row.in_service = so_far.in_service(number, i);
    row.bound = fmt::format("at least {}", row.targets - *most_out);
    row.room = std::int64_t{*most_out} - (std::int64_t{row.targets} - row.in_service);
    if (!worst || row.room < worst->room) worst = row;
  }
  return worst;
}

}  // namespace

std::vector<LiveView::Capacity> capacity_of(const plan::Plan& plan,
                                            const scheduler::TimelineBuilder& so_far) {
  std::vector<LiveView::Capacity> rows;
  std::vector<bool> told(plan.roles.size());
  for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
    const std::optional<LiveView::Capacity> row = worst_part(plan, so_far, i);
    if (!row) continue;
    rows.push_back(*row);
    told[plan.contracts[i].role.value] = true;
  }
  for (const plan::RoleId role : plan.roles.ids()) {
    const std::uint32_t targets = plan.target_lists[plan.roles[role].targets].size();
    const std::uint32_t in_service = so_far.in_service(role);
    if (told[role.value] || in_service == targets) continue;
    const std::uint32_t minimum = plan.roles[role].minimum;
    rows.push_back({plan.roles[role].name, targets, in_service, fmt::format("minimum {}", minimum),
                    std::int64_t{in_service} - minimum});
  }
  return rows;
}

}  // namespace sluice::cli
