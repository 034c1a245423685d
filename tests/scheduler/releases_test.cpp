// Which release each target serves, side by side for how long, and where there is room: cases
// worked out by hand.
#include "scheduler/releases.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "scheduler/slack.h"
#include "simulator/simulator.h"
#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Release;

namespace {

scheduler::Timeline simulated(const plan::Plan& plan, const simulator::Settings& settings = {}) {
  const auto prediction = simulator::simulate(plan, settings);
  REQUIRE(prediction.ok());
  return prediction.value().timeline;
}

simulator::Settings failing(std::uint32_t task, std::uint32_t lane) {
  simulator::Settings settings;
  settings.failures.push_back({plan::StepId{0}, task, lane});
  return settings;
}

std::string at_end(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  std::string text;
  for (const Release release : scheduler::releases_of(plan, timeline).at_end) {
    text += release == Release::New ? 'n' : release == Release::Old ? 'o' : 'b';
  }
  return text;
}

std::string beside(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  std::string text;
  const auto releases = scheduler::releases_of(plan, timeline);
  for (const auto& row : scheduler::side_by_side(plan, timeline, releases)) {
    text +=
        fmt::format("{}+{} {} [{}, {}) ", plan.roles[row.old_role].name,
                    plan.roles[row.new_role].name, row.time.ms, row.span.start.ms, row.span.end.ms);
  }
  return text;
}

constexpr std::string_view roles = "! role web minimum 1: w1 w2 w3 w4\n";
constexpr std::string_view tasks =
    "leave, drains, takes 5; deploy, takes 10; back, restores, takes 5";

}  // namespace

TEST_CASE("old and new serve side by side from the first return to the last leave") {
  // One at a time, 20 ms each: w1 is back at 20, the last old one leaves at 60.
  const plan::Plan one =
      test::tiny_plan(fmt::format("{}Update on w1..w4, window 1: {}", roles, tasks));
  const auto timeline = simulated(one);
  CHECK(timeline.duration.ms == 80);
  CHECK(at_end(one, timeline) == "nnnn");
  CHECK(beside(one, timeline) == "web+web 40 [20, 60) ");
  // Two at a time: as the first two come back, the last old ones leave.
  const plan::Plan two =
      test::tiny_plan(fmt::format("{}Update on w1..w4, window 2: {}", roles, tasks));
  CHECK(beside(two, simulated(two)).empty());
}

TEST_CASE("an old release of one role serves beside the new one of another") {
  const plan::Plan plan = test::tiny_plan(
      "! role api minimum 1: a1 a2\n! role web minimum 1: w1 w2\n"
      "Api on a1..a2: restart, interrupts, takes 10\n"
      "Web on w1..w2: restart, interrupts, takes 10");
  const auto timeline = simulated(plan);
  CHECK(timeline.duration.ms == 20);
  // All of api switches in [0, 10), while web serves the old; web in [10, 20).
  CHECK(beside(plan, timeline).empty());
  const plan::Plan slower = test::tiny_plan(
      "! role api minimum 1: a1 a2\n! role web minimum 1: w1 w2\n"
      "Api on a1..a2: restart, interrupts, takes 10\n"
      "Web on w1..w2, window 1: restart, interrupts, takes 10");
  // From 10 to 20 w2 serves the old beside the new api; w1 is back at 20, as w2 leaves.
  CHECK(beside(slower, simulated(slower)) == "web+api 10 [10, 20) ");
}

TEST_CASE("a target on which the release was begun and failed is on neither") {
  const plan::Plan plan =
      test::tiny_plan(fmt::format("{}Update on w1..w4, window 1: {}", roles, tasks));
  const auto timeline = simulated(plan, failing(1, 1));
  CHECK(at_end(plan, timeline) == "nboo");
  const auto first = scheduler::first_failure(plan, timeline);
  CHECK(first.at.ms == 35);
  CHECK(first.lane == 1);
  CHECK(first.task == 1);
  // What fails before it was begun leaves the old one; what fails after it, the new one.
  CHECK(at_end(plan, simulated(plan, failing(0, 1))) == "nooo");
  CHECK(at_end(plan, simulated(plan, failing(2, 1))) == "nnoo");
}

