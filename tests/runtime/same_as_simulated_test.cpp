// The claim that the whole program stands on: what is predicted is what is carried out.
#include <catch2/catch.hpp>

#include "base/random.h"
#include "plan/verify.h"
#include "runtime/journal.h"
#include "simulator/simulator.h"
#include "support/golden.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/virtual_world.h"

using namespace sluice;

namespace {

// A few failures of the plan's own actions, from the seed: all attempts, or the first few.
std::vector<simulator::Failure> random_failures(const plan::Plan& plan, std::uint64_t seed) {
  std::vector<simulator::Failure> failures;
  auto dice = [&, draw = 0U](std::uint64_t sides) mutable {
    return base::random_bits(seed, 7, 1, draw++) % sides;
  };
  const std::uint64_t count = dice(4);
  for (std::uint64_t i = 0; i < count && plan.steps.size() > 0; ++i) {
    simulator::Failure failure;
    failure.step = plan::StepId{static_cast<std::uint32_t>(dice(plan.steps.size()))};
    failure.task = static_cast<std::uint32_t>(dice(plan.steps[failure.step].tasks.size()));
    const std::uint32_t lanes = plan::lane_count(plan, failure.step);
    failure.lane = lanes > 0 ? static_cast<std::uint32_t>(dice(lanes)) : 0;
    failure.every_lane = dice(5) == 0;
    if (dice(2) == 0) failure.attempts = 1 + static_cast<std::uint32_t>(dice(2));
    failures.push_back(failure);
  }
  return failures;
}

// A plan with everything that the scheduler reads, and what the simulator needs to know of it.
plan::Plan random_rollout(std::uint64_t seed) {
  plan::Plan plan = test::random_schedule(seed);
  auto dice = [&, draw = 0U](std::uint64_t sides) mutable {
    return static_cast<std::uint32_t>(base::random_bits(seed, 11, 2, draw++) % sides);
  };
  const auto model = [&](plan::Work& work) {
    if (work.action.kind.empty()) work.action.kind = "script";
    work.via.hosts = plan::TargetListId{0};
    work.takes.low = plan::constant({base::Duration{dice(20)}});
    if (dice(3) == 0) {
      work.takes.kind = plan::DurationModel::Kind::Uniform;
      work.takes.high = plan::constant({base::Duration{20 + dice(20)}});
    }
    if (dice(12) == 0) work.fails = plan::Percentage{20'000'000};
    if (dice(16) == 0) work.offline = plan::Percentage{30'000'000};
  };
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      model(task);
      if (task.verify) model(*task.verify);
      if (task.undo) model(*task.undo);
    }
    if (step.verify) model(*step.verify);
  }
  return plan::seal(std::move(plan));
}

void compare(const plan::Plan& plan, std::uint64_t seed, std::uint32_t& compared,
             std::uint32_t& failed) {
  simulator::Settings settings;
  settings.seed = seed;
  settings.failures = random_failures(plan, seed);
  const auto predicted = simulator::simulate(plan, settings);
  if (!predicted) return;  // a duration that cannot be worked out for some target
  INFO("seed " << seed);
  const test::VirtualRun run = test::run_virtually(plan, settings);
  REQUIRE(run.timeline == predicted.value().timeline);
  ++compared;
  failed += run.timeline.outcome == scheduler::State::Failed ? 1U : 0U;
}

}  // namespace

TEST_CASE("the driver with scripted executors gives the simulator's timeline, to the letter") {
  std::uint32_t compared = 0;
  std::uint32_t failed = 0;
  for (std::uint64_t seed = 1; seed <= 4'000; ++seed) {
    compare(test::random_plan(seed), seed, compared, failed);
  }
  CHECK(compared >= 2'000);
  CHECK(failed >= 100);
}

TEST_CASE("so it does with batches, gates, groups, contracts, conditions, undo and resources") {
  std::uint32_t compared = 0;
  std::uint32_t failed = 0;
  for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
    compare(random_rollout(seed), seed, compared, failed);
  }
  CHECK(compared == 6'000);
  CHECK(failed >= 1'000);
}

TEST_CASE("a journal, written and read back, replays to the same timeline") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const plan::Plan plan = seed % 2 == 0 ? random_rollout(seed) : test::random_plan(seed);
    simulator::Settings settings;
    settings.seed = seed;
    settings.failures = random_failures(plan, seed);
    if (!simulator::simulate(plan, settings)) continue;
    INFO("seed " << seed);
    const test::VirtualRun run = test::run_virtually(plan, settings);
    const test::TemporaryDirectory place;
    const std::string path = place.path() + "/journal.db";
    const runtime::RunRecord record{"a-run", "2026-01-02T03:04:05Z", "0.1.0", "{}", ""};
    {
      const auto journal = runtime::create_journal(path, record);
      REQUIRE(journal.ok());
      for (const runtime::Instant& instant : run.instants) {
        REQUIRE(journal.value()->commit(instant).ok());
      }
    }
    const auto read = runtime::read_journal(path);
    REQUIRE(read.ok());
    CHECK(read.value().record == record);
    REQUIRE(read.value().instants == run.instants);
    CHECK(runtime::replay(plan, read.value().instants) == run.timeline);
  }
}
