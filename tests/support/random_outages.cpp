#include "support/random_outages.h"

#include "support/random_schedule.h"

namespace sluice::test {

namespace {

void add_effects(Dice& dice, plan::Step& step) {
  if (step.on_controller) return;
  const bool whole = dice.chance(60);  // out with the first task, back with the last
  for (plan::Task& task : step.tasks) {
    const bool first = &task == &step.tasks.front();
    const bool last = &task == &step.tasks.back();
    if (whole) {
      if (first) task.effect.drains = true;
      if (last) task.effect.restores = true;
    } else {
      task.effect = {dice.chance(20), dice.chance(20), dice.chance(20)};
    }
    if (task.undo) task.undo->effect = {dice.chance(10), dice.chance(20), dice.chance(10)};
  }
}

}  // namespace

plan::Plan random_outages(std::uint64_t seed) {
  plan::Plan plan = random_schedule(seed);
  Dice dice(seed ^ 0x6f757461676573ULL);
  for (plan::Step& step : plan.steps) {
    if (dice.chance(60)) add_effects(dice, step);
  }
  plan::TargetList all;
  all.add({0}, plan.targets.size());
  plan.roles.add({"everything", plan.target_lists.add(std::move(all)), 1 + dice.below(3)});
  return plan;
}

}  // namespace sluice::test
