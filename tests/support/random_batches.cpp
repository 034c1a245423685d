#include "support/random_batches.h"

#include <algorithm>
#include <string>

#include "plan/batches.h"

namespace sluice::test {

namespace {

class Batcher {
 public:
  Batcher(Dice& dice, plan::Plan& plan) : dice_(dice), plan_(plan) {}

  void add(std::vector<std::vector<std::uint32_t>>& above) {
    if (dice_.chance(60)) add_waves();
    if (dice_.chance(40)) add_resources();
    std::vector<plan::Step> steps;
    std::vector<std::uint32_t> place_of;  // of each step, with the gates in between
    for (plan::Step& step : plan_.steps) {
      if (!step.on_controller) roll(step);
      for (plan::Task& task : step.tasks) use(task);
      place_of.push_back(static_cast<std::uint32_t>(steps.size()));
      steps.push_back(std::move(step));
      const bool batched = !steps.back().batches.sizes.empty() || !steps.back().by.empty();
      const std::uint32_t gates = batched && dice_.chance(50) ? 1 + dice_.below(2) : 0;
      for (std::uint32_t i = 0; i < gates; ++i) {
        steps.push_back(gate(plan::StepId{place_of.back()}, i));
      }
    }
    std::vector<std::vector<std::uint32_t>> moved(steps.size());
    for (std::size_t i = 0; i < above.size(); ++i) {
      for (const std::uint32_t other : above[i]) moved[place_of[i]].push_back(place_of[other]);
    }
    above = std::move(moved);
    plan_.steps = {};
    for (plan::Step& step : steps) plan_.steps.add(std::move(step));
  }

 private:
  void add_waves() {
    const std::uint32_t waves = 1 + dice_.below(4);
    for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
      add_property(plan_, {target}, "wave", {"v" + std::to_string(dice_.below(waves))});
    }
    waves_ = true;
  }

  void add_resources() {
    for (std::uint32_t i = 1 + dice_.below(2); i > 0; --i) {
      plan::Resource resource;
      resource.name = "resource" + std::to_string(i);
      resource.pieces = 1 + dice_.below(4);
      plan_.resources.add(std::move(resource));
    }
  }

  void use(plan::Work& work) {
    for (const plan::ResourceId resource : plan_.resources.ids()) {
      if (!dice_.chance(25)) continue;
      work.uses.push_back({resource, {}, 1 + dice_.below(plan_.resources[resource].pieces)});
    }
  }

  void roll(plan::Step& step) {
    if (waves_ && dice_.chance(25)) put_in_order(step);
    if (dice_.chance(30)) {
      for (std::uint32_t i = 1 + dice_.below(3); i > 0; --i) {
        step.batches.sizes.push_back({1 + dice_.below(4), ""});
      }
      if (dice_.chance(60)) {
        step.window.value = std::max(1U, plan_.target_lists[step.targets].size());
      }
      step.batches.lockstep = dice_.chance(40);
    }
    if (!step.batches.lockstep && dice_.chance(12)) step.stagger = {1 + dice_.below(12)};
  }

  void put_in_order(plan::Step& step) {
    std::vector<std::pair<plan::Value, std::vector<plan::TargetId>>> waves;
    plan_.target_lists[step.targets].for_each([&](plan::TargetId target) {
      const plan::Value value = *plan::target_property(plan_, target, "wave");
      auto found = std::find_if(waves.begin(), waves.end(),
                                [&](const auto& wave) { return wave.first == value; });
      if (found == waves.end()) found = waves.insert(found, {value, {}});
      found->second.push_back(target);
    });
    plan::TargetList list;
    step.by = "wave";
    for (const auto& [value, targets] : waves) {
      step.by_groups.push_back({value, static_cast<std::uint32_t>(targets.size())});
      for (const plan::TargetId target : targets) list.add(target);
    }
    step.targets = plan_.target_lists.add(std::move(list));
  }

  plan::Step gate(plan::StepId of, std::uint32_t number) {
    plan::Step step;
    step.name = "g" + std::to_string(of.value) + "-" + std::to_string(number);
    step.on_controller = true;
    step.targets = plan::TargetListId{0};
    step.window.value = 1;
    step.gate_of = of;
    plan::Task task;
    task.name = step.name;
    task.ignore_failure = dice_.chance(10);
    if (dice_.chance(25)) task.timeout = base::Duration{1 + dice_.below(9)};
    if (dice_.chance(25)) {
      task.retry.more = 1 + dice_.below(2);
      task.retry.pause = base::Duration{dice_.below(4)};
    }
    use(task);
    step.tasks.push_back(std::move(task));
    if (dice_.chance(20)) step.when = plan::When::Failure;
    if (dice_.chance(15)) step.on_failure = plan::OnFailure::Continue;
    if (dice_.chance(20)) step.tolerate.value = 1;
    step.disabled = dice_.chance(8);
    return step;
  }

  Dice& dice_;
  plan::Plan& plan_;
  bool waves_ = false;
};

}  // namespace

void add_random_batches(Dice& dice, plan::Plan& plan,
                        std::vector<std::vector<std::uint32_t>>& above) {
  Batcher(dice, plan).add(above);
}

void add_property(plan::Plan& plan, plan::TargetId target, std::string name, plan::Value value) {
  plan::PropertySet set = plan.property_sets[plan.targets.properties(target)];
  set.push_back({std::move(name), std::move(value)});
  std::sort(set.begin(), set.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  plan.targets.set_properties(target, plan.property_sets.add(std::move(set)));
}

}  // namespace sluice::test
