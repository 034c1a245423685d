#include "support/tiny_limits.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace sluice::test {

namespace {

std::uint32_t count_of(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word));
}

plan::Value text_value(std::string text) {
  return plan::Value{std::move(text)};
}

std::optional<plan::Value> value_of(const plan::Plan& plan, plan::TargetId target,
                                    const std::string& property) {
  return plan::target_property(plan, target, property);
}

// The values of a property, in the order of first mention, each with its targets.
struct Value {
  plan::Value value;
  std::vector<plan::TargetId> targets;
};
std::vector<Value> values_of(const plan::Plan& plan, const plan::TargetList& list,
                             const std::string& property) {
  std::vector<Value> values;
  list.for_each([&](plan::TargetId target) {
    const auto value = value_of(plan, target, property);
    INFO("a target without " << property);
    REQUIRE(value.has_value());
    auto found = std::find_if(values.begin(), values.end(),
                              [&](const Value& known) { return known.value == *value; });
    if (found == values.end()) found = values.insert(found, {*value, {}});
    found->targets.push_back(target);
  });
  return values;
}

// ! zone eu: a b c
void add_property(plan::Plan& plan, const TargetNamed& target, const Words& words) {
  REQUIRE(words.size() > 2);
  const std::string value = words[1].substr(0, words[1].find(':'));
  for (std::size_t i = 2; i < words.size(); ++i) {
    const plan::TargetId id = target(words[i]);
    plan::PropertySet set = plan.property_sets[plan.targets.properties(id)];
    set.push_back({words[0], text_value(value)});
    std::sort(set.begin(), set.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    plan.targets.set_properties(id, plan.property_sets.add(std::move(set)));
  }
}

// ! role web minimum 2: a b c
void add_role(plan::Plan& plan, const TargetNamed& target, const Words& words) {
  plan::Role role;
  role.name = words.at(1);
  std::size_t at = 2;
  if (words.at(2) == "minimum") {
    role.minimum = count_of(words.at(3));
    at = 4;
  }
  if (role.name.back() == ':') role.name.pop_back();
  plan::TargetList list;
  for (; at < words.size(); ++at) list.add(target(words[at]));
  role.targets = plan.target_lists.add(std::move(list));
  plan.roles.add(std::move(role));
}

plan::Contract::Comparison comparison_of(const std::string& word) {
  using enum plan::Contract::Comparison;
  if (word == "<") return Less;
  if (word == "<=") return LessOrEqual;
  if (word == ">") return Greater;
  if (word == ">=") return GreaterOrEqual;
  REQUIRE(word == "==");
  return Equal;
}

// ! require unavailable web per zone <= 1
void add_contract(plan::Plan& plan, const Words& words) {
  plan::Contract contract;
  const std::string& kind = words.at(1);
  contract.kind = kind == "available"     ? plan::Contract::Kind::Available
                  : kind == "unavailable" ? plan::Contract::Kind::Unavailable
                                          : plan::Contract::Kind::Downtime;
  for (const plan::RoleId role : plan.roles.ids()) {
    if (plan.roles[role].name == words.at(2)) contract.role = role;
  }
  REQUIRE(contract.role.valid());
  std::size_t at = 3;
  if (words.at(3) == "per") {
    contract.per = words.at(4);
    at = 5;
  }
  contract.comparison = comparison_of(words.at(at));
  const std::uint32_t count = count_of(words.at(at + 1));
  const plan::TargetList& targets = plan.target_lists[plan.roles[contract.role].targets];
  if (contract.kind == plan::Contract::Kind::Downtime) {
    contract.duration = base::Duration{count};
  } else if (contract.per.empty()) {
    contract.bounds.push_back({text_value(""), targets.size(), count});
  } else {
    for (const Value& value : values_of(plan, targets, contract.per)) {
      const auto size = static_cast<std::uint32_t>(value.targets.size());
      contract.bounds.push_back({value.value, size, count});
    }
  }
  if (words.size() > at + 2) contract.share = plan::Percentage{95'000'000};  // in 95% of runs
  for (std::size_t i = 1; i < words.size(); ++i) contract.text += (i > 1 ? " " : "") + words[i];
  plan.contracts.push_back(std::move(contract));
}

void add_group_window(const plan::Plan& plan, plan::Step& step, std::uint32_t places,
                      const std::string& property) {
  plan::GroupWindow window;
  window.property = property;
  for (const Value& value : values_of(plan, plan.target_lists[step.targets], property)) {
    window.groups.push_back({value.value, {places, ""}});
  }
  step.group_windows.push_back(std::move(window));
}

void put_in_order(plan::Plan& plan, plan::Step& step, const std::string& property) {
  step.by = property;
  plan::TargetList list;
  for (const Value& value : values_of(plan, plan.target_lists[step.targets], property)) {
    for (const plan::TargetId target : value.targets) list.add(target);
    step.by_groups.push_back({value.value, static_cast<std::uint32_t>(value.targets.size())});
  }
  step.targets = plan.target_lists.add(std::move(list));
}

}  // namespace

void read_tiny_declaration(plan::Plan& plan, const TargetNamed& target, const Words& words) {
  REQUIRE(words.size() > 1);
  if (words[0] == "at") {
    plan.at_most = plan::Limit{count_of(words.at(2)), ""};
  } else if (words[0] == "role") {
    add_role(plan, target, words);
  } else if (words[0] == "require") {
    add_contract(plan, words);
  } else if (words[0] == "resource") {
    plan::Resource resource;
    resource.name = words.at(1);
    resource.pieces = count_of(words.at(2));
    plan.resources.add(std::move(resource));
  } else {
    add_property(plan, target, words);
  }
}

bool read_tiny_limit(plan::Plan& plan, plan::Step& step, const Words& words) {
  if (words[0] == "window" && words.size() > 2) {
    add_group_window(plan, step, count_of(words[1]), words.at(3));
  } else if (words.size() == 3 && words[1] == "per") {
    add_group_window(plan, step, count_of(words[0]), words[2]);
  } else if (words[0] == "batches") {
    for (std::size_t i = 1; i < words.size(); ++i) {
      step.batches.sizes.push_back({count_of(words[i]), ""});
    }
  } else if (words[0] == "lockstep") {
    step.batches.lockstep = true;
  } else if (words[0] == "by") {
    put_in_order(plan, step, words.at(1));
  } else if (words[0] == "stagger") {
    step.stagger = base::Duration{count_of(words.at(1))};
  } else {
    return false;
  }
  return true;
}

bool read_tiny_use(const plan::Plan& plan, plan::Work& work, const Words& words) {
  if (words[0] != "uses") return false;
  plan::Use use;
  for (const plan::ResourceId resource : plan.resources.ids()) {
    if (plan.resources[resource].name == words.at(2)) use.resource = resource;
  }
  REQUIRE(use.resource.valid());
  use.pieces = count_of(words.at(1));
  work.uses.push_back(use);
  std::sort(work.uses.begin(), work.uses.end(),
            [](const plan::Use& a, const plan::Use& b) { return a.resource < b.resource; });
  return true;
}

}  // namespace sluice::test
