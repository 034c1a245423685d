// Advice beside what can be worked out by hand.
#include "simulator/advise.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using simulator::Advice;
using simulator::Candidate;
using simulator::Setting;
using simulator::Settings;

namespace {

constexpr plan::StepId first{0};

Advice advice_for(const plan::Plan& plan, std::uint32_t threads = 1) {
  simulator::Advise request;
  request.step = simulator::step_to_advise(plan, {});
  request.many.runs = 20;
  request.many.threads = threads;
  const auto advice = simulator::advise(plan, Settings{}, request);
  REQUIRE(advice.ok());
  return advice.value();
}

const Candidate* find(const Advice& advice, std::uint32_t window,
                      const std::vector<std::uint32_t>& batches) {
  for (const Candidate& candidate : advice.candidates) {
    const Setting wanted{window, batches, Setting::Order::AsWritten};
    if (candidate.setting == wanted) return &candidate;
  }
  return nullptr;
}

// The first step's targets take 60 s, 10 s, 10 s, …
void set_lengths(plan::Plan& plan, const std::vector<std::int64_t>& seconds) {
  plan::Expression own;
  own.op = plan::Operator::TargetProperty;
  own.type = plan::Type::Duration;
  own.stage = plan::Stage::PerTarget;
  own.name = "length";
  plan.steps[first].tasks[0].takes.low = own;
  for (std::uint32_t i = 0; i < seconds.size(); ++i) {
    plan.targets.set_properties(
        plan::TargetId{i}, plan.property_sets.add({{"length", {Duration{seconds[i] * 1000}}}}));
  }
}

}  // namespace

TEST_CASE("windows and batches come to what ten targets of a minute must take") {
  const plan::Plan plan = test::tiny_plan(
      "! role web minimum 1: w1 w2 w3 w4 w5 w6 w7 w8 w9 w10\n"
      "Update on w1..w10, window 3: x, takes 60000, interrupts\n");
  const Advice advice = advice_for(plan);
  CHECK(advice.candidates.front().setting.window == 3);
  CHECK(advice.candidates.front().p50_ms == 240'000);
  for (const std::uint32_t window : {1U, 2U, 3U, 4U, 5U, 10U}) {
    INFO("window " << window);
    const Candidate* plain = find(advice, window, {});
    REQUIRE(plain != nullptr);
    CHECK(plain->p95_ms == (10 + window - 1) / window * 60'000);
    CHECK(plain->lowest == std::vector<std::uint32_t>{10 - window});
    CHECK(plain->bad == window);
    CHECK(plain->noticed_ms == 60'000);
    // One first, then the nine others.
    const Candidate* careful = find(advice, window, {1, 9});
    REQUIRE(careful != nullptr);
    CHECK(careful->p95_ms == 60'000 + (9 + window - 1) / window * 60'000);
    CHECK(careful->bad == 1);
  }
  CHECK(find(advice, 10, {})->on_front);
  CHECK(find(advice, 10, {1, 9})->on_front);
  CHECK(find(advice, 1, {})->on_front);
  // It takes as long as window 5, and more are out.
  CHECK_FALSE(find(advice, 6, {})->on_front);
}

TEST_CASE("the front is what nothing beats") {
  const plan::Plan plan = test::tiny_plan(
      "! role web minimum 1: w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12\n"
      "Update on w1..w12, window 4, tolerate 1: x, drains, takes 10 to 90; y, takes 5 to 50, "
      "restores\n");
  const Advice advice = advice_for(plan);
  const auto values = [](const Candidate& row) {
    return std::vector<std::int64_t>{row.p50_ms, row.p95_ms, row.bad,
                                     -std::int64_t{row.lowest.front()}};
  };
  const auto as_good = [&](const Candidate& a, const Candidate& b) {
    const auto left = values(a);
    const auto right = values(b);
    return std::equal(left.begin(), left.end(), right.begin(), std::less_equal<>());
  };
  std::size_t beaten = 0;
  for (const Candidate& row : advice.candidates) {
    const bool loses = std::any_of(
        advice.candidates.begin(), advice.candidates.end(),
        [&](const auto& other) { return as_good(other, row) && values(other) != values(row); });
    CHECK(row.on_front != loses);
    beaten += loses ? 1U : 0U;
  }
  CHECK(beaten > 0);
}

TEST_CASE("the least change that keeps a contract is found") {
  plan::Plan plan = test::tiny_plan("Update on w1..w10, window 2: x, takes 60000\n");
  plan::Contract contract;
  contract.kind = plan::Contract::Kind::Duration;
  contract.comparison = plan::Contract::Comparison::LessOrEqual;
  contract.duration = {200'000};
  plan.contracts.push_back(contract);
  const Advice advice = advice_for(plan);
  CHECK_FALSE(advice.candidates.front().keeps_contracts);
  REQUIRE(advice.smallest);
  const Candidate& least = advice.candidates[*advice.smallest];
  CHECK(least.changes == 1);
  CHECK(least.setting.window == 4);  // 3 needs 240 s
  plan.contracts.front().duration = {300'000};
  CHECK(advice_for(plan).smallest == 0U);
  plan.contracts.front().duration = {30'000};
  CHECK_FALSE(advice_for(plan).smallest);
}

TEST_CASE("the longest first is told beside what no order could beat") {
  plan::Plan plan = test::tiny_plan("Update on a b c d e f, window 2\n");
  set_lengths(plan, {10, 10, 10, 10, 20, 60});
  const Advice advice = advice_for(plan);
  REQUIRE(advice.order);
  // 10 10, 10 10, then 60 s beside 20 s; else 60 s beside all others. The bound is the longest.
  CHECK(advice.order->as_written_ms == 80'000);
  CHECK(advice.order->longest_first_ms == 60'000);
  CHECK(advice.order->bound_ms == 60'000);
  const auto longest = std::find_if(
      advice.candidates.begin(), advice.candidates.end(),
      [](const auto& row) { return row.setting.order == Setting::Order::LongestFirst; });
  REQUIRE(longest != advice.candidates.end());
  CHECK(longest->p50_ms == 60'000);
}

TEST_CASE("advice is about the step with the most work, and the same for any threads") {
  const plan::Plan plan = test::tiny_plan(
      "Prepare on a b: x, takes 10\n"
      "Update on a b c, window 2: x, takes 5 to 60; y, takes 1 to 9\n"
      "Report: z, takes 100000\n");
  CHECK(simulator::step_to_advise(plan, {}) == plan::StepId{1});
  CHECK(advice_for(plan, 1) == advice_for(plan, 3));
  CHECK_FALSE(simulator::step_to_advise(test::tiny_plan("Report: z, takes 9\n"), {}).valid());
}
