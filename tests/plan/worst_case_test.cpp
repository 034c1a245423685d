// The worst case: worked out by hand for small plans, and held against random schedules of random
// plans, which may never be worse.
#include "plan/worst_case.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "plan/verify.h"
#include "scheduler/timeline.h"
#include "support/random_outages.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using plan::WorstBound;
using plan::WorstCase;

namespace {

// What one schedule did: most targets out at once, and targets that failed.
struct Seen {
  std::uint32_t out = 0;
  std::vector<std::uint32_t> out_of_roles;
  std::uint32_t failed = 0;
  std::vector<std::uint32_t> failed_by_step;
};

Seen carried_out(const plan::Plan& plan, const test::WorldSettings& settings) {
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Lanes);
  test::World world(plan, settings);
  const bool ended = world.run([&](base::Instant now, const std::vector<scheduler::Event>& events,
                                   const scheduler::Commands& commands,
                                   const auto&) { builder.observe(now, events, commands); });
  REQUIRE(ended);
  const scheduler::Timeline timeline = builder.build(world.now());
  Seen seen;
  for (const scheduler::RoleTimes& role : timeline.roles) {
    seen.out_of_roles.push_back(role.targets - role.available_min);
  }
  std::set<std::uint32_t> failed;
  for (const plan::StepId step : plan.steps.ids()) {
    std::uint32_t count = 0;
    for (std::uint32_t lane = 0; lane < lane_count(plan, step); ++lane) {
      const scheduler::State state = timeline.lane(step, lane).state;
      if (state != scheduler::State::Failed && state != scheduler::State::Undone) continue;
      ++count;
      if (!plan.steps[step].on_controller) failed.insert(lane_target(plan, step, lane).value);
    }
    seen.failed_by_step.push_back(count);
  }
  seen.failed = static_cast<std::uint32_t>(failed.size());
  return seen;
}

// A role of all targets, so that the timeline counts all that are out.
void add_role_of_all(plan::Plan& plan) {
  plan::TargetList all;
  for (std::uint32_t i = 0; i < plan.targets.size(); ++i) all.add({i});
  plan.roles.add({"everything", plan.target_lists.add(std::move(all)), 1});
}

plan::Plan with_roles(std::string_view text) {
  plan::Plan plan = test::tiny_plan(text);
  add_role_of_all(plan);
  return plan;
}

// "4 of 10: Update 3+1+0"
std::string shown(const plan::Plan& plan, const WorstBound& bound) {
  std::string text = fmt::format("{} of {}:", bound.most, bound.of);
  for (const plan::WorstShare& share : bound.shares) {
    text += fmt::format(" {} {}+{}+{}", plan.steps[share.step].name, share.at_work, share.failed,
                        share.not_restored);
  }
  return text;
}

std::string out(std::string_view text) {
  const plan::Plan plan = test::tiny_plan(text);
  return shown(plan, worst_case(plan).out);
}

std::string failed(std::string_view text) {
  const plan::Plan plan = test::tiny_plan(text);
  return shown(plan, worst_case(plan).failed);
}

// Over many schedules: the worst that was seen of all targets.
std::uint32_t most_seen_out(std::string_view text) {
  const plan::Plan plan = with_roles(text);
  std::uint32_t most = 0;
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    test::WorldSettings settings;
    settings.seed = seed;
    settings.failures = 10 + static_cast<std::uint32_t>(seed % 8) * 10;
    most = std::max(most, carried_out(plan, settings).out_of_roles.back());
  }
  return most;
}

}  // namespace

TEST_CASE("a window bounds how many are out, and each tolerated failure adds one") {
  CHECK(out("Update on w1..w10, window 3: leave, drains; back, restores") ==
        "3 of 10: Update 3+0+0");
  CHECK(out("Update on w1..w10, window 3, tolerate 1: leave, drains; back, restores") ==
        "4 of 10: Update 3+1+0");
  CHECK(out("Update on w1..w10, window 3, tolerate 9: leave, drains; back, restores") ==
        "10 of 10: Update 1+9+0");
  CHECK(out("Update on w1..w10, window 2: restart, interrupts") == "2 of 10: Update 2+0+0");
}

