// What every reader of an inventory does with the name of a host.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "compiler/host_pattern.h"
#include "compiler/inventory.h"

namespace sluice::compiler {

inline constexpr std::uint64_t most_hosts = 10'000'000;

// Empty where all is well.
struct HostProblem {
  std::string code;
  std::string message;
};

HostProblem host_name_problem(std::string_view name, const Inventory& inventory);

// Adds the hosts that the pattern stands for to the group and calls `visit(HostId)` for each.
template <class Visit>
HostProblem add_hosts(std::string_view text, GroupId group, InventoryPlace place,
                      Inventory& inventory, Visit&& visit) {
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
  const HostPattern pattern(text, most_hosts - inventory.host_count());
  if (!pattern.problem().empty()) {
    return {pattern.too_many() ? "E0508" : "E0503", pattern.problem()};
  }
  pattern.for_each([&](std::string_view name) { add(name, pattern.port()); });
  return {};
}

}  // namespace sluice::compiler
