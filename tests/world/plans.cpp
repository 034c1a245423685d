// The plans of simulated worlds: everything that the scheduler reads, in all mixtures, made so that
// it can be carried out.
#include "base/random.h"
#include "plan/verify.h"
#include "support/random_durations.h"
#include "support/random_schedule.h"
#include "world/schedule.h"

namespace sluice::world {

namespace {

void make_script(plan::Work& work, test::Dice& dice, std::int64_t stretch) {
  if (work.action.kind.empty()) work.action.kind = "script";
  work.via.hosts = plan::TargetListId{0};
  work.idempotent = work.idempotent || dice.chance(25);
  work.action.attributes.push_back({"body", plan::constant({std::string("true")})});
  work.takes.low = plan::constant({base::Duration{1}});
  if (work.timeout) work.timeout->same.ms *= stretch;
}

std::uint64_t size_of(const plan::Plan& plan) {
  std::uint64_t tasks = 0;
  for (const plan::StepId id : plan.steps.ids()) {
    tasks += std::uint64_t{plan::lane_count(plan, id)} * plan.steps[id].tasks.size();
  }
  return tasks;
}

}  // namespace

plan::Plan plan_of(std::uint64_t seed) {
  test::Dice dice(seed ^ 0x706c616eULL);
  constexpr std::uint64_t sizes[] = {6, 10, 10, 20, 20, 40, 300};
  constexpr std::uint64_t small_sizes[] = {2, 3, 4, 4, 6, 6, 8, 12};
  std::uint64_t most = sizes[dice.below(7)];
  if (seed >= first_small_seed && dice.chance(95)) most = small_sizes[dice.below(8)];
  const test::Draws draws{.by_target = seed >= first_by_target_seed};
  plan::Plan plan = test::random_schedule(base::combined_hash(seed, 0), draws);
  for (std::uint64_t again = 1; size_of(plan) > most && again < 40; ++again) {
    plan = test::random_schedule(base::combined_hash(seed, again), draws);
  }
  constexpr std::int64_t stretches[] = {1, 20, 400};
  const std::int64_t stretch = stretches[dice.below(3)];
  if (plan.deadline) plan.deadline->ms *= stretch;
  test::stretch_random_durations(plan, stretch);
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      make_script(task, dice, stretch);
      if (task.verify) make_script(*task.verify, dice, stretch);
      if (task.undo) make_script(*task.undo, dice, stretch);
    }
    if (step.verify) make_script(*step.verify, dice, stretch);
  }
  return plan::seal(std::move(plan));
}

}  // namespace sluice::world
