// Whole plans beside what the theory of scheduling and of queues says of them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "simulator/attempts.h"
#include "simulator/monte_carlo.h"
#include "simulator/simulator.h"
#include "support/lengths.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using simulator::Settings;
using Kind = plan::DurationModel::Kind;

namespace {

constexpr plan::StepId first{0};

plan::Plan rolling(std::uint32_t targets, std::uint32_t window, Kind kind, std::int64_t low,
                   std::int64_t high) {
  plan::Plan plan = test::tiny_plan("Update on w1..w" + std::to_string(targets) + ", window " +
                                    std::to_string(window));
  plan::DurationModel& takes = plan.steps[first].tasks[0].takes;
  takes.kind = kind;
  takes.low = plan::constant({Duration{low}});
  takes.high = plan::constant({Duration{high}});
  takes.mode = plan::constant({Duration{low}});
  return plan;
}

double harmonic(std::uint32_t n) {
  double sum = 0;
  for (std::uint32_t i = 1; i <= n; ++i) sum += 1.0 / i;
  return sum;
}

// Mean and its standard error over many runs.
struct Mean {
  double value = 0;
  double error = 0;
};
Mean mean_duration(const plan::Plan& plan) {
  constexpr std::uint32_t runs = 4000;
  Settings settings;
  settings.detail = scheduler::Detail::Summary;
  double sum = 0;
  double squares = 0;
  for (settings.run = 0; settings.run < runs; ++settings.run) {
    const auto prediction = simulator::simulate(plan, settings);
    REQUIRE(prediction.ok());
    const auto ms = static_cast<double>(prediction.value().timeline.duration.ms);
    sum += ms;
    squares += ms * ms;
  }
  const double mean = sum / runs;
  return {mean, std::sqrt((squares / runs - mean * mean) / runs)};
}

}  // namespace

// Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969.
TEST_CASE("a rolling step lies within the bounds of list scheduling") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    test::Dice dice(seed);
    const std::uint32_t targets = 1 + dice.below(40);
    const std::uint32_t window = 1 + dice.below(targets);
    const std::int64_t low = dice.below(1000);
    const plan::Plan plan = rolling(targets, window, Kind::Uniform, low, low + dice.below(5000));
    Settings settings;
    settings.seed = seed;
    const simulator::Attempts attempts(plan, settings);
    std::int64_t all = 0;
    std::int64_t longest = 0;
    for (std::uint32_t lane = 0; lane < targets; ++lane) {
      scheduler::Action action;
      action.step = first;
      action.lane = lane;
      const auto attempt = attempts.draw(action, 0);
      REQUIRE(attempt.ok());
      all += attempt.value().takes.ms;
      longest = std::max(longest, attempt.value().takes.ms);
    }
    const auto prediction = simulator::simulate(plan, settings);
    REQUIRE(prediction.ok());
    const auto duration = static_cast<double>(prediction.value().timeline.duration.ms);
    const double shared = static_cast<double>(all) / window;
    const auto whole = static_cast<double>(longest);
    CHECK(duration >= std::max(whole, shared));
    CHECK(duration <= shared + (1 - 1.0 / window) * whole + 1e-6);
  }
}

// While every slot is taken, exponential work ends at the rate of window / mean, whatever has run
// how long: (n − w) ends until the last target begins, then the longest of w that go on.
TEST_CASE("exponential work in a window takes what the theory of queues says") {
  for (const auto& [targets, window] : {std::pair{20U, 4U}, {12U, 12U}, {10U, 1U}, {30U, 7U}}) {
    INFO(targets << " targets, window " << window);
    const double mean = 60'000;
    const Mean found = mean_duration(rolling(targets, window, Kind::Exponential, 60'000, 0));
    const double wanted =
        mean * ((targets - window) / static_cast<double>(window) + harmonic(window));
    CHECK(std::abs(found.value - wanted) < 4 * found.error + 1);
  }
}

// Each batch waits for the longest of its own: w exponentials are as long as the sum of mean / i.
TEST_CASE("exponential work in batches takes the sum of the longest of each") {
  plan::Plan plan = rolling(20, 20, Kind::Exponential, 60'000, 0);
  plan.steps[first].batches.sizes.push_back({4, ""});
  const Mean found = mean_duration(plan);
  CHECK(std::abs(found.value - 60'000 * 5 * harmonic(4)) < 4 * found.error + 1);
}

// One after the other: the mean is the sum of the means; side by side: uniform ones last on average
// n / (n + 1) of the way from the shortest to the longest.
TEST_CASE("sums and maxima of uniform work have their known means") {
  const Mean sum = mean_duration(rolling(8, 1, Kind::Uniform, 1000, 3000));
  CHECK(std::abs(sum.value - 8 * 2000) < 4 * sum.error + 1);
  const Mean longest = mean_duration(rolling(8, 8, Kind::Uniform, 1000, 3000));
  CHECK(std::abs(longest.value - (1000 + 2000 * 8.0 / 9)) < 4 * longest.error + 1);
}

// A target is tried until it succeeds, three times at most: 1 + p + p² attempts on average.
TEST_CASE("attempts that fail by chance come to their expected number") {
  plan::Plan plan = rolling(1, 1, Kind::Constant, 10'000, 0);
  plan::Task& task = plan.steps[first].tasks[0];
  task.fails = plan::Percentage{30'000'000};
  task.retry.more = 2;
  const Mean found = mean_duration(plan);
  CHECK(std::abs(found.value - 10'000 * (1 + 0.3 + 0.09)) < 4 * found.error + 1);
}

TEST_CASE("a published upgrade of three nodes takes as long in batches and in a sliding window") {
  // kubernetes-sigs/kubespray, pull request 13397 (2026): three workers, two at once. "One node
  // 150s slower than its peers": 471 s in batches, 369 s in a sliding window; uniform nodes: the
  // same. What a peer takes it does not say; 102 s, and 117 s around, are what both totals leave.
  const auto took = [](std::string_view how, const std::vector<std::int64_t>& nodes) {
    plan::Plan plan =
        test::tiny_plan("Upgrade on a b c, " + std::string(how) + ": x\nAround: y, takes 117000");
    test::set_lengths(plan, nodes);
    const auto prediction = simulator::simulate(plan, {});
    REQUIRE(prediction.ok());
    return prediction.value().timeline.duration.ms;
  };
  const std::vector<std::int64_t> one_slow{252'000, 102'000, 102'000};
  CHECK(took("batches 2", one_slow) == 471'000);
  CHECK(took("window 2", one_slow) == 369'000);
  const std::vector<std::int64_t> uniform{102'000, 102'000, 102'000};
  CHECK(took("batches 2", uniform) == took("window 2", uniform));
  // Were the slow node the last, neither would gain anything on the other.
  const std::vector<std::int64_t> last_slow{102'000, 102'000, 252'000};
  CHECK(took("batches 2", last_slow) == 471'000);
  CHECK(took("window 2", last_slow) == 471'000);
}
