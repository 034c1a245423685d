#include "render/plan_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "base/words.h"
#include "render/expression_text.h"
#include "render/plan_facts.h"
#include "render/plan_words.h"

namespace sluice::render {

namespace {

using Kind = PlanChange::Kind;

constexpr std::size_t most_targets = 1'000;
constexpr std::size_t most_names = 8;

using Names = std::vector<std::string>;

Names names_of(const plan::Plan& plan, const plan::TargetList& list) {
  Names names;
  names.reserve(list.size());
  list.for_each([&](plan::TargetId target) { names.emplace_back(plan.targets.name(target)); });
  return names;
}

// What is in one and not in the other, in order.
Names without(const Names& names, const Names& others) {
  Names sorted = others;
  std::sort(sorted.begin(), sorted.end());
  Names left;
  for (const std::string& name : names) {
    if (!std::binary_search(sorted.begin(), sorted.end(), name)) left.push_back(name);
  }
  return left;
}

std::string some(const Names& names) {
  std::string text;
  const std::size_t shown = names.size() <= most_names + 1 ? names.size() : most_names;
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::string list_change(const Names& before, const Names& after) {
  const Names added = without(after, before);
  const Names removed = without(before, after);
  std::string text = base::counted(after.size(), "target");
  if (!added.empty()) text += ", with " + some(added);
  if (!removed.empty()) text += ", without " + some(removed);
  if (added.empty() && removed.empty()) text += ", in another order";
  return text;
}

class Differ {
 public:
  Differ(const plan::Plan& before, const plan::Plan& after) : before_(before), after_(after) {}

  PlanDiff made() {
    if (before_.digest == after_.digest && !before_.digest.empty()) return {};
    same_targets_ = same_names();
    add_things();
    add_targets();
    if (diff_.changes.empty()) {
      // What only a saved plan shows, such as in which order its tables stand.
      changed("deployment", after_.deployment, "", "saved form", before_.digest, after_.digest);
    }
    return std::move(diff_);
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;
  static Key key(const Thing& thing) { return {thing.what, thing.name, thing.child}; }

  void changed(std::string what, std::string name, std::string child, std::string field,
               std::string before, std::string after) {
    diff_.changes.push_back({Kind::Changed, std::move(what), std::move(name), std::move(child),
                             std::move(field), std::move(before), std::move(after)});
  }

  bool same_names() const {
    if (before_.targets.size() != after_.targets.size()) return false;
    for (std::uint32_t i = 0; i < before_.targets.size(); ++i) {
      if (before_.targets.name({i}) != after_.targets.name({i})) return false;
    }
    return true;
  }

  // Of one name each: a deployment is the deployment, whatever it is called.
  static std::map<Key, const Thing*> table(std::vector<Thing>& things) {
    std::map<Key, const Thing*> found;
    for (Thing& thing : things) {
      if (thing.what == "deployment") thing.name.clear();
      found.emplace(key(thing), &thing);
    }
    return found;
  }

  void add_things() {
    std::vector<Thing> olds = things_of(before_);
    std::vector<Thing> news = things_of(after_);
    const auto old_table = table(olds);
    const auto new_table = table(news);
    order_changes("", news, olds, old_table, new_table);
    for (const Thing& thing : news) {
      const auto old = old_table.find(key(thing));
      if (old == old_table.end()) {
        diff_.changes.push_back(
            {Kind::Added, thing.what, thing.name, thing.child, "", "", thing.short_text});
      } else {
        facts(*old->second, thing);
      }
      if (thing.child.empty()) gone_children(thing, olds, new_table);
    }
    for (const Thing& thing : olds) {
      const bool reported =
          !thing.child.empty() && new_table.contains({thing.what, thing.name, ""});
      if (new_table.contains(key(thing)) || reported) continue;
      gone(thing);
    }
  }

  void gone(const Thing& thing) {
    diff_.changes.push_back(
        {Kind::Removed, thing.what, thing.name, thing.child, "", thing.short_text, ""});
  }

  void gone_children(const Thing& parent, const std::vector<Thing>& olds,
                     const std::map<Key, const Thing*>& new_table) {
    if (parent.what != "step" && parent.what != "gate") return;
    for (const Thing& thing : olds) {
      if (thing.child.empty() || thing.what != parent.what || thing.name != parent.name) continue;
      if (!new_table.contains(key(thing))) gone(thing);
    }
  }

  // Steps that both have, in another order.
  void order_changes(const std::string& child, const std::vector<Thing>& news,
                     const std::vector<Thing>& olds, const std::map<Key, const Thing*>& old_table,
                     const std::map<Key, const Thing*>& new_table) {
    const auto order = [&](const std::vector<Thing>& things, const auto& others,
                           std::string_view what) {
      std::string text;
      for (const Thing& thing : things) {
        if (thing.what != what || thing.child != child || !others.contains(key(thing))) continue;
        text += (text.empty() ? "" : ", ") + thing.name;
      }
      return text;
    };
    for (const std::string_view what : {"step", "gate", "contract", "role", "resource"}) {
      const std::string before = order(olds, new_table, what);
      const std::string after = order(news, old_table, what);
      if (before == after) continue;
      changed("deployment", after_.deployment, "", fmt::format("order of {}s", what), before,
              after);
    }
    child_order(news, olds, old_table, new_table);
  }

  void child_order(const std::vector<Thing>& news, const std::vector<Thing>& olds,
                   const std::map<Key, const Thing*>& old_table,
                   const std::map<Key, const Thing*>& new_table) {
    std::map<std::string, std::pair<std::string, std::string>> orders;
    const auto add = [&](const std::vector<Thing>& things, const auto& others, bool after) {
      for (const Thing& thing : things) {
        if (thing.child.empty() || !others.contains(key(thing))) continue;
        auto& pair = orders[thing.name];
        std::string& text = after ? pair.second : pair.first;
        text += (text.empty() ? "" : ", ") + thing.child;
      }
    };
    add(olds, new_table, false);
    add(news, old_table, true);
    for (const auto& [name, pair] : orders) {
      if (pair.first != pair.second) {
        changed("step", name, "", "order of child steps", pair.first, pair.second);
      }
    }
  }

  void facts(const Thing& old, const Thing& now) {
    const auto value = [](const Thing& thing, const std::string& field) -> const std::string* {
      for (const Fact& fact : thing.facts) {
        if (fact.field == field) return &fact.value;
      }
      return nullptr;
    };
    const std::string name = now.what == "deployment" ? after_.deployment : now.name;
    for (const Fact& fact : now.facts) {
      const std::string* before = value(old, fact.field);
      if (before != nullptr && *before == fact.value) continue;
      changed(now.what, name, now.child, fact.field, before == nullptr ? "" : *before, fact.value);
    }
    for (const Fact& fact : old.facts) {
      if (value(now, fact.field) != nullptr) continue;
      changed(now.what, name, now.child, fact.field, fact.value, "");
    }
    if (now.child.empty()) targets_of(now);
  }

  // The targets of a role or of a step, by name.
  void targets_of(const Thing& now) {
    const plan::TargetList* before = list_of(before_, now);
    const plan::TargetList* after = list_of(after_, now);
    if (before == nullptr || after == nullptr) return;
    if (same_targets_ && before->runs() == after->runs()) return;
    const Names old_names = names_of(before_, *before);
    const Names new_names = names_of(after_, *after);
    if (old_names == new_names) return;
    changed(now.what, now.name, "", "targets", base::counted(old_names.size(), "target"),
            list_change(old_names, new_names));
  }

  static const plan::TargetList* list_of(const plan::Plan& plan, const Thing& thing) {
    if (thing.what == "role") {
      for (const plan::Role& role : plan.roles) {
        if (role.name == thing.name) return &plan.target_lists[role.targets];
      }
    }
    if (thing.what == "step") {
      for (const plan::Step& step : plan.steps) {
        if (step.gate_of.valid() || step.name != thing.name) continue;
        return step.on_controller ? nullptr : &plan.target_lists[step.targets];
      }
    }
    return nullptr;
  }

  void add_targets() {
    std::unordered_map<std::string_view, plan::TargetId> known;
    for (std::uint32_t i = 0; i < before_.targets.size(); ++i) {
      known.emplace(before_.targets.name({i}), plan::TargetId{i});
    }
    for (std::uint32_t i = 0; i < after_.targets.size(); ++i) {
      const auto old = known.find(after_.targets.name({i}));
      if (old == known.end()) {
        target({Kind::Added, "target", std::string(after_.targets.name({i})), "", "", "", ""});
        continue;
      }
      properties(old->second, {i});
      known.erase(old);
    }
    for (std::uint32_t i = 0; i < before_.targets.size(); ++i) {
      if (!known.contains(before_.targets.name({i}))) continue;
      target({Kind::Removed, "target", std::string(before_.targets.name({i})), "", "", "", ""});
    }
  }

  void target(PlanChange change) {
    if (++targets_told_ > most_targets) {
      ++diff_.more_targets;
    } else {
      diff_.changes.push_back(std::move(change));
    }
  }

  void properties(plan::TargetId old, plan::TargetId now) {
    const plan::PropertySet& before = before_.property_sets[before_.targets.properties(old)];
    const plan::PropertySet& after = after_.property_sets[after_.targets.properties(now)];
    const auto tell = [&](const std::string& field, std::string from, std::string to) {
      if (from == to) return;
      target({Kind::Changed, "target", std::string(after_.targets.name(now)), "", field,
              std::move(from), std::move(to)});
    };
    if (before != after) {
      std::map<std::string, std::pair<std::string, std::string>> values;
      for (const plan::Property& row : before) values[row.name].first = literal(row.value);
      for (const plan::Property& row : after) values[row.name].second = literal(row.value);
      for (auto& [name, pair] : values) tell(name, pair.first, pair.second);
    }
    const plan::Connection& old_way = before_.connections[before_.targets.connection(old)];
    const plan::Connection& new_way = after_.connections[after_.targets.connection(now)];
    if (old_way == new_way) return;
    tell("connection", connection_text(before_, old_way), connection_text(after_, new_way));
  }

  std::string literal(const plan::Value& value) const {
    return expression_text(after_, plan::constant(value));
  }

  const plan::Plan& before_;
  const plan::Plan& after_;
  bool same_targets_ = false;
  std::size_t targets_told_ = 0;
  PlanDiff diff_;
};

}  // namespace

PlanDiff diff_plans(const plan::Plan& before, const plan::Plan& after) {
  return Differ(before, after).made();
}

}  // namespace sluice::render
