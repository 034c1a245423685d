// `--fail STEP[/CHILD]@TARGET[:N]`: every reading of a text, and what is refused.
#include <catch2/catch.hpp>

#include "simulator/what_if.h"
#include "support/tiny_plan.h"

using namespace sluice;
using simulator::Failure;

namespace {

// Update (leave, deploy) on a, b:2, c; Migrate on db; Tell on the controller. Names with `/`, `@`
// and `:` are put in by hand.
plan::Plan farm() {
  plan::Plan plan = test::tiny_plan(
      "Migrate on db\n"
      "Update on a b c, window 1: leave; deploy\n"
      "Restart on a b: leave; start\n"
      "Tell");
  return plan;
}

simulator::FailureRequest parsed(const plan::Plan& plan, std::string_view text) {
  INFO(text);
  const auto request = simulator::parse_failure(plan, text);
  INFO((request.ok() ? std::string() : request.error().message));
  REQUIRE(request.ok());
  return request.value();
}

std::string refused(const plan::Plan& plan, std::string_view text) {
  INFO(text);
  const auto request = simulator::parse_failure(plan, text);
  REQUIRE_FALSE(request.ok());
  return request.error().message;
}

Failure failure(std::uint32_t step, std::uint32_t task, std::uint32_t lane,
                std::uint32_t attempts = Failure::all) {
  Failure made;
  made.step = plan::StepId{step};
  made.task = task;
  made.lane = lane;
  made.attempts = attempts;
  return made;
}

}  // namespace

TEST_CASE("a step without child steps is named alone, a child step with its step or without") {
  const plan::Plan plan = farm();
  CHECK(parsed(plan, "Migrate@db").failures == std::vector{failure(0, 0, 0)});
  CHECK(parsed(plan, "Update/deploy@b").failures == std::vector{failure(1, 1, 1)});
  CHECK(parsed(plan, "deploy@c").failures == std::vector{failure(1, 1, 2)});
  CHECK(parsed(plan, "Tell@controller").failures == std::vector{failure(3, 0, 0)});
}

TEST_CASE("a count at the end is the number of attempts that fail") {
  const plan::Plan plan = farm();
  CHECK(parsed(plan, "Update/deploy@b:2").failures == std::vector{failure(1, 1, 1, 2)});
  CHECK(refused(plan, "Update/deploy@b:0") ==
        "`Update/deploy@b:0`: that step does not work on such a target");
}

TEST_CASE("any fails the action wherever it runs, each gives one failure a target") {
  const plan::Plan plan = farm();
  Failure everywhere = failure(1, 1, 0);
  everywhere.every_lane = true;
  CHECK(parsed(plan, "deploy@any").failures == std::vector{everywhere});
  CHECK_FALSE(parsed(plan, "deploy@any").each);
  const simulator::FailureRequest each = parsed(plan, "deploy@each:1");
  CHECK(each.each);
  CHECK(each.failures ==
        std::vector{failure(1, 1, 0, 1), failure(1, 1, 1, 1), failure(1, 1, 2, 1)});
}

TEST_CASE("what fits nothing or two things is refused with the reason") {
  const plan::Plan plan = farm();
  CHECK(refused(plan, "Update") ==
        "`Update` names no target: write STEP@TARGET, STEP@any or STEP@each");
  CHECK(refused(plan, "Update@a") ==
        "`Update` has child steps; say which one fails: `Update/leave` `Update/deploy`");
  CHECK(refused(plan, "Deploy@a") == "`Deploy@a`: there is no such step");
  CHECK(refused(plan, "Migrate@a") == "`Migrate@a`: that step does not work on such a target");
  CHECK(refused(plan, "leave@a") ==
        "`leave@a` fits 2 things: `Update/leave` on `a`; `Restart/leave` on `a`: "
        "say STEP/CHILD in full");
}

TEST_CASE("names may hold what separates them, and are matched exactly") {
  plan::Plan plan = test::tiny_plan("A on x y\nB on x");
  plan.steps[plan::StepId{0}].name = plan.steps[plan::StepId{0}].tasks[0].name = "copy/x@y";
  CHECK(parsed(plan, "copy/x@y@y").failures == std::vector{failure(0, 0, 1)});
  CHECK(refused(plan, "copy/x@y") == "`copy/x@y`: there is no such step");
}

TEST_CASE("a slowdown names a factor, an action or a whole step, and a target or any") {
  const plan::Plan plan = farm();
  const auto slow = [&](std::string_view text) {
    const auto parsed = simulator::parse_slowdown(plan, text);
    INFO(text << ": " << (parsed.ok() ? std::string() : parsed.error().message));
    REQUIRE(parsed.ok());
    return parsed.value();
  };
  const auto wrong = [&](std::string_view text) {
    const auto parsed = simulator::parse_slowdown(plan, text);
    REQUIRE_FALSE(parsed.ok());
    return parsed.error().message;
  };
  using simulator::Slowdown;
  CHECK(slow("Update/deploy@b=3x") ==
        Slowdown{.step = plan::StepId{1}, .task = 1, .lane = 1, .factor = {3'000'000}});
  CHECK(slow("Update@c=1.5x") ==
        Slowdown{.step = plan::StepId{1}, .lane = 2, .factor = {1'500'000}});
  CHECK(slow("Migrate@any=0.5x") ==
        Slowdown{.step = plan::StepId{0}, .task = 0, .every_lane = true, .factor = {500'000}});
  CHECK(wrong("Update@b") == "`Update@b` says no factor: write STEP@TARGET=3x");
  for (const std::string_view text : {"Update@b=3", "Update@b=x", "Update@b=0x", "Update@b=-1x",
                                      "Update@b=1.x", "Update@b=1.2345678x", "Update@b=1e3x"}) {
    CHECK(wrong(text).ends_with("says no factor: write STEP@TARGET=3x"));
  }
  CHECK(wrong("Update@db=2x") == "`Update@db`: that step does not work on such a target");
  CHECK(wrong("Update@each=2x") == "`Update@each`: that step does not work on such a target");
}

TEST_CASE("a target is named exactly") {
  const plan::Plan plan = farm();
  const auto found = simulator::parse_target(plan, "b");
  REQUIRE(found.ok());
  CHECK(plan.targets.name(found.value()) == "b");
  CHECK(simulator::parse_target(plan, "B").error().message == "`B`: there is no such target");
}
