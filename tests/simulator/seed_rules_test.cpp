// What everything began with: a window is a limit, and it slides.
#include <catch2/catch.hpp>

#include "simulator/simulator.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;

namespace {

scheduler::Timeline simulated(const plan::Plan& plan, const simulator::Settings& settings = {}) {
  const auto prediction = simulator::simulate(plan, settings);
  REQUIRE(prediction.ok());
  return prediction.value().timeline;
}

std::int64_t duration_of(std::string_view text) {
  return simulated(test::tiny_plan(text)).duration.ms;
}

// The simulator's own duration beside what list scheduling promises of one step with a window.
struct Bounds {
  std::int64_t longest = 0;
  std::int64_t total = 0;

  bool hold(std::int64_t duration, std::int64_t window) const {
    return duration >= longest && duration * window >= total &&
           duration * window <= total + (window - 1) * longest;
  }
};

Bounds bounds_of(const scheduler::Timeline& timeline) {
  Bounds bounds;
  for (const scheduler::LaneTimes& lane : timeline.lanes) {
    const std::int64_t length = (lane.end - lane.start).ms;
    bounds.longest = std::max(bounds.longest, length);
    bounds.total += length;
  }
  return bounds;
}

}  // namespace

TEST_CASE("ten targets of a minute take ten minutes one by one, four with three, one together") {
  CHECK(duration_of("U on w1..w10, window 1, takes 60000") == 600'000);
  CHECK(duration_of("U on w1..w10, window 3, takes 60000") == 240'000);
  CHECK(duration_of("U on w1..w10, takes 60000") == 60'000);
}

TEST_CASE("with a window of three the fourth target starts as soon as any has finished") {
  const plan::Plan plan = test::tiny_plan("U on a b c d, window 3: t, takes 10");
  // A 30 s, B 10 s, C 20 s, D 10 s: the length is the target's own.
  plan::Plan timed = plan;
  plan::Expression own;
  own.op = plan::Operator::TargetProperty;
  own.type = plan::Type::Duration;
  own.stage = plan::Stage::PerTarget;
  own.name = "length";
  timed.steps[plan::StepId{0}].tasks[0].takes.low = own;
  constexpr std::int64_t seconds[] = {30, 10, 20, 10};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const plan::PropertySetId set =
        timed.property_sets.add({{"length", {base::Duration{seconds[i] * 1000}}}});
    timed.targets.set_properties(plan::TargetId{i}, set);
  }
  const scheduler::Timeline timeline = simulated(timed);
  CHECK(timeline.lane(plan::StepId{0}, 3).start == base::Instant{10'000});
  CHECK(timeline.lane(plan::StepId{0}, 3).end == base::Instant{20'000});
  CHECK(timeline.duration == base::Duration{30'000});
}

TEST_CASE("one simulated step with a window takes as long as list scheduling promises") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    test::Dice dice(seed);
    const std::uint32_t targets = 1 + dice.below(40);
    const std::uint32_t window = 1 + dice.below(targets);
    const std::uint32_t shortest = dice.below(50);
    std::string text = "U on w1..w" + std::to_string(targets) + ", window " +
                       std::to_string(window) + ": t0, takes " + std::to_string(shortest) + " to " +
                       std::to_string(shortest + dice.below(500));
    for (std::uint32_t task = 1 + dice.below(3); task > 1; --task) {
      text += "; t" + std::to_string(task) + ", takes 0 to " + std::to_string(dice.below(100));
    }
    simulator::Settings settings;
    settings.seed = seed;
    const scheduler::Timeline timeline = simulated(test::tiny_plan(text), settings);
    if (!bounds_of(timeline).hold(timeline.duration.ms, window)) {
      FAIL_CHECK("seed " << seed << ": " << text << " took " << timeline.duration.ms);
    }
  }
}

TEST_CASE("the same seed gives the same timeline, and another seed another one") {
  const plan::Plan plan = test::tiny_plan("U on w1..w20, window 3: t, takes 10 to 1000");
  simulator::Settings settings;
  settings.seed = 7;
  const scheduler::Timeline first = simulated(plan, settings);
  CHECK(simulated(plan, settings) == first);
  settings.seed = 8;
  CHECK(simulated(plan, settings).duration != first.duration);
  settings.seed = 7;
  settings.run = 1;
  CHECK(simulated(plan, settings).duration != first.duration);
}

TEST_CASE("a step that is added leaves the draws of the others alone") {
  const plan::Plan alone =
      test::tiny_plan("U on w1..w9, window 3: t, takes 10 to 1000; v, takes 5");
  const plan::Plan beside = test::tiny_plan(
      "Before, takes 100 to 300\n"
      "U on w1..w9, window 2: new, takes 1 to 50; t, takes 10 to 1000; v, takes 5");
  const scheduler::Timeline one = simulated(alone);
  const scheduler::Timeline other = simulated(beside);
  for (std::uint32_t lane = 0; lane < 9; ++lane) {
    const auto& drawn = one.task(alone, plan::StepId{0}, lane, 0);
    const auto& again = other.task(beside, plan::StepId{1}, lane, 1);
    CHECK(drawn.end - drawn.start == again.end - again.start);
  }
}
