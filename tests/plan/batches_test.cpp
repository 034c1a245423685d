// Batches worked out without a walk, held against laying them out lane by lane.
#include "plan/batches.h"

#include <catch2/catch.hpp>
#include <vector>

#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using plan::Batch;

namespace {

plan::Step with_sizes(std::vector<std::uint32_t> sizes, std::vector<std::uint32_t> groups = {}) {
  plan::Step step;
  for (const std::uint32_t size : sizes) step.batches.sizes.push_back({size, ""});
  for (const std::uint32_t count : groups) step.by_groups.push_back({{}, count});
  return step;
}

using Ends = std::vector<std::uint32_t>;

Ends ends_of(const plan::Step& step, std::uint32_t lanes) {
  Ends ends;
  Batch batch = plan::first_batch(step, lanes);
  if (lanes == 0) return ends;
  do {
    ends.push_back(batch.end);
  } while (plan::next_batch(step, lanes, batch));
  return ends;
}

}  // namespace

TEST_CASE("the last size repeats until every target is done") {
  CHECK(ends_of(with_sizes({1, 2, 4}), 12) == Ends{1, 3, 7, 11, 12});
  CHECK(ends_of(with_sizes({5}), 5) == Ends{5});
  CHECK(ends_of(with_sizes({5}), 3) == Ends{3});
  CHECK(ends_of(with_sizes({5}), 0).empty());
}

TEST_CASE("a batch never spans two values, and the sizes go on through them") {
  CHECK(ends_of(with_sizes({1, 3}, {3, 5, 1}), 9) == Ends{1, 3, 6, 8, 9});
  CHECK(ends_of(with_sizes({}, {3, 5, 1}), 9) == Ends{3, 8, 9});
  CHECK(ends_of(with_sizes({}), 9) == Ends{9});
}

TEST_CASE("counting batches and finding a lane's agrees with laying them out") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    test::Dice dice(seed);
    std::vector<std::uint32_t> sizes;
    std::vector<std::uint32_t> groups;
    std::uint32_t lanes = dice.below(30);
    for (std::uint32_t i = dice.below(4); i > 0; --i) sizes.push_back(1 + dice.below(6));
    if (dice.chance(50)) {
      lanes = 0;
      for (std::uint32_t i = dice.below(5); i > 0; --i) {
        groups.push_back(1 + dice.below(8));
        lanes += groups.back();
      }
    }
    const plan::Step step = with_sizes(sizes, groups);
    const Ends ends = ends_of(step, lanes);
    INFO("seed " << seed);
    REQUIRE(plan::batch_count(step, lanes) == ends.size());
    std::uint32_t number = 0;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      if (lane == ends[number]) ++number;
      REQUIRE(plan::batch_of(step, lanes, lane) == number);
    }
  }
}

TEST_CASE("a gate has a lane between two batches, and none behind the last") {
  plan::Plan plan = test::tiny_plan("U on a b c d e, window 5\nApprove");
  plan::Step& gate = plan.steps[plan::StepId{1}];
  gate.gate_of = plan::StepId{0};
  plan.steps[plan::StepId{0}].batches.sizes = {{1, ""}, {3, ""}};
  CHECK(plan::lane_count(plan, plan::StepId{1}) == 2);
  CHECK(plan::batch_number(plan, plan::StepId{0}, 0) == 1);
  CHECK(plan::batch_number(plan, plan::StepId{0}, 3) == 2);
  CHECK(plan::batch_number(plan, plan::StepId{1}, 1) == 2);
  plan.steps[plan::StepId{0}].batches.sizes = {{9, ""}};
  CHECK(plan::lane_count(plan, plan::StepId{1}) == 0);
}
