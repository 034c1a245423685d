// Who is stronger: an inventory's groups in order, which hosts have which groups, and what their
// variables come to. As Ansible has it: `all` before every other group, then the groups by depth,
// by priority and by name, each stronger than the one before; then the same with what stands in
// group_vars, so that group_vars/all is stronger than every group of the inventory itself; and the
// host itself strongest.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "base/utf8.h"
#include "compiler/inventory.h"

namespace sluice::compiler {

namespace {

// So many group variables may be handed down in all: far past any real inventory.
constexpr std::size_t most_work = 50'000'000;

}  // namespace

class Inventory::Finish {
 public:
  Finish(Inventory& inventory, Report& report) : i_(inventory), report_(report) {}

  bool run() {
    link_groups();
    if (!find_depths()) return false;
    rank_variables();
    if (!read_priorities()) return false;
    if (!sort_hosts()) return false;
    sort_own_variables();
    return true;
  }

 private:
  base::Span span(InventoryPlace place) const { return {place.file, place.at, place.at}; }

  // Groups without a parent are below `all`.
  void link_groups() {
    std::vector<bool> has_parent(i_.groups_.size());
    for (const Edge& edge : i_.edges_) has_parent[edge.child.value] = true;
    for (std::uint32_t group = 1; group < i_.groups_.size(); ++group) {
      if (!has_parent[group]) i_.add_child(all, {group}, i_.groups_[group].place);
    }
    for (const Edge& edge : i_.edges_) {
      i_.groups_[edge.parent.value].children.push_back(edge.child);
      i_.groups_[edge.child.value].parents.push_back(edge.parent);
    }
  }

  // The longest way from `all` to each group, parents before children.
  bool find_depths() {
    std::vector<std::uint32_t> missing(i_.groups_.size());
    std::vector<std::uint32_t> ready;
    for (std::uint32_t group = 0; group < i_.groups_.size(); ++group) {
      missing[group] = static_cast<std::uint32_t>(i_.groups_[group].parents.size());
      if (missing[group] == 0) ready.push_back(group);
    }
    for (std::size_t next = 0; next < ready.size(); ++next) {
      const Group& group = i_.groups_[ready[next]];
      for (const GroupId child : group.children) {
        Group& below = i_.groups_[child.value];
        below.depth = std::max(below.depth, group.depth + 1);
        if (--missing[child.value] == 0) ready.push_back(child.value);
      }
    }
    if (ready.size() != i_.groups_.size()) {
      report_circle(missing);
      return false;
    }
    return !is_too_deep();
  }

  // What all groups hold is found by walking down from each.
  bool is_too_deep() {
    constexpr std::uint32_t most_levels_of_groups = 1'000;
    const auto deep = std::find_if(i_.groups_.begin(), i_.groups_.end(), [](const Group& group) {
      return group.depth > most_levels_of_groups;
    });
    if (deep == i_.groups_.end()) return false;
    report_.error(
        "E0508", span(deep->place),
        fmt::format("groups lie more than {} deep in one another", most_levels_of_groups));
    return true;
  }

  // Walks from child to parent among the groups that are still waited for, until one comes again.
  void report_circle(const std::vector<std::uint32_t>& missing) {
    const auto start = std::find_if(missing.begin(), missing.end(), [](auto n) { return n > 0; });
    GroupId at{static_cast<std::uint32_t>(start - missing.begin())};
    std::vector<GroupId> way;
    std::vector<bool> seen(missing.size());
    while (!seen[at.value]) {
      seen[at.value] = true;
      way.push_back(at);
      const auto& parents = i_.groups_[at.value].parents;
      at = *std::find_if(parents.begin(), parents.end(),
                         [&](GroupId parent) { return missing[parent.value] > 0; });
    }
    way.erase(way.begin(), std::find(way.begin(), way.end(), at));
    std::reverse(way.begin(), way.end());
    std::string path;
    for (std::size_t n = 0; n < way.size() && n < 10; ++n) {
      path += fmt::format("`{}` > ", base::printable(i_.group_name(way[n])));
    }
    if (way.size() > 10) path += "… > ";
    path += fmt::format("`{}`", base::printable(i_.group_name(way[0])));
    const GroupId child = way.size() > 1 ? way[1] : way[0];
    for (const Edge& edge : i_.edges_) {
      if (edge.parent != way[0] || edge.child != child) continue;
      report_.error("E0505", span(edge.place), fmt::format("groups stand in a circle: {}", path));
    }
  }

