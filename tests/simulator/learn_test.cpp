// What is learnt from runs, a run beside its prediction, and what makes a duration uncertain.
#include "simulator/learn.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "simulator/coverage.h"
#include "simulator/simulator.h"
#include "simulator/spread.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using simulator::Beside;
using simulator::Settings;

namespace {

scheduler::Timeline timeline_of(const plan::Plan& plan, const Settings& settings) {
  const auto prediction = simulator::simulate(plan, settings);
  REQUIRE(prediction.ok());
  return prediction.value().timeline;
}

Settings seeded(std::uint64_t seed) {
  Settings settings;
  settings.seed = seed;
  return settings;
}

Beside beside(const plan::Plan& plan, const scheduler::Timeline& actual) {
  simulator::MonteCarlo many;
  many.runs = 400;
  const auto found = simulator::beside(plan, seeded(1), many, actual);
  REQUIRE(found.ok());
  return found.value();
}

}  // namespace

TEST_CASE("what succeeded is learnt by step and child step, what failed is not") {
  const plan::Plan plan = test::tiny_plan(
      "Migrate: go, takes 700\n"
      "Update on a b c, window 1, tolerate 3: x, takes 100 to 900; y, takes 40\n");
  simulator::Learner learner;
  Settings settings = seeded(3);
  const scheduler::Timeline first = timeline_of(plan, settings);
  learner.learn(plan, first);
  simulator::Failure failure;
  failure.step = plan::StepId{1};
  failure.task = 0;
  failure.lane = 1;
  settings.failures.push_back(failure);
  const scheduler::Timeline second = timeline_of(plan, settings);
  learner.learn(plan, second);
  const simulator::History history = std::move(learner).finish();
  REQUIRE(history.rows.size() == 3);
  CHECK(history.rows[0].step == "Migrate");
  CHECK(history.rows[0].durations == std::vector<Duration>{{700}, {700}});
  CHECK(history.rows[1].task == "x");
  CHECK(history.rows[1].durations.size() == 5);  // of six attempts one failed
  CHECK(std::is_sorted(history.rows[1].durations.begin(), history.rows[1].durations.end()));
  const auto a = first.attempts(plan, plan::StepId{1}, 0, 0);
  const Duration taken = a.front().end - a.front().start;
  const auto& durations = history.rows[1].durations;
  CHECK(std::count(durations.begin(), durations.end(), taken) == 2);  // the same draw twice
  CHECK(history.rows[2].durations == std::vector<Duration>(5, Duration{40}));
}

TEST_CASE("what was at work when another program took the run up is not learnt") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1: x, takes 100; y, takes 40\n");
  simulator::Learner learner;
  learner.learn(plan, timeline_of(plan, seeded(1)), {base::Instant{100}, base::Instant{190}});
  const simulator::History history = std::move(learner).finish();
  REQUIRE(history.rows.size() == 1);  // each y begins where an x ends, and is known to end then
  CHECK(history.rows[0].task == "y");
  CHECK(history.rows[0].durations == std::vector<Duration>(2, Duration{40}));
}

TEST_CASE("a plan that asks for its history takes what was learnt") {
  plan::Plan plan = test::tiny_plan("Update on w1..w9, window 9: x, takes 1000\n");
  plan::Task& task = plan.steps[plan::StepId{0}].tasks[0];
  task.takes.kind = plan::DurationModel::Kind::History;
  Settings settings;
  settings.history.rows.push_back({"Update", "x", {{10}, {20}, {30}, {40}, {50}}});
  const scheduler::Timeline timeline = timeline_of(plan, settings);
  for (std::uint32_t lane = 0; lane < 9; ++lane) {
    const scheduler::TaskTimes& times = timeline.task(plan, plan::StepId{0}, lane, 0);
    CHECK((times.end - times.start).ms >= 10);
    CHECK((times.end - times.start).ms <= 50);
  }
  settings.history.rows.front().durations.pop_back();  // four are too few
  CHECK(timeline_of(plan, settings).duration == Duration{1000});
}

TEST_CASE("a run as predicted is within its range, and one with a slow step is not") {
  const plan::Plan plan = test::tiny_plan(
      "Migrate: go, takes 60000 to 90000\n"
      "Update on a b c d, window 2: x, takes 10000 to 30000; y, takes 5000\n");
  const Beside usual = beside(plan, timeline_of(plan, seeded(77)));
  CHECK(usual.within);
  CHECK(usual.steps[0].within);
  CHECK(usual.steps[1].within);
  CHECK(usual.attempts == 9);
  CHECK(usual.attempts_within >= 7);
  CHECK(usual.steps[0].length.low >= 60'000);
  CHECK(usual.steps[0].length.high <= 90'000);
  Settings slow = seeded(77);
  simulator::Slowdown slowdown;
  slowdown.step = plan::StepId{1};
  slowdown.every_lane = true;
  slowdown.factor = plan::Number{4'000'000};
  slow.slowdowns.push_back(slowdown);
  const Beside late = beside(plan, timeline_of(plan, slow));
  CHECK_FALSE(late.within);
  CHECK(late.steps[0].within);
  CHECK_FALSE(late.steps[1].within);
  CHECK(late.attempts_within <= 3);
}

// Var(uniform over 60 s) : Var(uniform over 20 s) is 9 : 1, and the sum is of both.
TEST_CASE("the spread of a sum goes back to its parts by their variance") {
  const plan::Plan plan = test::tiny_plan(
      "Long: x, takes 0 to 60000\n"
      "Short: y, takes 0 to 20000\n"
      "Fixed: z, takes 90000\n");
  simulator::MonteCarlo many;
  many.runs = 1000;
  const auto drivers = simulator::spread_drivers(plan, seeded(5), many);
  REQUIRE(drivers.ok());
  REQUIRE(drivers.value().size() == 2);
  CHECK(drivers.value()[0].step == plan::StepId{0});
  CHECK(drivers.value()[0].share == Approx(0.9).margin(0.04));
  CHECK(drivers.value()[1].step == plan::StepId{1});
  CHECK(drivers.value()[1].share == Approx(0.1).margin(0.08));
  // 30 s + 90 s, and 19 of 20 of the short one.
  CHECK(drivers.value()[0].p95_ms == Approx(139'000).margin(600));
}
