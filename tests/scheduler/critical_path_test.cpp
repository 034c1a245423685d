// What bounds the duration: paths worked out by hand, through windows, batches, gates, values of
// `by`, pauses between begins, lockstep and limits over several steps.
#include "scheduler/critical_path.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "scheduler/work.h"
#include "simulator/simulator.h"
#include "support/lengths.h"
#include "support/tiny_plan.h"

using namespace sluice;

namespace {

// "x@a 0 10, y@a 10 15"
std::string path_of(const plan::Plan& plan, const simulator::Settings& settings = {}) {
  const auto prediction = simulator::simulate(plan, settings);
  REQUIRE(prediction.ok());
  std::string text;
  for (const scheduler::PathPart& part : prediction.value().timeline.critical_path) {
    if (!text.empty()) text += ", ";
    scheduler::Action action;
    action.step = part.step;
    action.lane = part.lane;
    action.task = part.task;
    action.part = part.part;
    text += fmt::format("{}@{} {} {}", scheduler::part_name(plan, action),
                        plan::lane_name(plan, part.step, part.lane), part.start.ms, part.end.ms);
  }
  return text;
}

std::string path_of(std::string_view text) {
  return path_of(test::tiny_plan(text));
}

}  // namespace

TEST_CASE("a path goes back through the lanes that freed a slot, and through steps") {
  // Two at once: a and b to 15, c to 30; then the report.
  CHECK(path_of("Update on a b c, window 2: x, takes 10; y, takes 5\nReport: r, takes 7") ==
        "x@a 0 10, y@a 10 15, x@c 15 25, y@c 25 30, r@controller 30 37");
}

TEST_CASE("of two steps side by side the longer one bounds") {
  CHECK(path_of("A on a: x, takes 10\nB on b, with previous: y, takes 12\nC on c: z, takes 3") ==
        "y@b 0 12, z@c 12 15");
  CHECK(path_of("A on a: x, takes 10\nB on b: y, takes 12\nC on c, after A: z, takes 30") ==
        "x@a 0 10, z@c 10 40");
}

TEST_CASE("retries and their pauses are part of the path") {
  plan::Plan plan = test::tiny_plan("A on a: x, takes 10, retry 2 every 5\nB on a: y, takes 3");
  simulator::Settings settings;
  settings.failures.push_back({plan::StepId{0}, 0, 0, false, 1});
  CHECK(path_of(plan, settings) == "x@a 0 25, y@a 25 28");
}

TEST_CASE("a step that has to wait for its target follows the step that held it") {
  CHECK(path_of("A on a: x, takes 10\nB on a, with previous: y, takes 4") == "x@a 0 10, y@a 10 14");
}

TEST_CASE("a batch is released by the last of the batch before") {
  CHECK(path_of("Update on a b c d, batches 2: x, takes 10; y, takes 5") ==
        "x@a 0 10, y@a 10 15, x@c 15 25, y@c 25 30");
}

TEST_CASE("of a batch of different lengths the longest is on the path") {
  plan::Plan plan = test::tiny_plan("Update on a b c d, batches 2: x");
  test::set_lengths(plan, {10, 30, 20, 5});
  CHECK(path_of(plan) == "x@b 0 30, x@c 30 50");
}

TEST_CASE("a gate stands between its batches on the path") {
  CHECK(path_of("Update on a b c d, batches 2: x, takes 10\n- Look, takes 4") ==
        "x@a 0 10, Look@controller 10 14, x@c 14 24");
}

TEST_CASE("the next value of `by` is released by the last lane of the one before") {
  plan::Plan plan =
      test::tiny_plan("! zone eu: a b\n! zone us: c d\nUpdate on a b c d, window 2, by zone: x");
  test::set_lengths(plan, {10, 25, 20, 5});
  CHECK(path_of(plan) == "x@b 0 25, x@c 25 45");
}

TEST_CASE("a pause between two begins is bridged by the lane that began before") {
  // Begins at 0, 20, 40 though each takes but 10: the path is as long as the pauses.
  CHECK(path_of("Update on a b c, stagger 20: x, takes 10") == "x@a 0 10, x@b 20 30, x@c 40 50");
  // Each takes longer than the pause: of the one before, what lies before the next begin.
  CHECK(path_of("Update on a b c, stagger 20: x, takes 50") == "x@a 0 20, x@b 20 40, x@c 40 90");
}

TEST_CASE("where the window and not the pause holds a lane back, the path goes through it") {
  // Window 2, pause 5: a from 0, b from 5, c when a ends.
  CHECK(path_of("Update on a b c, window 2, stagger 5: x, takes 50") == "x@a 0 50, x@c 50 100");
}

TEST_CASE("in lockstep the path goes on with the lane that was waited for") {
  // a waits for b's x until 30; its own y then ends last.
  plan::Plan plan = test::tiny_plan("Update on a b, batches 2, lockstep: x; y, takes 4");
  test::set_lengths(plan, {10, 30});
  CHECK(path_of(plan) == "x@b 0 30, y@a 30 34");
}

TEST_CASE("pieces are on the path of who waited for them") {
  CHECK(path_of("! resource license 1\n"
                "Update on a b: x, takes 10, uses 1 license; y, takes 3") ==
        "x@a 0 10, x@b 10 20, y@b 20 23");
}

TEST_CASE("a limit over several steps is on the path of who waited for a place") {
  CHECK(path_of("! at most 1\nA on a: x, takes 10\nB on b, with previous: y, takes 4") ==
        "x@a 0 10, y@b 10 14");
}

TEST_CASE("a contract is on the path of who waited for it") {
  CHECK(path_of("! role web: a b\n! require unavailable web <= 1\n"
                "Update on a b: x, takes 10, interrupts") == "x@a 0 10, x@b 10 20");
}

TEST_CASE("a window of groups is on the path of who waited for a place of its group") {
  CHECK(path_of("! zone eu: a b\n! zone us: c\nUpdate on a b c, 1 per zone: x, takes 10") ==
        "x@a 0 10, x@b 10 20");
}
