#include "compiler/inventory.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::compiler {

Inventory::Inventory() {
  add_group("all", {});
  add_group("ungrouped", {});
  add_child(all, ungrouped, {});
}

GroupId Inventory::add_group(std::string_view name, InventoryPlace place) {
  const TextPool::Added added = group_names_.add(name);
  if (added.fresh) {
    groups_.emplace_back();
    groups_.back().place = place;
  }
  return {added.id};
}

HostId Inventory::add_host(std::string_view name, std::uint32_t port, InventoryPlace place) {
  const TextPool::Added added = host_names_.add(name);
  const HostId host{added.id};
  if (!added.fresh) return host;
  host_places_.push_back(place);
  if (port > 0) {
    const auto made = value('p', std::to_string(port), [&] {
      return InventoryValue{{}, {plan::Number{std::int64_t{port} * 1'000'000}}};
    });
    assigned_.push_back({host, {variable("ansible_port"), made, place}});
  }
  return host;
}

void Inventory::add_to_group(GroupId group, HostId host) {
  memberships_.push_back({group, host});
}

void Inventory::add_child(GroupId parent, GroupId child, InventoryPlace place) {
  const std::uint64_t key = (std::uint64_t{parent.value} << 32U) | child.value;
  if (!edge_keys_.insert(key).second) return;
  edges_.push_back({parent, child, place});
}

InventoryVariableId Inventory::variable(std::string_view name) {
  return {variable_names_.add(name).id};
}

InventoryValueId Inventory::add_value(InventoryValue value) {
  values_.push_back(std::move(value));
  return {static_cast<std::uint32_t>(values_.size() - 1)};
}

void Inventory::set(HostId host, InventoryVariableId variable, InventoryValueId value,
                    InventoryPlace place) {
  const GroupId same = find_group(host_name(host));
  if (same.valid()) {
    set(same, variable, value, place);
  } else {
    assigned_.push_back({host, {variable, value, place}});
  }
}

void Inventory::set(GroupId group, InventoryVariableId variable, InventoryValueId value,
                    InventoryPlace place) {
  groups_[group.value].variables.push_back({variable, value, place});
}

void Inventory::set_beside(HostId host, InventoryVariableId variable, InventoryValueId value,
                           InventoryPlace place) {
  assigned_.push_back({host, {variable, value, place}});
}

void Inventory::set_beside(GroupId group, InventoryVariableId variable, InventoryValueId value,
                           InventoryPlace place) {
  groups_[group.value].beside.push_back({variable, value, place});
}

void Inventory::all_hosts(GroupId group, std::vector<HostId>& hosts) const {
  hosts.clear();
  std::vector<GroupId> below{group};
  if (!children(group).empty()) {
    std::vector<bool> seen(groups_.size());
    seen[group.value] = true;
    for (std::size_t i = 0; i < below.size(); ++i) {
      for (const GroupId child : children(below[i])) {
        if (!seen[child.value]) below.push_back(child);
        seen[child.value] = true;
      }
    }
  }
  std::size_t with_hosts = 0;
  for (const GroupId id : below) {
    if (own_hosts(id).empty()) continue;
    ++with_hosts;
    hosts.insert(hosts.end(), own_hosts(id).begin(), own_hosts(id).end());
  }
  if (with_hosts < 2) return;
  std::vector<bool> seen(host_count());
  std::size_t kept = 0;
  for (const HostId host : hosts) {
    if (seen[host.value]) continue;
    seen[host.value] = true;
    hosts[kept++] = host;
  }
  hosts.resize(kept);
}

Inventory::HostVariables Inventory::host_variables(HostId host) const {
  const std::uint32_t kind = kind_of_host_[host.value];
  const std::uint32_t begin = own_ends_[host.value];
  const std::uint32_t end = own_ends_[host.value + 1];
  return {kind, kinds_[kind].variables, std::span(own_).subspan(begin, end - begin)};
}

void Inventory::merged(const HostVariables& variables, std::vector<Assigned>& merged) const {
  merged.clear();
  auto inherited = variables.inherited.begin();
  for (const Assigned& own : variables.own) {
    while (inherited != variables.inherited.end() && before(inherited->variable, own.variable)) {
      merged.push_back(*inherited++);
    }
    if (inherited != variables.inherited.end() && inherited->variable == own.variable) ++inherited;
    merged.push_back(own);
  }
  merged.insert(merged.end(), inherited, variables.inherited.end());
}

}  // namespace sluice::compiler