TEST_CASE("a target that was out of reach has the release that it had") {
  const plan::Plan plan =
      test::tiny_plan("Update on w1..w4, window 1: deploy, takes 10; check, takes 5");
  simulator::Settings settings;
  settings.unreachable.push_back(plan::TargetId{1});
  CHECK(at_end(plan, simulated(plan, settings)) == "nooo");
}

TEST_CASE("what is taken back serves the old release, and the time that takes is told") {
  const plan::Plan plan = test::tiny_plan(
      "Update on w1..w3, window 1, rollback all: deploy, takes 10, undo takes 4; check, takes 5");
  const auto timeline = simulated(plan, failing(1, 1));
  CHECK(at_end(plan, timeline) == "ooo");
  // The failure at 30, then w2 and w1 in 4 ms each.
  const scheduler::TakenBack back = scheduler::taken_back(plan, timeline);
  CHECK(back.lanes == 2);
  CHECK(back.time.ms == 8);
  CHECK(timeline.target_states == std::vector{scheduler::State::Undone, scheduler::State::Undone,
                                              scheduler::State::NotStarted});
  CHECK(scheduler::taken_back(plan, simulated(plan)) == scheduler::TakenBack{});
}

TEST_CASE("what was taken back in part, or not to its end, is on neither release") {
  const plan::Plan plan = test::tiny_plan(
      "Update on w1..w3, window 1, rollback all: fetch, takes 1, undo takes 1; "
      "deploy, takes 10, undo takes 4; check, takes 5");
  auto timeline = simulated(plan, failing(2, 1));
  REQUIRE(at_end(plan, timeline) == "ooo");
  const auto end_undo = [&](std::uint32_t lane, std::uint32_t task, scheduler::State state) {
    for (scheduler::PartTimes& part : timeline.parts) {
      const bool meant =
          part.part == scheduler::Part::Undo && part.lane == lane && part.task == task;
      if (meant) part.times.state = state;
    }
  };
  end_undo(0, 0, scheduler::State::Failed);  // its deploy has been undone
  CHECK(at_end(plan, timeline) == "boo");
  end_undo(0, 1, scheduler::State::Failed);
  CHECK(at_end(plan, timeline) == "boo");
}

TEST_CASE("where steps take targets out, only those bring a release") {
  const plan::Plan plan = test::tiny_plan(
      "Warm on w1..w2: look\nUpdate on w1..w2: leave, drains; deploy; back, restores");
  CHECK_FALSE(scheduler::is_release_task(plan, plan::StepId{0}, 0));
  CHECK_FALSE(scheduler::is_release_task(plan, plan::StepId{1}, 0));
  CHECK(scheduler::is_release_task(plan, plan::StepId{1}, 1));
  CHECK_FALSE(scheduler::is_release_task(plan, plan::StepId{1}, 2));
  CHECK(scheduler::is_release_task(test::tiny_plan("Warm on w1..w2: look"), plan::StepId{0}, 0));
}

TEST_CASE("slack is how long a step may grow, and busy what its slots were used for") {
  const plan::Plan plan = test::tiny_plan(
      "A on a1..a3, window 2: x, takes 10\nB on b1, with previous: y, takes 5\n"
      "C on c1: z, takes 3");
  // A: 0 to 20, its second slot idle from 10 on; B: 0 to 5; C: 20 to 23.
  const auto rows = scheduler::slack_of(plan, simulated(plan));
  CHECK(rows[0] == scheduler::StepSlack{base::Duration{0}, {30}, {40}, 2});
  CHECK(rows[1] == scheduler::StepSlack{base::Duration{15}, {5}, {5}, 1});
  CHECK(rows[2] == scheduler::StepSlack{base::Duration{0}, {3}, {3}, 1});
}

TEST_CASE("a step that never began has no slack") {
  const plan::Plan plan = test::tiny_plan("A on a1: x, takes 10\nB on b1: y, takes 5");
  const auto rows = scheduler::slack_of(plan, simulated(plan, failing(0, 0)));
  CHECK(rows[0].slack == base::Duration{0});
  CHECK_FALSE(rows[1].slack.has_value());
}
