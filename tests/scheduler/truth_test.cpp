// `when EXPRESSION`: of steps, of their lanes and of child steps; worked out here or by the driver.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a condition that is known leaves its step out or not") {
  check_starts("A on a, if false\nB on a, if true\nC", R"(
    0: -> step A skipped (condition), start B@a
  )");
}

TEST_CASE("a condition over properties is asked for each target, and never begins the others") {
  check_script("property old: a c, not b d\nU on a b c d, window 1, if old\nB on b d, if old", R"(
    0:          -> step U began, lane U@b left out: skipped (condition),
                   lane U@d left out: skipped (condition), lane U@a began, start U@a
    1: done U@a -> task U@a succeeded, lane U@a succeeded, lane U@c began, start U@c
    2: done U@c -> task U@c succeeded, lane U@c succeeded, step U succeeded,
                   lane B@b left out: skipped (condition), lane B@d left out: skipped (condition),
                   step B skipped (condition), deployment succeeded
  )");
}

TEST_CASE("a target without the property that its condition reads has failed") {
  check_script("property old: a\nU on a b c, window 1, if old: x; y, always", R"(
    0:            -> step U began, lane U@a began, start U/x@a
    1: done U/x@a -> task U/x@a succeeded, start U/y@a
    2: done U/y@a -> task U/y@a succeeded, lane U@a succeeded, lane U@b began,
                     task U/x@b skipped (not known), task U/y@b skipped (not known),
                     lane U@b failed (not known), step U failed (halted), deployment failed
  )");
}

TEST_CASE("a target that failed before is left out for that, whatever its condition says") {
  check_starts("property old: a, not b c\nA on a b, tolerate 2\nB on a b c, if old", R"(
    0:                    -> start A@a, start A@b
    1: fail A@a, fail A@b -> step A degraded, lane B@a left out: skipped (failed before by A),
                             lane B@b left out: skipped (failed before by A),
                             lane B@c left out: skipped (condition),
                             step B skipped (after failure by A), deployment degraded
  )");
}

TEST_CASE("a child step's condition is asked on each target") {
  check_script("property old: a, not b\nU on a b: x, if old; y", R"(
    0:            -> step U began, lane U@a began, start U/x@a,
                     lane U@b began, task U/x@b skipped (condition), start U/y@b
  )");
  check_script("property old: a\nU on b: x, if old; y; z, always", R"(
    0:            -> step U began, lane U@b began, task U/x@b failed (not known),
                     task U/y@b skipped (after failure), start U/z@b
  )");
  check_starts("property old: a\nU on b: x, if old, ignore; y", R"(
    0:            -> start U/y@b
    1: done U/y@b -> step U degraded, deployment degraded
  )");
}

TEST_CASE("a condition that reads an output is asked of the driver, once for the step") {
  check_script("A\nB on a b, if output A ok once\nC", R"(
    0:                   -> step A began, lane A@controller began, start A@controller
    1: done A@controller -> task A@controller succeeded, lane A@controller succeeded,
                            step A succeeded, evaluate B
    1: true B            -> step B began, lane B@a began, start B@a, lane B@b began, start B@b
    2: done B@a          -> task B@a succeeded, lane B@a succeeded
  )");
  check_starts("A\nB on a b, if output A ok once\nC", R"(
    0:                   -> start A@controller
    1: done A@controller -> step A succeeded, evaluate B
    2: false B           -> step B skipped (condition), start C@controller
  )");
  check_script("A\nB on a b, if output A ok once\nC, failure", R"(
    0:                   -> step A began, lane A@controller began, start A@controller
    1: done A@controller -> task A@controller succeeded, lane A@controller succeeded,
                            step A succeeded, evaluate B
    1: unknown B         -> step B began, step B failed (not known), step C began,
                            lane C@controller began, start C@controller
  )");
}

