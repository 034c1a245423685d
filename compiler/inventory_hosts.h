// What every reader of an inventory does with the name of a host.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "compiler/host_pattern.h"
#include "compiler/inventory.h"

namespace sluice::compiler {

inline constexpr std::uint64_t most_hosts = 10'000'000;
inline constexpr std::uint32_t most_groups = 100'000;
inline constexpr const char* too_many_groups = "the inventory has more than 100,000 groups";
// Variables of different names.
inline constexpr std::uint32_t most_inventory_variables = 100'000;

// Empty where all is well.
struct HostProblem {
  std::string code;
  std::string message;
};

HostProblem host_name_problem(std::string_view name, const Inventory& inventory);

// Adds the hosts that the pattern stands for to the group and calls `visit(HostId)` for each.
// `left`: so many may the ranges of the file still stand for, also where they name hosts again.
template <class Visit>
HostProblem add_hosts(std::string_view text, GroupId group, InventoryPlace place,
                      Inventory& inventory, std::uint64_t& left, Visit&& visit) {
  if (HostProblem problem = host_name_problem(text, inventory); !problem.message.empty()) {
    return problem;
  }
  const auto add = [&](std::string_view name, std::uint32_t port) {
    const HostId host = inventory.add_host(name, port, place);
    inventory.add_to_group(group, host);
    visit(host);
  };
  if (text.find_first_of("[:") == std::string_view::npos) {
    add(text, 0);
    return {};
  }
  const std::uint64_t room = most_hosts - inventory.host_count();
  const HostPattern pattern(text, std::min(room, left));
  if (pattern.too_many() && left < room) {
    return {"E0508", fmt::format("up to here, ranges stand for more than {} hosts", most_hosts)};
  }
  if (!pattern.problem().empty()) {
    return {pattern.too_many() ? "E0508" : "E0503", pattern.problem()};
  }
  left -= pattern.count();
  constexpr std::uint64_t many = 10'000;  // for fewer, room is made as it is needed
  if (pattern.count() > many) inventory.expect_hosts(pattern.count());
  pattern.for_each([&](std::string_view name) { add(name, pattern.port()); });
  return {};
}

}  // namespace sluice::compiler