  void rank_variables() {
    std::vector<std::uint32_t> order(i_.variable_names_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return i_.variable_names_.text(a) < i_.variable_names_.text(b);
    });
    i_.ranks_.resize(order.size());
    for (std::uint32_t rank = 0; rank < order.size(); ++rank) i_.ranks_[order[rank]] = rank;
    for (Group& group : i_.groups_) {
      settle(group.variables);
      settle(group.beside);
    }
  }

  // By name, and of those with one name the last.
  void settle(std::vector<Assigned>& assigned) const {
    const auto less = [&](const Assigned& a, const Assigned& b) {
      return i_.before(a.variable, b.variable);
    };
    if (!std::is_sorted(assigned.begin(), assigned.end(), less)) {
      std::stable_sort(assigned.begin(), assigned.end(), less);
    }
    std::size_t kept = 0;
    for (std::size_t n = 0; n < assigned.size(); ++n) {
      const bool last =
          n + 1 == assigned.size() || assigned[n].variable != assigned[n + 1].variable;
      if (last) assigned[kept++] = assigned[n];
    }
    assigned.resize(kept);
  }

  // `ansible_group_priority` is no variable of the hosts.
  bool read_priorities() {
    const InventoryVariableId name{i_.variable_names_.find("ansible_group_priority")};
    if (!name.valid()) return true;
    bool good = true;
    for (Group& group : i_.groups_) {
      const auto set =
          std::find_if(group.variables.begin(), group.variables.end(),
                       [&](const Assigned& assigned) { return assigned.variable == name; });
      if (set == group.variables.end()) continue;
      const InventoryValue& value = i_.value(set->value);
      const auto* number = std::get_if<plan::Number>(&value.value.content);
      if (value.kind == InventoryValue::Kind::Held && number != nullptr) {
        group.priority = number->micros / 1'000'000;
      } else {
        report_.error("E0507", span(set->place), "`ansible_group_priority` is a whole number");
        good = false;
      }
      group.variables.erase(set);
    }
    return good;
  }

