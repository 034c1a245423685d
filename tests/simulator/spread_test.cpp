// Which step's uncertainty drives the spread, and what one more slot would save: worked out by
// hand.
#include "simulator/spread.h"

#include <catch2/catch.hpp>

#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using Kind = plan::DurationModel::Kind;

namespace {

void set_model(plan::Plan& plan, std::uint32_t step, Kind kind, std::int64_t low,
               std::int64_t high) {
  plan::DurationModel& takes = plan.steps[plan::StepId{step}].tasks[0].takes;
  takes.kind = kind;
  takes.low = plan::constant({Duration{low}});
  takes.high = plan::constant({Duration{high}});
}

std::vector<simulator::Driver> drivers(const plan::Plan& plan) {
  const auto found = simulator::spread_drivers(plan, {}, {1000, 1, {}});
  REQUIRE(found.ok());
  return found.value();
}

std::optional<Duration> saved(std::string_view text, std::uint32_t step, std::int64_t now) {
  return simulator::one_more_slot_saves(test::tiny_plan(text), {}, plan::StepId{step}, {now});
}

}  // namespace

TEST_CASE("of two steps one after the other each has its part of the variance") {
  // Deviations 3 s and 4 s: 9 of 25 and 16 of 25 of the variance.
  plan::Plan plan = test::tiny_plan("A on a\nB on a\nC on a, takes 10000");
  set_model(plan, 0, Kind::Normal, 100'000, 3'000);
  set_model(plan, 1, Kind::Normal, 100'000, 4'000);
  const auto found = drivers(plan);
  REQUIRE(found.size() == 2);
  CHECK(found[0].step == plan::StepId{1});
  CHECK(found[0].share == Approx(0.64).margin(0.05));
  CHECK(found[1].step == plan::StepId{0});
  CHECK(found[1].share == Approx(0.36).margin(0.05));
  // Without B: 210 s, and 1.645 deviations of 3 s.
  CHECK(static_cast<double>(found[0].p95_ms) == Approx(214'935).epsilon(0.003));
}

TEST_CASE("a step beside a longer one has no part, and constants have none") {
  plan::Plan plan = test::tiny_plan("A on a\nB on b, with previous\nC on a, takes 10000");
  set_model(plan, 0, Kind::Uniform, 100'000, 120'000);
  set_model(plan, 1, Kind::Uniform, 10'000, 20'000);
  const auto found = drivers(plan);
  REQUIRE(found.size() == 2);
  CHECK(found[0].step == plan::StepId{0});
  CHECK(found[0].share == 1);
  CHECK(found[1].share == 0);
  CHECK(drivers(test::tiny_plan("A on a b, window 1, takes 5")).empty());
}

TEST_CASE("one more slot saves what the rounds say") {
  // Seven of 10 ms: by two in four rounds, by three in three. By six in two, by seven in one.
  CHECK(saved("A on t1..t7, window 2, takes 10", 0, 40) == Duration{10});
  CHECK(saved("A on t1..t7, window 6, takes 10", 0, 20) == Duration{10});
  // By four in two rounds, and by five as well.
  CHECK(saved("A on t1..t7, window 4, takes 10", 0, 20) == Duration{0});
}

TEST_CASE("one more slot saves nothing where another limit is narrower") {
  CHECK(saved("! at most 2\nA on t1..t7, window 2, takes 10", 0, 40) == Duration{0});
}

TEST_CASE("what has no window has no slot to add") {
  CHECK_FALSE(saved("A on t1..t7, takes 10", 0, 10).has_value());
  CHECK_FALSE(saved("A: x, takes 10", 0, 10).has_value());
}
