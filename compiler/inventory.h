// An inventory as any of its formats tells it: hosts and groups in the order of first mention, with
// variables, and what holds for a host when all groups have had their say. Held by column, so that
// a million hosts stay small. It knows neither the formats nor the plan.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/id.h"
#include "base/source.h"
#include "compiler/report.h"
#include "compiler/text_pool.h"
#include "plan/value.h"

namespace sluice::compiler {

using HostId = base::Id<struct HostTag>;
using GroupId = base::Id<struct GroupTag>;
using InventoryVariableId = base::Id<struct InventoryVariableTag>;
using InventoryValueId = base::Id<struct InventoryValueTag>;

inline constexpr std::size_t most_inventory_bytes = std::size_t{64} << 20;
inline constexpr std::size_t most_host_name_bytes = 255;

struct InventoryValue {
  enum class Kind : std::uint8_t {
    Held,       // value
    Text,       // value: the text of a number that is no decimal of six places
    Null,       // no value, and none from a group further up either
    Map,        // a map, or a list with more than plain values: no property can hold it
    Encrypted,  // by ansible-vault
  };
  Kind kind = Kind::Held;
  plan::Value value;
};

// Where something stands: the first byte of its word.
struct InventoryPlace {
  base::FileId file;
  std::uint32_t at = 0;
};

// A variable of a host or a group, set somewhere.
struct Assigned {
  InventoryVariableId variable;
  InventoryValueId value;
  InventoryPlace place;
};

class Inventory {
 public:
  Inventory();

  // ---- while reading ----
  static constexpr GroupId all{0};
  static constexpr GroupId ungrouped{1};

  GroupId add_group(std::string_view name, InventoryPlace place);
  GroupId find_group(std::string_view name) const { return {group_names_.find(name)}; }
  // About so many hosts more will come.
  void expect_hosts(std::size_t hosts) { host_names_.reserve(host_names_.size() + hosts); }
  // The host, new or known. `port` 0: none; one that is given later than the host counts nothing.
  HostId add_host(std::string_view name, std::uint32_t port, InventoryPlace place);
  void add_to_group(GroupId group, HostId host);
  // The child's hosts are the parent's too.
  void add_child(GroupId parent, GroupId child, InventoryPlace place);
  InventoryVariableId variable(std::string_view name);
  // The value that `text` stands for when it is read in the `way` of a format; `make` is asked only
  // where the two are new together.
  template <class Make>
  InventoryValueId value(char way, std::string_view text, Make&& make) {
    key_.assign(1, way).append(text);
    const TextPool::Added added = value_keys_.add(key_);
    if (added.fresh) keyed_values_.push_back(add_value(make()));
    return keyed_values_[added.id];
  }
  InventoryValueId add_value(InventoryValue value);
  InventoryValueId text_value(std::string_view text) {
    return value('"', text, [&] { return InventoryValue{{}, {std::string(text)}}; });
  }
  // As Ansible does, a host that is called like a group sets the group's variable.
  void set(HostId host, InventoryVariableId variable, InventoryValueId value, InventoryPlace place);
  void set(GroupId group, InventoryVariableId variable, InventoryValueId value,
           InventoryPlace place);
  // From a file of group_vars or host_vars: stronger than all that the inventory itself says of
  // groups, or of the host.
  void set_beside(HostId host, InventoryVariableId variable, InventoryValueId value,
                  InventoryPlace place);
  void set_beside(GroupId group, InventoryVariableId variable, InventoryValueId value,
                  InventoryPlace place);

  // ---- once all is read ----
  // Orders groups and hosts and settles who is stronger; groups in a circle are reported, and
  // inventories in which groups are multiplied past reason. False: there were such errors.
  bool finish(Report& report);

  std::uint32_t host_count() const { return host_names_.size(); }
  std::string_view host_name(HostId host) const { return host_names_.text(host.value); }
  HostId find_host(std::string_view name) const { return {host_names_.find(name)}; }
  InventoryPlace host_place(HostId host) const { return host_places_[host.value]; }
  std::uint32_t group_count() const { return group_names_.size(); }
  std::string_view group_name(GroupId group) const { return group_names_.text(group.value); }
  InventoryPlace group_place(GroupId group) const { return groups_[group.value].place; }
  // Its own, in order; and its groups, in order.
  const std::vector<HostId>& own_hosts(GroupId group) const { return groups_[group.value].hosts; }
  const std::vector<GroupId>& children(GroupId group) const {
    return groups_[group.value].children;
  }
  // Its own and those of the groups below it, level by level, each once.
  void all_hosts(GroupId group, std::vector<HostId>& hosts) const;
  std::uint32_t variable_count() const { return variable_names_.size(); }
  std::string_view variable_name(InventoryVariableId variable) const {
    return variable_names_.text(variable.value);
  }
  const InventoryValue& value(InventoryValueId value) const { return values_[value.value]; }
  // What the groups of a host say, and what is said of it alone: sorted by the variable's name. The
  // latter is stronger. Hosts of one `kind` have the same groups.
  struct HostVariables {
    std::uint32_t kind = 0;
    std::span<const Assigned> inherited;
    std::span<const Assigned> own;
  };
  HostVariables host_variables(HostId host) const;
  std::size_t kind_count() const { return kinds_.size(); }
  // Both together, the stronger alone, sorted by the variable's name.
  void merged(const HostVariables& variables, std::vector<Assigned>& merged) const;
  bool before(InventoryVariableId a, InventoryVariableId b) const {
    return ranks_[a.value] < ranks_[b.value];
  }

 private:
  struct Edge {
    GroupId parent;
    GroupId child;
    InventoryPlace place;
  };
  struct Group {
    InventoryPlace place;
    std::vector<HostId> hosts;
    std::vector<GroupId> children;
    std::vector<GroupId> parents;
    std::vector<Assigned> variables;
    std::vector<Assigned> beside;
    std::uint32_t depth = 0;
    std::int64_t priority = 1;
  };
  struct Membership {
    GroupId group;
    HostId host;
  };
  struct HostAssigned {
    HostId host;
    Assigned assigned;
  };
  // What hosts with the same groups share.
  struct Kind {
    std::vector<GroupId> named;   // as they were added to them
    std::vector<GroupId> groups;  // the same, but for `ungrouped`, which is worked out
    std::vector<Assigned> variables;
  };
  class Finish;

  TextPool host_names_;
  std::vector<InventoryPlace> host_places_;
  TextPool group_names_;
  std::vector<Group> groups_;
  std::vector<Edge> edges_;
  std::unordered_set<std::uint64_t> edge_keys_;
  TextPool variable_names_;
  TextPool value_keys_;
  std::vector<InventoryValueId> keyed_values_;
  std::string key_;  // scratch
  std::vector<InventoryValue> values_;
  std::vector<Membership> memberships_;
  std::vector<HostAssigned> assigned_;

  // Made by finish().
  std::vector<std::uint32_t> ranks_;  // by variable: its place among the names
  std::vector<Kind> kinds_;
  std::vector<std::uint32_t> kind_of_host_;
  std::vector<Assigned> own_;            // by host
  std::vector<std::uint32_t> own_ends_;  // of host i: from own_ends_[i] to own_ends_[i + 1]
};

}  // namespace sluice::compiler