TEST_CASE("nothing is out where nothing takes a target out") {
  CHECK(out("Update on w1..w10, window 3, tolerate 1") == "0 of 10:");
  CHECK(out("Update on w1..w10: back, restores") == "0 of 10:");
  CHECK(out("Update on w1..w10, disabled: leave, drains") == "0 of 10:");
  CHECK(out("Update on w1..w10: leave, drains, disabled; back, restores") == "0 of 10:");
  CHECK(out("Notify, drains") == "0 of 0:");
}

TEST_CASE("a step that does not restore leaves all of its targets out") {
  CHECK(out("Drain on w1..w10, window 2, drains") == "10 of 10: Drain 0+0+10");
  CHECK(out("Drain on w1..w4, drains\nUpdate on w1..w4\nBack on w1..w4, restores") ==
        "4 of 4: Drain 0+0+4");
}

TEST_CASE("an ignored failure that keeps a target from being restored may hit every one") {
  const plan::Plan plan =
      test::tiny_plan("Update on w1..w10, window 2: leave, drains; back, restores, ignore");
  const WorstCase worst = worst_case(plan);
  CHECK(shown(plan, worst.out) == "10 of 10: Update 0+0+10");
  CHECK(worst.out.shares.at(0).by_ignored_failures);
}

TEST_CASE("a step that goes on after failures may leave every target out") {
  CHECK(out("Update on w1..w10, window 2, continue: leave, drains; back, restores") ==
        "10 of 10: Update 0+10+0");
}

TEST_CASE("of steps in sequence the worst counts, with what the ones before left out") {
  CHECK(out("A on w1..w9, window 2: leave, drains; back, restores\n"
            "B on w1..w9, window 3: leave, drains; back, restores") == "3 of 9: B 3+0+0");
  CHECK(out("A on w1..w9, window 5: leave, drains; back, restores\n"
            "B on w1..w9, window 3: leave, drains; back, restores") == "5 of 9: A 5+0+0");
  CHECK(out("A on w1..w9, window 2, tolerate 1: leave, drains; back, restores\n"
            "B on w1..w9, window 3: leave, drains; back, restores") == "4 of 9: A 0+1+0 B 3+0+0");
}

TEST_CASE("steps that run together add up") {
  CHECK(out("A on a1..a9, window 2: leave, drains; back, restores\n"
            "B on b1..b9, window 3, with previous: leave, drains; back, restores") ==
        "5 of 18: A 2+0+0 B 3+0+0");
  CHECK(out("A on a1..a3, window 2: leave, drains; back, restores\n"
            "B on a1..a3, window 3, with previous: leave, drains; back, restores") ==
        "3 of 3: A 2+0+0 B 3+0+0");
}

TEST_CASE("a step that runs after a failure adds to what the failure left out") {
  CHECK(out("A on w1..w9, window 2: leave, drains; back, restores\n"
            "B on w1..w9, window 3, failure: leave, drains; back, restores") ==
        "5 of 9: A 2+0+0 B 3+0+0");
  // B runs only where A failed, and C only where it did not.
  CHECK(out("A on w1..w9, window 2, tolerate 1: leave, drains; back, restores\n"
            "B on w1..w9, window 3, failure: leave, drains; back, restores\n"
            "C on w1..w9, window 7: leave, drains; back, restores") == "8 of 9: A 0+1+0 C 7+0+0");
  CHECK(out("A on w1..w9, failure: leave, drains") == "0 of 9:");
}

TEST_CASE("cleaning up always does not bound what is out, since it may fail too") {
  CHECK(out("A on w1..w9, window 2, tolerate 3: leave, drains; back, restores, always") ==
        "5 of 9: A 2+3+0");
}

