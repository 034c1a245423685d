// Which steps wait for which, and which are run at all.
#include <catch2/catch.hpp>

#include "support/script.h"
#include "support/tiny_plan.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a plain step waits for the end of every step above it") {
  check_starts("A\nB, with previous\nC", R"(
    0:                   -> start A@controller, start B@controller
   10: done B@controller -> step B succeeded
   20: done A@controller -> step A succeeded, start C@controller
  )");
}

TEST_CASE("a step with previous waits for what the step above it waits for") {
  check_starts("A\nB\nC, with previous\nD, with previous", R"(
    0:                   -> start A@controller
   10: done A@controller -> step A succeeded, start B@controller, start C@controller,
                            start D@controller
  )");
}

TEST_CASE("a step after others waits for those alone") {
  check_starts("A\nB, with previous\nC, after A\nD", R"(
    0:                   -> start A@controller, start B@controller
    5: done A@controller -> step A succeeded, start C@controller
   10: done C@controller -> step C succeeded
   20: done B@controller -> step B succeeded, start D@controller
  )");
}

TEST_CASE("a step may wait for one that stands below it") {
  check_starts("A\nB, after D\nC, after A\nD, after A", R"(
    0:                   -> start A@controller
   10: done A@controller -> step A succeeded, start C@controller, start D@controller
   20: done D@controller -> step D succeeded, start B@controller
  )");
}

TEST_CASE("parallel steps begin in the order of the file") {
  check_script("A on a\nB on b, with previous", R"(
    0: -> step A began, lane A@a began, start A@a, step B began, lane B@b began, start B@b
  )");
}

TEST_CASE("a plain step waits for a step whatever its end") {
  check_starts("A on a\nB, always", R"(
    0:          -> start A@a
   10: fail A@a -> step A failed, start B@controller
  )");
}

TEST_CASE("a step is skipped after a failure, and says whose") {
  check_script("A on a\nB on a", R"(
    0:          -> step A began, lane A@a began, start A@a
   10: fail A@a -> task A@a failed, lane A@a failed, step A failed,
                   step B skipped (after failure by A), deployment failed
  )");
}

TEST_CASE("a skipped step has not failed, but what it waited for has, for those below too") {
  check_starts("A on a\nB on b\nC on c\nD, failure\nE, always", R"(
    0:                   -> start A@a
   10: fail A@a          -> step A failed, step B skipped (after failure by A),
                            step C skipped (after failure by A), start D@controller
   20: done D@controller -> step D succeeded, start E@controller
   30: done E@controller -> step E succeeded, deployment failed
  )");
}

TEST_CASE("a step when failure is skipped where nothing failed") {
  check_starts("A on a\nB, failure\nC", R"(
    0:          -> start A@a
   10: done A@a -> step A succeeded, step B skipped (without failure), start C@controller
  )");
}

TEST_CASE("a degraded step has not failed") {
  check_starts("A on a b, tolerate 1\nB, failure\nC", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A degraded, step B skipped (without failure), start C@controller
   20: done C@controller  -> step C succeeded, deployment degraded
  )");
}

TEST_CASE("conditions look only at the steps waited for") {
  // B fails first, but C waits for A alone.
  check_starts("A\nB, with previous\nC, after A\nD, after B", R"(
    0:                   -> start A@controller, start B@controller
    5: fail B@controller -> step B failed, step D skipped (after failure by B)
   10: done A@controller -> step A succeeded, start C@controller
   20: done C@controller -> step C succeeded, deployment failed
  )");
}

TEST_CASE("the cause is the first step in the file that failed, whenever it did") {
  check_starts("A\nB, with previous\nC", R"(
    0:                   -> start A@controller, start B@controller
    5: fail B@controller -> step B failed
   10: fail A@controller -> step A failed, step C skipped (after failure by A), deployment failed
  )");
}

TEST_CASE("a disabled step is skipped, and what waits for it goes on") {
  check_starts("A on a, disabled\nB", R"(
    0: -> step A skipped (disabled), start B@controller
  )");
}

TEST_CASE("what the file says is the reason before what happened") {
  check_starts("A on a\nB on a, disabled\nC on, optional", R"(
    0:          -> start A@a
   10: fail A@a -> step A failed, step B skipped (disabled), step C skipped (no targets),
                   deployment failed
  )");
}

TEST_CASE("all steps skipped is a success") {
  check_starts("A on a, disabled\nB, failure", R"(
    0: -> step A skipped (disabled), step B skipped (without failure), deployment succeeded
  )");
}

TEST_CASE("a step that waits for several knows of the failures of all") {
  check_starts("A\nB, with previous\nC, with previous\nD, after A B\nE, after B C\nF, after D E",
               R"(
    0:                   -> start A@controller, start B@controller, start C@controller
    1: done A@controller -> step A succeeded
    2: done B@controller -> step B succeeded, start D@controller
    3: fail C@controller -> step C failed, step E skipped (after failure by C)
    4: done D@controller -> step D succeeded, step F skipped (after failure by C),
                            deployment failed
  )");
}

TEST_CASE("a hundred thousand skipped steps settle in one instant") {
  sluice::plan::Plan many = sluice::test::tiny_plan("First on a");
  const auto again = many.steps[sluice::plan::StepId{0}];
  for (std::uint32_t step = 1; step <= 100'000; ++step) {
    sluice::plan::Join join;
    join.steps = {sluice::plan::StepId{step - 1}};
    auto next = again;
    next.join = many.joins.add(join);
    many.steps.add(next);
  }
  sluice::scheduler::Scheduler scheduler(many);
  sluice::scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  REQUIRE(commands.size() == 3);
  sluice::scheduler::Event failed;
  failed.action = commands[2].action;
  failed.outcome = sluice::scheduler::Outcome::Failed;
  scheduler.apply({10}, {&failed, 1}, commands);
  CHECK(scheduler.state() == sluice::scheduler::State::Failed);
  CHECK(commands.size() == 3 + 100'000 + 1);
  CHECK(commands[100'002].reason == sluice::scheduler::Reason::AfterFailure);
  CHECK(commands[100'002].cause == sluice::plan::StepId{0});
}
