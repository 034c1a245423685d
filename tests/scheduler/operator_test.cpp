// The operator's words: pause, continue and abort; and what waits for ever.
#include <catch2/catch.hpp>

#include "scheduler/timeline.h"
#include "support/script.h"
#include "support/tiny_plan.h"

using namespace sluice;
using test::check_script;
using test::check_starts;
using test::tiny_plan;

TEST_CASE("in a pause no target begins, and those begun go through") {
  check_starts("U on a b c, window 1: x, retry 1 every 5; y", R"(
    0:            -> start U/x@a
    5: pause      ->
   10: fail U/x@a -> pause U/x@a at 15
   15: over U/x@a -> start U/x@a#2
   20: done U/x@a -> start U/y@a
   30: done U/y@a ->
   50: continue   -> start U/x@b
  )");
}

TEST_CASE("in a pause no step begins") {
  check_script("A on a\nB on a", R"(
    0:           -> step A began, lane A@a began, start A@a
    5: pause     ->
   10: done A@a  -> task A@a succeeded, lane A@a succeeded, step A succeeded
   20: continue  -> step B began, lane B@a began, start B@a
  )");
}

TEST_CASE("a pause does not keep what is not run from being skipped, nor the end") {
  check_starts("A on a\nB, failure\nC on a, disabled", R"(
    0:          -> start A@a
    5: pause    ->
   10: done A@a -> step A succeeded, step B skipped (without failure), step C skipped (disabled),
                   deployment succeeded
  )");
}

TEST_CASE("a pause from the start lets nothing begin") {
  check_starts("A on a", R"(
    0: pause    ->
    9: continue -> start A@a
  )");
}

TEST_CASE("pause and continue at one instant leave the run going") {
  check_starts("A on a b, window 1", R"(
    0:                          -> start A@a
   10: continue, pause, done A@a -> start A@b
  )");
}

