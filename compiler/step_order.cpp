// In which order a step's targets begin: `order`, `by`, and `once`, which is the first of them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "base/random.h"
#include "compiler/expected_duration.h"
#include "compiler/phrases.h"
#include "compiler/step_targets.h"
#include "compiler/suggest.h"
#include "plan/arithmetic.h"

namespace sluice::compiler {

namespace {

using plan::TargetId;
using plan::Type;

std::vector<TargetId> to_vector(const plan::TargetList& list) {
  std::vector<TargetId> targets;
  targets.reserve(list.size());
  list.for_each([&](TargetId target) { targets.push_back(target); });
  return targets;
}

plan::TargetList to_list(const std::vector<TargetId>& targets) {
  plan::TargetList list;
  for (const TargetId target : targets) list.add(target);
  return list;
}

// Sorts by a key a target, the order before it among equals.
template <class Key>
void sort_by(std::vector<TargetId>& targets, const std::vector<Key>& keys) {
  std::vector<std::uint32_t> places(targets.size());
  std::iota(places.begin(), places.end(), 0U);
  std::stable_sort(places.begin(), places.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  std::vector<TargetId> sorted;
  sorted.reserve(targets.size());
  for (const std::uint32_t place : places) sorted.push_back(targets[place]);
  targets = std::move(sorted);
}

bool before(const plan::Value& left, const plan::Value& right) {
  const auto less = plan::apply_operator(plan::Operator::Less, left, right);
  return less && std::get<bool>(less.value().content);
}

class OrderOfStep {
 public:
  OrderOfStep(const StepNode& node, plan::Step& step, Resolver& resolver)
      : node_(node), step_(step), resolver_(resolver) {}

  void resolve() {
    if (const PhraseNode* order = find_phrase(node_.phrases, Phrase::Order)) put_in_order(*order);
    if (const PhraseNode* by = find_phrase(node_.phrases, Phrase::By)) group(by->names[0]);
    const plan::TargetList& list = resolver_.plan.target_lists[step_.targets];
    if (find_phrase(node_.phrases, Phrase::Once) == nullptr || list.empty()) return;
    plan::TargetList first;
    first.add(list.at(0));
    step_.targets = resolver_.intern(std::move(first));
    if (step_.by_groups.empty()) return;
    step_.by_groups.resize(1);
    step_.by_groups[0].count = 1;
  }

 private:
  const plan::TargetList& targets() const { return resolver_.plan.target_lists[step_.targets]; }

  void put_in_order(const PhraseNode& phrase) {
    const std::string& word = phrase.names[0].text;
    if (word == "inventory") return;
    if (word == "name" || word == "reverse") {
      step_.order_rule = word == "name" ? "by name" : "reverse";
      step_.targets = cached(word, [&](std::vector<TargetId>& list) {
        if (word == "reverse") {
          std::reverse(list.begin(), list.end());
        } else {
          sort_by_name(list);
        }
      });
    } else if (word == "longest") {
      longest_first();
    } else if (word == "random") {
      shuffle(phrase.values[0]);
    } else if (word == "target") {
      sort_by_property(phrase.names[1]);
    } else {
      const std::vector<std::string> words{"inventory", "reverse", "name", "longest", "random"};
      auto hints = did_you_mean(word, words);
      hints.push_back("an order is inventory, reverse, name, longest, random 7 or target.rank");
      resolver_.report.error("E0309", phrase.names[0].span,
                             fmt::format("there is no order `{}`", word), hints);
    }
  }

  // Many steps may order the same targets: it is done once.
  template <class Sort>
  plan::TargetListId cached(const std::string& word, Sort&& sort) {
    const std::string key = fmt::format("{} {}", word, step_.targets.value);
    const auto known = resolver_.step_lists.find(key);
    if (known != resolver_.step_lists.end()) return known->second;
    std::vector<TargetId> list = to_vector(targets());
    sort(list);
    return resolver_.step_lists[key] = resolver_.intern(to_list(list));
  }

  void sort_by_name(std::vector<TargetId>& list) const {
    const plan::Targets& rows = resolver_.plan.targets;
    std::sort(list.begin(), list.end(),
              [&](TargetId a, TargetId b) { return rows.name(a) < rows.name(b); });
  }

  // The draw depends on the seed and the target's name alone: a target more or less leaves the
  // order of the others as it was.
  void shuffle(const ExpressionNode& seed) {
    const auto value = resolver_.expressions.resolve_known(
        seed, {"the seed of `order random`", {Type::Number}, plan::Stage::Known});
    if (!value) return;
    const std::int64_t micros = std::get<plan::Number>(value->content).micros;
    if (micros < 0 || micros % 1'000'000 != 0) {
      resolver_.report.error("E0305", seed.span, "a seed is a whole number from 0");
      return;
    }
    step_.order_rule = fmt::format("random, seed {}", micros / 1'000'000);
    std::vector<TargetId> list = to_vector(targets());
    std::vector<std::uint64_t> draws;
    draws.reserve(list.size());
    for (const TargetId target : list) {
      draws.push_back(base::random_bits(static_cast<std::uint64_t>(micros / 1'000'000), 0,
                                        base::stable_hash(resolver_.plan.targets.name(target)), 0));
    }
    sort_by(list, draws);
    step_.targets = resolver_.intern(to_list(list));
  }

  void longest_first() {
    step_.order_rule = "longest first";
    std::vector<TargetId> list = to_vector(targets());
    std::vector<std::int64_t> durations;
    durations.reserve(list.size());
    const ExpectedDuration expected(resolver_.plan, step_);
    for (const TargetId target : list) durations.push_back(-expected.of(target).ms);
    sort_by(list, durations);
    step_.targets = resolver_.intern(to_list(list));
  }

  void sort_by_property(const Name& property) {
    step_.order_rule = fmt::format("by target.{}", property.text);
    std::vector<TargetId> list = to_vector(targets());
    const auto groups = group_by(targets(), property, resolver_);
    if (!groups || groups->values.empty()) return;
    const Type type = groups->values[0].type();
    if (!plan::result_type(plan::Operator::Less, type, type)) {
      resolver_.report.error("E0205", property.span,
                             fmt::format("an order needs what can be compared, and `{}` is a {}",
                                         property.text, plan::type_name(type)));
      return;
    }
    std::vector<std::uint32_t> places(groups->values.size());
    std::iota(places.begin(), places.end(), 0U);
    std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
      return before(groups->values[a], groups->values[b]);
    });
    std::vector<std::uint32_t> rank(places.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) rank[places[i]] = i;
    std::vector<std::uint32_t> keys;
    keys.reserve(list.size());
    for (const std::uint32_t group : groups->group) keys.push_back(rank[group]);
    sort_by(list, keys);
    step_.targets = resolver_.intern(to_list(list));
  }

