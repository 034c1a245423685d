#include "support/random_limits.h"

#include <algorithm>
#include <string>

#include "support/random_batches.h"
#include "support/random_schedule.h"

namespace sluice::test {

namespace {

class Limiter {
 public:
  Limiter(plan::Plan& plan, std::uint64_t seed) : plan_(plan), dice_(seed ^ 0x6c696d697473ULL) {}

  void add() {
    if (dice_.chance(40)) return;
    add_properties();
    if (dice_.chance(40)) plan_.at_most = plan::Limit{1 + dice_.below(6), ""};
    const bool contracts = dice_.chance(50);
    if (contracts) add_contracts();
    for (plan::Step& step : plan_.steps) {
      if (step.on_controller) continue;
      if (dice_.chance(40)) add_window(step, dice_.chance(70) ? "zone" : "rack");
      if (dice_.chance(10)) add_window(step, "name");
      if (contracts && dice_.chance(70)) add_effects(step);
    }
  }

 private:
  void add_properties() {
    const std::uint32_t zones = 1 + dice_.below(3);
    for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
      add_property(plan_, {target}, "rack", {plan::Number{dice_.below(4) * 1'000'000}});
      add_property(plan_, {target}, "zone", {"z" + std::to_string(dice_.below(zones))});
    }
  }

  template <class Add>
  void for_each_value(const plan::TargetList& list, const std::string& property, Add add) const {
    std::vector<std::pair<plan::Value, std::uint32_t>> values;
    list.for_each([&](plan::TargetId target) {
      const plan::Value value = *plan::target_property(plan_, target, property);
      const auto found = std::find_if(values.begin(), values.end(),
                                      [&](const auto& known) { return known.first == value; });
      if (found == values.end()) {
        values.emplace_back(value, 1);
      } else {
        ++found->second;
      }
    });
    for (const auto& [value, count] : values) add(value, count);
  }

  void add_window(plan::Step& step, const std::string& property) {
    const bool known = std::any_of(step.group_windows.begin(), step.group_windows.end(),
                                   [&](const auto& window) { return window.property == property; });
    if (known) return;
    plan::GroupWindow window;
    window.property = property;
    for_each_value(plan_.target_lists[step.targets], property,
                   [&](const plan::Value& value, std::uint32_t) {
                     window.groups.push_back({value, {1 + dice_.below(3), ""}});
                   });
    step.group_windows.push_back(std::move(window));
  }

  void add_contracts() {
    for (std::uint32_t i = 1 + dice_.below(2); i > 0; --i) {
      plan::TargetList list;
      for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
        if (dice_.chance(75)) list.add({target});
      }
      if (list.empty()) continue;
      const std::uint32_t size = list.size();
      const plan::RoleId role =
          plan_.roles.add({"limited" + std::to_string(i), plan_.target_lists.add(std::move(list)),
                           1 + dice_.below(3)});
      add_contract(role, size);
    }
  }

  void add_contract(plan::RoleId role, std::uint32_t size) {
    plan::Contract contract;
    contract.role = role;
    contract.kind = static_cast<plan::Contract::Kind>(dice_.below(3));
    contract.comparison = static_cast<plan::Contract::Comparison>(dice_.below(5));
    if (dice_.chance(10)) contract.share = plan::Percentage{95'000'000};
    contract.text = "contract " + std::to_string(plan_.contracts.size());
    if (contract.kind != plan::Contract::Kind::Downtime) {
      const bool available = contract.kind == plan::Contract::Kind::Available;
      const auto count = [&](std::uint32_t targets) {
        const std::uint32_t out = std::min(targets, dice_.below(4));
        return available ? targets - out : out;
      };
      if (dice_.chance(30)) {
        contract.per = "zone";
        for_each_value(plan_.target_lists[plan_.roles[role].targets], "zone",
                       [&](const plan::Value& value, std::uint32_t targets) {
                         contract.bounds.push_back({value, targets, count(targets)});
                       });
      } else {
        contract.bounds.push_back({plan::Value{std::string()}, size, count(size)});
      }
    }
    plan_.contracts.push_back(std::move(contract));
  }

  // Taken out and brought back, mostly; now and then one alone.
  void add_effects(plan::Step& step) {
    plan::Task& first = step.tasks.front();
    plan::Task& last = step.tasks.back();
    if (dice_.chance(40)) {
      first.effect.interrupts = true;
      return;
    }
    if (dice_.chance(85)) first.effect.drains = true;
    if (dice_.chance(85)) last.effect.restores = true;
    if (dice_.chance(15))
      step.tasks[dice_.below(static_cast<std::uint32_t>(step.tasks.size()))].effect.interrupts =
          true;
  }

  plan::Plan& plan_;
  Dice dice_;
};

}  // namespace

void add_random_limits(plan::Plan& plan, std::uint64_t seed) {
  Limiter(plan, seed).add();
}

}  // namespace sluice::test