TEST_CASE("a condition that reads its target's output is asked for each lane, in its slot") {
  check_script("A on a b\nB on a b c, window 1, if output A ok", R"(
    0:                    -> step A began, lane A@a began, start A@a, lane A@b began, start A@b
    1: done A@a, done A@b -> task A@a succeeded, lane A@a succeeded, task A@b succeeded,
                             lane A@b succeeded, step A succeeded, step B began, lane B@a began,
                             evaluate B@a
    1: false B@a          -> task B@a skipped (condition), lane B@a skipped (condition),
                             lane B@b began, evaluate B@b
    1: true B@b           -> start B@b
    3: done B@b           -> task B@b succeeded, lane B@b succeeded, lane B@c began, evaluate B@c
    3: unknown B@c        -> task B@c skipped (not known), lane B@c failed (not known),
                             step B failed, deployment failed
  )");
  check_starts("A on a b\nB on a b, if output A ok\nC", R"(
    0:                      -> start A@a, start A@b
    1: done A@a, done A@b   -> step A succeeded, evaluate B@a, evaluate B@b
    1: false B@a, false B@b -> step B skipped (condition), start C@controller
  )");
}

TEST_CASE("a child step's condition may read what an earlier one wrote") {
  check_script("U on a: look; mend, if output U bad; end", R"(
    0:               -> step U began, lane U@a began, start U/look@a
    1: done U/look@a -> task U/look@a succeeded, evaluate U/mend@a
    1: false U/mend@a -> task U/mend@a skipped (condition), start U/end@a
  )");
  check_starts("U on a, ask: look; mend, if output U bad", R"(
    0:                  -> start U/look@a
    1: done U/look@a    -> evaluate U/mend@a
    1: unknown U/mend@a -> ask U/mend@a
    5: retry U/mend@a   -> evaluate U/mend@a
    5: true U/mend@a    -> start U/mend@a
  )");
}

TEST_CASE("conditions of success and failure come first, and nothing is asked then") {
  check_starts(
      "A\nB, if output A ok once\nC, failure, if output A ok once\nD, always, if output A ok once",
      R"(
    0:                   -> start A@controller
    1: fail A@controller -> step A failed, step B skipped (after failure by A), evaluate C
    1: false C           -> step C skipped (condition), evaluate D
    2: true D            -> start D@controller
  )");
}

TEST_CASE("an abort while a condition is worked out") {
  check_starts("A\nB, if output A ok once\nC, always, if output A ok once", R"(
    0:                   -> start A@controller
    1: done A@controller -> step A succeeded, evaluate B
    2: abort             -> step B skipped (aborted), evaluate C
    3: true B            ->
    4: true C            -> start C@controller
  )");
  check_script("U on a: look; mend, if output U bad; end, always", R"(
    0:               -> step U began, lane U@a began, start U/look@a
    1: done U/look@a -> task U/look@a succeeded, evaluate U/mend@a
    2: abort         ->
    3: true U/mend@a -> task U/mend@a skipped (aborted), start U/end@a
  )");
}

TEST_CASE("a pause holds back a step whose condition holds, or that nobody could tell") {
  check_starts("A\nB, if output A ok once", R"(
    0:                          -> start A@controller
    1: done A@controller, pause -> step A succeeded, evaluate B
    2: unknown B                ->
    3: continue                 -> step B failed (not known), deployment failed
  )");
}

TEST_CASE("the census does not ask where the work was not needed") {
  check_starts("property old: a, not b\nU on a b, if old, verify", R"(
    0:                 -> lane U@b left out: skipped (condition), start U@a
    1: done U@a        -> start U.verify@a
    2: done U.verify@a -> step U succeeded, start U.census@a
    3: done U.census@a -> deployment succeeded
  )");
  check_starts("property old: a, not b\nU on a b: x, if old, verify; y", R"(
    0:                            -> start U/x@a, start U/y@b
    1: done U/x@a, done U/y@b     -> start U/x.verify@a
    2: done U/x.verify@a          -> start U/y@a
    3: done U/y@a                 -> step U succeeded, start U/x.census@a
  )");
}