TEST_CASE("a failure in a pause counts when the run goes on") {
  check_starts("U on a b c, window 2", R"(
    0:           -> start U@a, start U@b
    5: pause     ->
   10: fail U@a  ->
   20: continue  ->
   30: done U@b  -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("an abort cancels what runs; lanes run what is when always, then steps do") {
  check_script("U on a b c, window 2: x; y; back, always\nB on a\nReport, always", R"(
    0:                 -> step U began, lane U@a began, start U/x@a, lane U@b began, start U/x@b
   10: done U/x@a      -> task U/x@a succeeded, start U/y@a
   15: abort           -> cancel U/y@a, cancel U/x@b
   16: cancelled U/y@a -> task U/y@a cancelled (aborted), start U/back@a
   17: cancelled U/x@b -> task U/x@b cancelled (aborted), task U/y@b skipped (aborted),
                          start U/back@b
   20: done U/back@a   -> task U/back@a succeeded, lane U@a cancelled (aborted)
   30: done U/back@b   -> task U/back@b succeeded, lane U@b cancelled (aborted),
                          step U failed (aborted), step B skipped (aborted),
                          step Report began, lane Report@controller began,
                          start Report@controller
   40: done Report@controller -> task Report@controller succeeded,
                          lane Report@controller succeeded, step Report succeeded,
                          deployment aborted
  )");
}

TEST_CASE("an abort with nothing to clean ends as soon as what runs has ended") {
  check_starts("U on a b, window 1\nB", R"(
    0:               -> start U@a
    5: abort         -> cancel U@a
    6: cancelled U@a -> step U failed (aborted), step B skipped (aborted), deployment aborted
  )");
}

TEST_CASE("what comes through in spite of an abort has succeeded") {
  check_script("U on a b: x; y", R"(
    0:                       -> step U began, lane U@a began, start U/x@a, lane U@b began,
                                start U/x@b
    5: done U/x@b            -> task U/x@b succeeded, start U/y@b
   10: abort                 -> cancel U/x@a, cancel U/y@b
   11: done U/x@a, done U/y@b -> task U/x@a succeeded, task U/y@a skipped (aborted),
                                lane U@a cancelled (aborted),
                                task U/y@b succeeded, lane U@b succeeded,
                                step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("what fails for good in spite of an abort has failed") {
  check_script("U on a", R"(
    0:           -> step U began, lane U@a began, start U@a
   10: abort     -> cancel U@a
   11: fail U@a  -> task U@a failed, lane U@a failed, step U failed, deployment aborted
  )");
}

TEST_CASE("an abort leaves no attempt after the one it cancels") {
  check_script("U on a, retry 3", R"(
    0:           -> step U began, lane U@a began, start U@a
   10: abort     -> cancel U@a
   11: fail U@a  -> task U@a cancelled (aborted), lane U@a cancelled (aborted),
                    step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("an abort cuts the pause before a retry") {
  check_script("U on a: x, retry 3 every 60; back, always", R"(
    0:               -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a    -> pause U/x@a at 70
   20: abort         -> task U/x@a cancelled (aborted), start U/back@a
   30: done U/back@a -> task U/back@a succeeded, lane U@a cancelled (aborted),
                        step U failed (aborted), deployment aborted
   70: over U/x@a    ->
  )");
}

TEST_CASE("an abort at the instant of a failure leaves no further attempt") {
  check_starts("U on a, retry 3 every 60", R"(
    0:                  -> start U@a
   10: abort, fail U@a  -> step U failed (aborted), deployment aborted
  )");
  check_starts("U on a, retry 3", R"(
    0:                  -> start U@a
   10: abort, fail U@a  -> step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("an abort at the instant of an end keeps what follows from starting") {
  check_script("U on a b, window 1: x; y", R"(
    0:                   -> step U began, lane U@a began, start U/x@a
   10: abort, done U/x@a -> task U/x@a succeeded, task U/y@a skipped (aborted),
                            lane U@a cancelled (aborted), step U failed (aborted),
                            deployment aborted
  )");
}

TEST_CASE("an attempt that timed out before an abort has failed, and is cancelled once") {
  check_script("U on a, timeout 30", R"(
    0:               -> step U began, lane U@a began, start U@a, timeout U@a at 30
   30: timeout U@a   -> cancel U@a
   31: abort         ->
   32: cancelled U@a -> task U@a failed, lane U@a failed, step U failed, deployment aborted
  )");
  check_script("U on a, timeout 30, retry 1", R"(
    0:               -> step U began, lane U@a began, start U@a, timeout U@a at 30
   30: timeout U@a   -> cancel U@a
   31: abort         ->
   32: cancelled U@a -> task U@a cancelled (aborted), lane U@a cancelled (aborted),
                        step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("an abort and a timeout at one instant cancel an attempt once") {
  check_starts("U on a, timeout 30", R"(
    0:                    -> start U@a, timeout U@a at 30
   30: abort, timeout U@a -> cancel U@a
   31: cancelled U@a      -> step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("a condition that does not hold is the reason even after an abort") {
  check_script("U on a: x; mend, failure; y; fix, failure", R"(
    0:                 -> step U began, lane U@a began, start U/x@a
   10: abort           -> cancel U/x@a
   11: cancelled U/x@a -> task U/x@a cancelled (aborted), task U/mend@a skipped (without failure),
                          task U/y@a skipped (aborted), task U/fix@a skipped (without failure),
                          lane U@a cancelled (aborted), step U failed (aborted),
                          deployment aborted
  )");
  check_script("U on a: x; wait, always; mend, failure; y; back, always", R"(
    0:                  -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a       -> task U/x@a failed, start U/wait@a
   20: abort            -> cancel U/wait@a
   21: cancelled U/wait@a -> task U/wait@a cancelled (aborted), task U/mend@a skipped (aborted),
                          task U/y@a skipped (after failure), start U/back@a
   30: done U/back@a    -> task U/back@a succeeded, lane U@a failed, step U failed,
                          deployment aborted
  )");
}

TEST_CASE("a step that had halted before an abort says so") {
  check_starts("U on a b c, window 2: x; back, always",
               R"(
    0:                 -> start U/x@a, start U/x@b
   10: fail U/x@a      -> start U/back@a
   11: abort           -> cancel U/back@a, cancel U/x@b
   12: cancelled U/back@a, cancelled U/x@b -> start U/back@b
   13: done U/back@b   -> step U failed (halted), deployment aborted
  )");
}

TEST_CASE("steps when always begin after an abort and run all their child steps") {
  check_starts("U on a\nClean on a b, always, window 1: x; y\nAfter, failure\nLast, always", R"(
    0:                  -> start U@a
    5: abort            -> cancel U@a
    6: cancelled U@a    -> step U failed (aborted), start Clean/x@a
   10: done Clean/x@a   -> start Clean/y@a
   20: done Clean/y@a   -> start Clean/x@b
   30: done Clean/x@b   -> start Clean/y@b
   40: done Clean/y@b   -> step Clean succeeded, step After skipped (aborted),
                           start Last@controller
   50: done Last@controller -> step Last succeeded, deployment aborted
  )");
}

TEST_CASE("an abort also ends a step when always that it finds at work; another one the next") {
  check_starts("Clean on a b, always, window 1\nMore on a b, always, window 1\nLast, always", R"(
    0:                   -> start Clean@a
    5: abort             -> cancel Clean@a
    6: cancelled Clean@a -> step Clean failed (aborted), start More@a
   10: abort             -> cancel More@a
   11: cancelled More@a  -> step More failed (aborted), start Last@controller
  )");
}

TEST_CASE("an abort takes a pause back, and none can follow it") {
  check_starts("A on a\nB on a\nLast, always\nMore, always", R"(
    0:           -> start A@a
    5: pause     ->
   10: done A@a  -> step A succeeded
   20: abort     -> step B skipped (aborted), start Last@controller
   25: pause     ->
   30: done Last@controller -> step Last succeeded, start More@controller
  )");
  check_starts("A on a\nLast, always", R"(
    0:                -> start A@a
   10: pause, abort   -> cancel A@a
   11: cancelled A@a  -> step A failed (aborted), start Last@controller
  )");
}

TEST_CASE("a step when always that a pause kept from beginning begins with an abort") {
  check_starts("A on a\nLast, always", R"(
    0:           -> start A@a
    5: pause     ->
   10: done A@a  -> step A succeeded
   20: abort     -> start Last@controller
  )");
}

TEST_CASE("an abort ends a step all of whose targets were held back") {
  check_starts("A on a, timeout 9\nB on a, with previous\nLast, always", R"(
    0:                -> start A@a, timeout A@a at 9
    5: abort          -> step B failed (aborted), cancel A@a
    6: cancelled A@a  -> step A failed (aborted), start Last@controller
  )");
}

TEST_CASE("an abort before anything has begun skips all but what is when always") {
  check_starts("A on a\nB on b, with previous, always", R"(
    0: abort    -> step A skipped (aborted), start B@b
  )");
  check_starts("A on a, failure\nB on b, with previous, always", R"(
    0: abort    -> step A skipped (aborted), start B@b
  )");
}

TEST_CASE("an abort at the instant of the last end still is one") {
  check_starts("A on a", R"(
    0:                  -> start A@a
   10: abort, done A@a  -> step A succeeded, deployment aborted
  )");
}

TEST_CASE("what comes after the end is ignored") {
  check_starts("A on a, timeout 30", R"(
    0:                          -> start A@a, timeout A@a at 30
   10: done A@a                 -> step A succeeded, deployment succeeded
   20: pause, continue, abort   ->
   30: timeout A@a              ->
  )");
}

TEST_CASE("a target left out before an abort is told with its step alone") {
  check_starts("A on a b, tolerate 1\nB on a b", R"(
    0:                    -> start A@a, start A@b
    5: pause              ->
   10: fail A@a, done A@b -> step A degraded
   20: abort              -> step B skipped (aborted), deployment aborted
  )");
}

TEST_CASE("a step that nothing could ever admit fails once all else is at rest") {
  plan::Plan plan = tiny_plan("A on a\nB on a b, with previous\nC, always");
  plan.steps[plan::StepId{1}].window.value = 0;
  check_starts(plan, R"(
    0:                   -> start A@a
   10: done A@a          -> step A succeeded, step B failed (stuck), start C@controller
   20: done C@controller -> step C succeeded, deployment failed
  )");
}

TEST_CASE("a run that is paused is not stuck") {
  plan::Plan plan = tiny_plan("A on a");
  plan.steps[plan::StepId{0}].window.value = 0;
  check_starts(plan, R"(
    0: pause    ->
   10: continue -> step A failed (stuck), deployment failed
  )");
}

TEST_CASE("an abort and the deadline at one instant: what had not begun is named alike") {
  check_script("deadline 20\nU on a\nV on b after U", R"(
    0: pause           -> deadline at 20
   20: deadline, abort -> step U skipped (deadline), step V skipped (deadline), deployment aborted
  )");
}

TEST_CASE("while a question stands the time up to now is waited for people") {
  const plan::Plan plan = tiny_plan("A on a b, ask");
  scheduler::Scheduler scheduler(plan);
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Lanes);
  scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  builder.observe({0}, {}, commands);
  std::vector<scheduler::Event> events;
  for (const scheduler::Command& command : commands) {
    if (command.kind != scheduler::Command::Kind::StartAction) continue;
    scheduler::Event failed;
    failed.action = command.action;
    failed.outcome = scheduler::Outcome::Failed;
    events.push_back(failed);
  }
  REQUIRE(events.size() == 2);
  const auto fail = [&](base::Instant at, scheduler::Event event) {
    commands.clear();
    scheduler.apply(at, std::vector{event}, commands);
    builder.observe(at, std::vector{event}, commands);
  };
  fail({10}, events[0]);
  CHECK(builder.build({15}).waiting.ms == 0);  // the other one is at work
  fail({20}, events[1]);
  CHECK(builder.build({20}).waiting.ms == 0);
  CHECK(builder.build({90}).waiting.ms == 70);
}

TEST_CASE("what an operator says behind the end changes nothing that is told of it") {
  const plan::Plan plan = tiny_plan("A on a");
  scheduler::Scheduler scheduler(plan);
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Lanes);
  scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  builder.observe({0}, {}, commands);
  REQUIRE(builder.build({5}).outcome == scheduler::State::Running);
  scheduler::Event done;
  done.action = commands.back().action;
  commands.clear();
  scheduler.apply({10}, std::vector{done}, commands);
  builder.observe({10}, std::vector{done}, commands);
  REQUIRE(builder.build({10}).outcome == scheduler::State::Succeeded);
  using Kind = scheduler::Event::Kind;
  for (const Kind kind : {Kind::Pause, Kind::Continue, Kind::Abort}) {
    scheduler::Event said;
    said.kind = kind;
    builder.observe({20}, std::vector{said}, {});
    CHECK(builder.build({20}).outcome == scheduler::State::Succeeded);
    CHECK(builder.build({20}).duration.ms == 10);
  }
}
