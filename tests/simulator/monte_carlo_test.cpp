// Many runs beside what probability theory says of them, and the same numbers for any threads.
#include "simulator/monte_carlo.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "simulator/parallel.h"
#include "simulator/simulator.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using simulator::MonteCarlo;
using simulator::Outlook;
using simulator::Sample;
using simulator::Settings;
using Kind = plan::DurationModel::Kind;

namespace {

Outlook predicted(const plan::Plan& plan, std::uint32_t runs, std::uint32_t threads = 1,
                  const Settings& settings = {}) {
  const auto outlook = simulator::predict(plan, settings, MonteCarlo{runs, threads, {}});
  REQUIRE(outlook.ok());
  return outlook.value();
}

void set_model(plan::Work& work, Kind kind, std::int64_t low, std::int64_t high = 0) {
  work.takes.kind = kind;
  work.takes.low = plan::constant({Duration{low}});
  work.takes.high = plan::constant({Duration{high}});
}

plan::Task& first_task(plan::Plan& plan) {
  return plan.steps[plan::StepId{0}].tasks[0];
}

plan::Contract duration_contract(std::int64_t most_ms, std::optional<std::int64_t> percent) {
  plan::Contract contract;
  contract.kind = plan::Contract::Kind::Duration;
  contract.comparison = plan::Contract::Comparison::LessOrEqual;
  contract.duration = {most_ms};
  if (percent) contract.share = plan::Percentage{*percent * 1'000'000};
  return contract;
}

}  // namespace

TEST_CASE("a quantile is the smallest value that so many runs do not exceed") {
  Sample sample(20);
  for (std::size_t i = 0; i < 20; ++i) sample.set(i, static_cast<std::int64_t>((i * 7) % 20) + 1);
  sample.sort();
  CHECK(sample.quantile(50) == 1);
  CHECK(sample.quantile(500) == 10);
  CHECK(sample.quantile(950) == 19);
  CHECK(sample.quantile(951) == 20);
  CHECK(sample.quantile(1000) == 20);
  CHECK(sample.mean() == 10.5);
  CHECK(sample.min() == 1);
  CHECK(sample.max() == 20);
  Sample single(1);
  single.set(0, 42);
  single.sort();
  CHECK(single.quantile(50) == 42);
  CHECK(single.interval(950) == Sample::Interval{42, 42});
}

TEST_CASE("Wilson's interval agrees with published values") {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  const auto check = [](std::uint32_t hits, std::uint32_t runs, double low, double high) {
    const simulator::Probability p = simulator::probability_of(hits, runs);
    CHECK(p.low == Approx(low).margin(0.00005));
    CHECK(p.high == Approx(high).margin(0.00005));
  };
  check(81, 263, 0.2553, 0.3662);
  check(15, 148, 0.0624, 0.1605);
  check(0, 20, 0.0, 0.1611);
  check(1, 29, 0.0061, 0.1718);
  CHECK(simulator::probability_of(20, 20).high == 1);
}