  // From the order of mention to each host's groups, and back to each group's hosts.
  bool sort_hosts() {
    const std::vector<Membership>& log = i_.memberships_;
    std::vector<std::uint32_t> ends(i_.host_count() + 1);
    for (const Membership& one : log) ++ends[one.host.value];
    std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), 0U);
    std::vector<std::uint32_t> by_host(log.size());
    for (std::uint32_t n = 0; n < log.size(); ++n) by_host[ends[log[n].host.value]++] = n;
    // Now ends[h] is where host h ends.
    std::vector<bool> dropped(log.size());
    std::vector<HostId> late;  // in no group that was named
    i_.kind_of_host_.resize(i_.host_count());
    std::vector<GroupId> named;
    std::vector<std::uint32_t> last_named(i_.groups_.size(),
                                          0);  // by group: for which host, from 1
    for (std::uint32_t host = 0; host < i_.host_count(); ++host) {
      const std::uint32_t begin = host == 0 ? 0 : ends[host - 1];
      named.clear();
      for (std::uint32_t n = begin; n < ends[host]; ++n) {
        const GroupId group = log[by_host[n]].group;
        const bool again = std::exchange(last_named[group.value], host + 1) == host + 1;
        if (again) dropped[by_host[n]] = true;
        if (!again) named.push_back(group);
      }
      const std::uint32_t kind = kind_of(named);
      if (work_ > most_work) return report_too_many();
      i_.kind_of_host_[host] = kind;
      const std::vector<GroupId>& groups = i_.kinds_[kind].groups;
      if (groups == named) continue;
      const bool has = std::find(groups.begin(), groups.end(), ungrouped) != groups.end();
      if (has) late.push_back({host});
      for (std::uint32_t n = begin; n < ends[host] && !has; ++n) {
        if (log[by_host[n]].group == ungrouped) dropped[by_host[n]] = true;
      }
    }
    for (std::uint32_t n = 0; n < log.size(); ++n) {
      if (!dropped[n]) i_.groups_[log[n].group.value].hosts.push_back(log[n].host);
    }
    auto& loose = i_.groups_[ungrouped.value].hosts;
    loose.insert(loose.end(), late.begin(), late.end());
    i_.memberships_ = {};
    return true;
  }

  bool report_too_many() {
    report_.error("E0508", {i_.host_places_[0].file, 0, 0},
                  "the groups hand down more variables than 50,000,000 in all");
    return false;
  }

  // Neighbours are mostly of one kind, and kinds are few.
  std::uint32_t kind_of(const std::vector<GroupId>& named) {
    if (!i_.kinds_.empty() && i_.kinds_[last_kind_].named == named) return last_kind_;
    const auto known = kinds_.find(named);
    if (known != kinds_.end()) return last_kind_ = known->second;
    last_kind_ = static_cast<std::uint32_t>(i_.kinds_.size());
    kinds_[named] = last_kind_;
    Kind kind;
    kind.named = named;
    kind.groups = groups_of(named);
    hand_down(ancestors_of(kind.groups), kind.variables);
    work_ += kind.variables.size();
    i_.kinds_.push_back(std::move(kind));
    return last_kind_;
  }

  // A host is in `ungrouped` where it is in no group but `all`, and only there.
  std::vector<GroupId> groups_of(const std::vector<GroupId>& named) {
    const std::vector<GroupId> above = ancestors_of(named);
    const bool loose = std::find(above.begin(), above.end(), ungrouped) != above.end();
    const bool grouped = std::any_of(above.begin(), above.end(), [](GroupId group) {
      return group != all && group != ungrouped;
    });
    std::vector<GroupId> groups = named;
    if (loose && grouped) std::erase(groups, ungrouped);
    if (!loose && !grouped) groups.push_back(ungrouped);
    return groups;
  }

  // The groups themselves and all above them.
  std::vector<GroupId> ancestors_of(const std::vector<GroupId>& groups) {
    std::vector<GroupId> found = groups;
    if (seen_.size() != i_.groups_.size()) seen_.resize(i_.groups_.size());
    for (const GroupId group : groups) seen_[group.value] = true;
    for (std::size_t n = 0; n < found.size(); ++n) {
      for (const GroupId parent : i_.groups_[found[n].value].parents) {
        if (!seen_[parent.value]) found.push_back(parent);
        seen_[parent.value] = true;
      }
    }
    for (const GroupId group : found) seen_[group.value] = false;
    work_ += found.size();
    return found;
  }

  void hand_down(std::vector<GroupId> groups, std::vector<Assigned>& variables) {
    std::erase(groups, all);
    std::sort(groups.begin(), groups.end(), [&](GroupId a, GroupId b) {
      const Group& one = i_.groups_[a.value];
      const Group& other = i_.groups_[b.value];
      if (one.depth != other.depth) return one.depth < other.depth;
      if (one.priority != other.priority) return one.priority < other.priority;
      return i_.group_name(a) < i_.group_name(b);
    });
    const auto take = [&](const std::vector<Assigned>& said) {
      variables.insert(variables.end(), said.begin(), said.end());
      work_ += said.size();
    };
    take(i_.groups_[all.value].variables);
    for (const GroupId group : groups) take(i_.groups_[group.value].variables);
    take(i_.groups_[all.value].beside);
    for (const GroupId group : groups) take(i_.groups_[group.value].beside);
    settle(variables);
  }

  void sort_own_variables() {
    const std::vector<HostAssigned>& log = i_.assigned_;
    std::vector<std::uint32_t>& ends = i_.own_ends_;
    ends.assign(i_.host_count() + 1, 0);
    for (const HostAssigned& one : log) ++ends[one.host.value];
    std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), 0U);
    std::vector<Assigned> sorted(log.size());
    for (const HostAssigned& one : log) sorted[ends[one.host.value]++] = one.assigned;
    i_.assigned_ = {};
    // Of each host: by name, the last of one name alone; moved together.
    std::uint32_t kept = 0;
    std::uint32_t begin = 0;
    std::vector<Assigned> mine;
    for (std::uint32_t host = 0; host < i_.host_count(); ++host) {
      const std::uint32_t end = ends[host];
      mine.assign(sorted.begin() + begin, sorted.begin() + end);
      settle(mine);
      ends[host] = kept;
      std::copy(mine.begin(), mine.end(), sorted.begin() + kept);
      kept += static_cast<std::uint32_t>(mine.size());
      begin = end;
    }
    ends[i_.host_count()] = kept;
    sorted.resize(kept);
    i_.own_ = std::move(sorted);
  }

  Inventory& i_;
  Report& report_;
  std::map<std::vector<GroupId>, std::uint32_t> kinds_;  // by the groups as named
  std::uint32_t last_kind_ = 0;
  std::vector<bool> seen_;  // by group; false between uses
  std::size_t work_ = 0;
};

bool Inventory::finish(Report& report) {
  return Finish(*this, report).run();
}

}  // namespace sluice::compiler