TEST_CASE("a step fails for those tolerated and for all that were at work") {
  CHECK(failed("A on w1..w9, window 2, tolerate 3") == "5 of 9: A 2+3+0");
  CHECK(failed("A on w1..w9") == "9 of 9: A 9+0+0");
  CHECK(failed("A on w1..w9, window 2, continue") == "9 of 9: A 0+9+0");
  CHECK(failed("A on w1..w9, window 2, ignore") == "0 of 9:");
  CHECK(failed("A on w1..w9, window 1, tolerate 1\nB on w1..w9, window 2, tolerate 1") ==
        "4 of 9: A 0+1+0 B 2+1+0");
  CHECK(failed("Migrate\nA on w1..w9, window 2") == "2 of 9: A 2+0+0");
  const plan::Plan plan = test::tiny_plan("Migrate\nA on w1..w9, window 2");
  CHECK(worst_case(plan).failed_by_step.at(0).total() == 1);
}

TEST_CASE("the bound of one step is reached by some schedule") {
  for (const std::string_view text :
       {"Update on w1..w6, window 2: leave, drains; back, restores",
        "Update on w1..w6, window 2, tolerate 1: leave, drains; back, restores",
        "Update on w1..w6, window 3, tolerate 2: leave, drains; work; back, restores, always",
        "Update on w1..w6, window 2, continue: leave, drains; back, restores",
        "Update on w1..w6, window 2: leave, drains; back, restores, ignore",
        "Update on w1..w6, window 1, tolerate 1: restart, interrupts",
        "A on a1..a4, window 2: x, drains; y, restores\n"
        "B on b1..b4, window 1, with previous: x, drains; y, restores",
        "A on w1..w6, window 1, tolerate 1: x, drains; y, restores\n"
        "B on w1..w6, window 2: x, drains; y, restores",
        "A on w1..w6, window 2: x, drains; y, restores\n"
        "B on w1..w6, window 3, failure: x, drains; y, restores"}) {
    INFO(text);
    CHECK(most_seen_out(text) == worst_case(test::tiny_plan(text)).out.most);
  }
}

// Four schedules of it: few failures to many, the last with pauses and aborts.
void hold_against_schedules(const plan::Plan& plan, std::uint64_t seed) {
  const WorstCase worst = worst_case(plan);
  for (std::uint64_t world = 0; world < 4; ++world) {
    test::WorldSettings settings;
    settings.seed = seed * 7 + world;
    constexpr std::uint32_t failures[] = {5, 20, 40, 70};
    settings.failures = failures[world];
    settings.operators_words = world == 3;
    const Seen seen = carried_out(plan, settings);
    INFO("seed " << seed << ", world " << world);
    if (seen.out_of_roles.back() > worst.out.most) FAIL_CHECK("more are out of all targets");
    if (seen.failed > worst.failed.most) FAIL_CHECK("more have failed");
    for (const plan::RoleId role : plan.roles.ids()) {
      if (seen.out_of_roles[role.value] > worst.out_of_roles[role.value].most) {
        FAIL_CHECK("more are out of role " << plan.roles[role].name);
      }
    }
    for (const plan::StepId step : plan.steps.ids()) {
      if (seen.failed_by_step[step.value] > worst.failed_by_step[step.value].total()) {
        FAIL_CHECK("more have failed in step " << plan.steps[step].name << ": "
                                               << seen.failed_by_step[step.value] << " of "
                                               << worst.failed_by_step[step.value].total());
      }
    }
  }
}

TEST_CASE("a gate that fails undoes what cannot fail itself") {
  const plan::Plan plan =
      test::tiny_plan("U on a b c d, batches 2, rollback all: x, ignore, undo\n- Look");
  CHECK(worst_case(plan).failed_by_step.front().total() == 4);
}

TEST_CASE("no schedule of any plan is worse than the worst case") {
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    plan::Plan plan = test::random_plan(seed);
    add_role_of_all(plan);
    hold_against_schedules(plan, seed);
  }
}

TEST_CASE("nor where lanes are asked about, undone, left behind, held back or never needed") {
  for (std::uint64_t seed = 0; seed < 8'000; ++seed) {
    hold_against_schedules(test::random_outages(seed), seed);
  }
}