TEST_CASE("the longest of many exponential lanes takes as long as theory says") {
  // The maximum of n exponentials of mean m: P(≤ t) = (1 − e^(−t/m))^n; mean m × (1 + 1/2 + … ).
  plan::Plan plan = test::tiny_plan("U on w1..w10");
  set_model(first_task(plan), Kind::Exponential, 10'000);
  const Outlook outlook = predicted(plan, 20'000);
  double harmonic = 0;
  for (int i = 1; i <= 10; ++i) harmonic += 1.0 / i;
  CHECK(outlook.duration_ms.mean() == Approx(10'000 * harmonic).epsilon(0.01));
  for (const std::uint32_t per_mille : {50U, 500U, 950U}) {
    const double exact = -10'000 * std::log1p(-std::pow(per_mille / 1000.0, 0.1));
    const Sample::Interval interval = outlook.duration_ms.interval(per_mille);
    CHECK(static_cast<double>(interval.low) <= exact + 1);
    CHECK(static_cast<double>(interval.high) >= exact - 1);
  }
}

TEST_CASE("lanes one by one take the sum, whose mean and spread are known") {
  plan::Plan plan = test::tiny_plan("U on w1..w16, window 1");
  set_model(first_task(plan), Kind::Normal, 30'000, 5'000);
  const Outlook outlook = predicted(plan, 10'000);
  CHECK(outlook.duration_ms.mean() == Approx(480'000).epsilon(0.001));
  // Deviation 5 s × √16; the 95th percentile 1.6449 of it above the mean.
  CHECK(static_cast<double>(outlook.duration_ms.quantile(950)) == Approx(512'900).epsilon(0.002));
}

TEST_CASE("the chance of success is that no target fails for good") {
  // Three attempts each fail with 20%: a target with 0.8%, one of 50 with 1 − 0.992^50 = 33.1%.
  plan::Plan plan = test::tiny_plan("U on w1..w50, retry 2, takes 5");
  first_task(plan).fails = plan::Percentage{20'000'000};
  const Outlook outlook = predicted(plan, 10'000);
  const double exact = std::pow(1 - 0.008, 50);
  CHECK(outlook.success.low <= exact);
  CHECK(outlook.success.high >= exact);
  CHECK(outlook.succeeded + outlook.failed == 10'000);
}

TEST_CASE("a contract holds in so many runs, with what is required of it") {
  plan::Plan plan = test::tiny_plan("U on a");
  set_model(first_task(plan), Kind::Uniform, 1, 100);
  plan.contracts = {duration_contract(90, 85), duration_contract(90, 95),
                    duration_contract(90, std::nullopt), duration_contract(100, std::nullopt)};
  const Outlook outlook = predicted(plan, 5'000);
  CHECK(outlook.contracts[0].probability.low <= 0.9);
  CHECK(outlook.contracts[0].probability.high >= 0.9);
  CHECK(outlook.contracts[0].held);
  CHECK_FALSE(outlook.contracts[1].held);
  CHECK_FALSE(outlook.contracts[2].held);
  CHECK(outlook.contracts[3].held);
  CHECK(outlook.contracts[3].held_runs == 5'000);
  CHECK(outlook.contracts[1].required == 0.95);
}

TEST_CASE("capacity and downtime are sampled for each role") {
  plan::Plan plan = test::tiny_plan("U on a b c, window 2: x, takes 10 to 20, interrupts");
  plan.roles.add({"web", plan.steps[plan::StepId{0}].targets, 2});
  const Outlook outlook = predicted(plan, 500);
  REQUIRE(outlook.roles.size() == 1);
  CHECK(outlook.roles[0].available_min.min() == 1);
  CHECK(outlook.roles[0].available_min.max() == 1);
  CHECK(outlook.roles[0].out_of_service_ms.min() >= 30);
  CHECK(outlook.roles[0].out_of_service_ms.max() <= 60);
  CHECK(outlook.roles[0].downtime_ms.min() >= 10);
}

TEST_CASE("any number of threads gives the same numbers as one") {
  plan::Plan plan = test::tiny_plan(
      "U on w1..w9, window 3, tolerate 2, retry 1: x, takes 1 to 900, drains; y, takes 5 to 80, "
      "restores\nV on w1..w4, failure, takes 3 to 7");
  plan.roles.add({"web", plan.steps[plan::StepId{0}].targets, 1});
  plan.contracts = {duration_contract(2'000, 50)};
  first_task(plan).fails = plan::Percentage{10'000'000};
  const Outlook one = predicted(plan, 997, 1);
  CHECK(one.degraded > 0);
  for (const std::uint32_t threads : {2U, 3U, 8U}) CHECK(predicted(plan, 997, threads) == one);
}

TEST_CASE("each run is the one that a single simulation of that number gives") {
  const plan::Plan plan = test::tiny_plan("U on w1..w9, window 3, takes 1 to 900");
  std::vector<std::int64_t> single;
  for (std::uint32_t run = 0; run < 50; ++run) {
    Settings settings;
    settings.run = run;
    single.push_back(simulator::simulate(plan, settings).value().timeline.duration.ms);
  }
  std::sort(single.begin(), single.end());
  const Outlook outlook = predicted(plan, 50);
  CHECK(outlook.duration_ms.min() == single.front());
  CHECK(outlook.duration_ms.quantile(500) == single[24]);
  CHECK(outlook.duration_ms.max() == single.back());
}

TEST_CASE("a duration that cannot be worked out fails the whole, whichever thread meets it") {
  plan::Plan plan = test::tiny_plan("U on a b");
  plan::Expression missing;
  missing.op = plan::Operator::TargetProperty;
  missing.type = plan::Type::Duration;
  missing.name = "length";
  first_task(plan).takes.low = missing;
  const auto outlook = simulator::predict(plan, {}, MonteCarlo{100, 3, {}});
  REQUIRE_FALSE(outlook.ok());
  CHECK(outlook.error().message.starts_with("cannot tell how long `U` takes on `a`"));
}

TEST_CASE("work is handed out once, and progress told on the caller's thread") {
  for (const std::uint32_t threads : {1U, 2U, 5U}) {
    std::vector<int> done(1'003);
    std::vector<std::uint32_t> by(1'003);
    std::uint32_t last = 0;
    simulator::share_out(
        threads, 1'003, 10,
        [&](const simulator::Portion& part) {
          for (std::uint32_t i = part.begin; i < part.end; ++i) {
            ++done[i];
            by[i] = part.worker;
          }
        },
        [&](std::uint32_t all) {
          CHECK(all >= last);
          last = all;
        });
    CHECK(std::all_of(done.begin(), done.end(), [](int times) { return times == 1; }));
    CHECK(*std::max_element(by.begin(), by.end()) < threads);
    CHECK(last == 1'003);
  }
}