  // One value after the other, each in the order so far.
  void group(const Name& property) {
    const auto groups = group_by(targets(), property, resolver_);
    if (!groups) return;
    step_.by = property.text;
    for (std::uint32_t i = 0; i < groups->values.size(); ++i) {
      step_.by_groups.push_back({groups->values[i], groups->count[i]});
    }
    std::vector<TargetId> list = to_vector(targets());
    sort_by(list, groups->group);
    step_.targets = resolver_.intern(to_list(list));
  }

  const StepNode& node_;
  plan::Step& step_;
  Resolver& resolver_;
};

// Why no target of the plan has it, or why one of these has not.
void report_missing(TargetId without, const Name& property, Resolver& resolver) {
  if (resolver.scope.properties.count(property.text) > 0) {
    resolver.report.error("E0217", property.span,
                          fmt::format("`{}` has no property `{}`",
                                      resolver.plan.targets.name(without), property.text));
    return;
  }
  std::vector<std::string> names;
  for (const auto& [known, type] : resolver.scope.properties) names.push_back(known);
  resolver.report.error("E0222", property.span,
                        fmt::format("no target has a property `{}`", property.text),
                        did_you_mean(property.text, names));
}

}  // namespace

std::optional<ValueGroups> group_by(const plan::TargetList& targets, const Name& property,
                                    Resolver& resolver) {
  ValueGroups made;
  std::map<std::string, std::uint32_t> known;  // by the value's type and text
  std::unordered_map<std::uint32_t, std::uint32_t> of_set;
  const bool by_name = property.text == "name" || property.text == "address";
  TargetId without;
  made.group.reserve(targets.size());
  targets.for_each([&](TargetId target) {
    if (without.valid()) return;
    const std::uint32_t set = resolver.plan.targets.properties(target).value;
    const auto same = of_set.find(set);
    std::uint32_t group = 0;
    if (!by_name && same != of_set.end()) {
      group = same->second;
    } else {
      const auto value = plan::target_property(resolver.plan, target, property.text);
      if (!value) {
        without = target;
        return;
      }
      const std::string key =
          fmt::format("{} {}", static_cast<int>(value->type()), plan::environment_text(*value));
      const auto [entry, added] =
          known.emplace(key, static_cast<std::uint32_t>(made.values.size()));
      if (added) {
        made.values.push_back(*value);
        made.count.push_back(0);
      }
      group = of_set[set] = entry->second;
    }
    made.group.push_back(group);
    ++made.count[group];
  });
  if (!without.valid()) return made;
  report_missing(without, property, resolver);
  return std::nullopt;
}

void resolve_order(const StepNode& node, plan::Step& step, Resolver& resolver) {
  OrderOfStep(node, step, resolver).resolve();
}

}  // namespace sluice::compiler
