// What a failure means for its target, its step and the steps below.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a failed target's later child steps are skipped but those that are when always") {
  check_script("U on a: x; y; clean, always; z", R"(
    0:                 -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a      -> task U/x@a failed, task U/y@a skipped (after failure), start U/clean@a
   20: done U/clean@a  -> task U/clean@a succeeded, task U/z@a skipped (after failure),
                          lane U@a failed, step U failed, deployment failed
  )");
}

TEST_CASE("a child step when failure runs only on a target that has failed") {
  check_script("U on a b: x; mend, failure; y", R"(
    0:                         -> step U began, lane U@a began, start U/x@a,
                                  lane U@b began, start U/x@b
   10: fail U/x@a, done U/x@b  -> task U/x@a failed, task U/x@b succeeded,
                                  task U/mend@b skipped (without failure),
                                  start U/mend@a, start U/y@b
   20: done U/mend@a           -> task U/mend@a succeeded, task U/y@a skipped (after failure),
                                  lane U@a failed
   30: done U/y@b              -> task U/y@b succeeded, lane U@b succeeded, step U failed,
                                  deployment failed
  )");
}

TEST_CASE("a disabled child step is skipped") {
  check_script("U on a: x; y, disabled; z", R"(
    0:            -> step U began, lane U@a began, start U/x@a
   10: done U/x@a -> task U/x@a succeeded, task U/y@a skipped (disabled), start U/z@a
  )");
}

TEST_CASE("more failures than tolerated: no new target begins, and those begun go to their end") {
  check_starts("U on a b c d, window 2: x; y", R"(
    0:            -> start U/x@a, start U/x@b
   10: fail U/x@a ->
   20: done U/x@b -> start U/y@b
   30: done U/y@b -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("a failure counts at its instant, though its target goes on cleaning in its slot") {
  // b's end makes room, but a has failed for good by then.
  check_starts("U on a b c, window 2: x; clean, always", R"(
    0:                -> start U/x@a, start U/x@b
   10: fail U/x@a     -> start U/clean@a
   15: done U/x@b     -> start U/clean@b
   20: done U/clean@b ->
   30: done U/clean@a -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("the tolerated number of failures may be reached, and one more fails the step") {
  check_starts("U on a b c d, window 1, tolerate 1", R"(
    0:          -> start U@a
   10: fail U@a -> start U@b
   20: done U@b -> start U@c
   30: done U@c -> start U@d
   40: done U@d -> step U degraded, deployment degraded
  )");
  check_starts("U on a b c d, window 1, tolerate 1", R"(
    0:          -> start U@a
   10: fail U@a -> start U@b
   20: fail U@b -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("all may fail where as many are tolerated") {
  check_starts("U on a b, tolerate 2", R"(
    0:                    -> start U@a, start U@b
   10: fail U@a, fail U@b -> step U degraded, deployment degraded
  )");
}

TEST_CASE("on failure continue goes on to the last target, and the step has failed") {
  check_starts("U on a b c, window 1, continue\nB\nC, failure", R"(
    0:                   -> start U@a
   10: fail U@a          -> start U@b
   20: done U@b          -> start U@c
   30: done U@c          -> step U failed, step B skipped (after failure by U), start C@controller
   40: done C@controller -> step C succeeded, deployment failed
  )");
}

TEST_CASE("steps beside one that halts go on to their end") {
  check_starts("A on a b, window 1\nB on c d, window 1, with previous", R"(
    0:          -> start A@a, start B@c
   10: fail A@a -> step A failed (halted)
   20: done B@c -> start B@d
   30: done B@d -> step B succeeded, deployment failed
  )");
}

TEST_CASE("a lane counts as failed once, however many of its child steps fail") {
  check_starts("U on a b, window 1, tolerate 1: x; clean, always; more, always", R"(
    0:                -> start U/x@a
   10: fail U/x@a     -> start U/clean@a
   20: fail U/clean@a -> start U/more@a
   30: fail U/more@a  -> start U/x@b
   40: done U/x@b     -> start U/clean@b
   50: done U/clean@b -> start U/more@b
   60: done U/more@b  -> step U degraded, deployment degraded
  )");
}

TEST_CASE("the failure of a child step when always fails its target") {
  check_script("U on a: x; clean, always; y; last, always", R"(
    0:                -> step U began, lane U@a began, start U/x@a
   10: done U/x@a     -> task U/x@a succeeded, start U/clean@a
   20: fail U/clean@a -> task U/clean@a failed, task U/y@a skipped (after failure),
                         start U/last@a
   30: done U/last@a  -> task U/last@a succeeded, lane U@a failed, step U failed,
                         deployment failed
  )");
}

TEST_CASE("an ignored failure degrades its target, which goes on as after a success") {
  check_script("U on a b, window 1: x, ignore; y; mend, failure", R"(
    0:            -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a -> task U/x@a failed, start U/y@a
   20: done U/y@a -> task U/y@a succeeded, task U/mend@a skipped (without failure),
                     lane U@a degraded, lane U@b began, start U/x@b
   30: done U/x@b -> task U/x@b succeeded, start U/y@b
   40: done U/y@b -> task U/y@b succeeded, task U/mend@b skipped (without failure),
                     lane U@b succeeded, step U degraded, deployment degraded
  )");
}

TEST_CASE("a target whose failure was ignored takes part in the steps below") {
  check_starts("U on a, ignore\nB on a", R"(
    0:          -> start U@a
   10: fail U@a -> step U degraded, start B@a
  )");
}

TEST_CASE("a failure that counts outweighs one that was ignored") {
  check_script("U on a: x, ignore; y", R"(
    0:            -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a -> task U/x@a failed, start U/y@a
   20: fail U/y@a -> task U/y@a failed, lane U@a failed, step U failed, deployment failed
  )");
}

TEST_CASE("the deployment is the worst of its steps") {
  check_starts("A on a b, tolerate 1\nB on b\nC, always", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A degraded, start B@b
   20: fail B@b           -> step B failed, start C@controller
   30: done C@controller  -> step C succeeded, deployment failed
  )");
  check_starts("A on a\nC, always, ignore", R"(
    0:                   -> start A@a
   10: fail A@a          -> step A failed, start C@controller
   20: fail C@controller -> step C degraded, deployment failed
  )");
}

TEST_CASE("a target that failed takes no part in the steps that wait for that one") {
  check_script("A on a b c, tolerate 1\nB on a b c, window 2", R"(
    0:                    -> step A began, lane A@a began, start A@a, lane A@b began, start A@b,
                             lane A@c began, start A@c
   10: fail A@b, done A@a -> task A@a succeeded, lane A@a succeeded, task A@b failed,
                             lane A@b failed
   20: done A@c           -> task A@c succeeded, lane A@c succeeded, step A degraded,
                             step B began, lane B@b left out: skipped (failed before by A),
                             lane B@a began, start B@a, lane B@c began, start B@c
   30: done B@a, done B@c -> task B@a succeeded, lane B@a succeeded, task B@c succeeded,
                             lane B@c succeeded, step B succeeded, deployment degraded
  )");
}

TEST_CASE("a target left out neither counts as failed nor changes the limits") {
  check_starts("A on a b c d, tolerate 1\nB on a b c d, window 2", R"(
    0: -> start A@a, start A@b, start A@c, start A@d
   10: fail A@a, done A@b, done A@c, done A@d
       -> step A degraded, lane B@a left out: skipped (failed before by A),
          start B@b, start B@c
   20: done B@b -> start B@d
   30: done B@c, done B@d -> step B succeeded, deployment degraded
  )");
}

TEST_CASE("a target that failed is left out below steps in between, too") {
  check_starts("A on a b, tolerate 1\nB on b\nC on a b", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A degraded, start B@b
   20: done B@b           -> step B succeeded, lane C@a left out: skipped (failed before by A),
                             start C@b
  )");
}

TEST_CASE("targets left out in several steps add up, the first step in the file being the cause") {
  check_starts("A on a b c, tolerate 1\nB on a b c, tolerate 2, always\nC on a b c", R"(
    0:                              -> start A@a, start A@b, start A@c
   10: fail A@a, done A@b, done A@c -> step A degraded, start B@a, start B@b, start B@c
   20: fail B@a, fail B@b, done B@c -> step B degraded,
                                       lane C@a left out: skipped (failed before by A),
                                       lane C@b left out: skipped (failed before by B), start C@c
  )");
}

TEST_CASE("a failed target takes part in the steps when always and when failure") {
  check_starts("A on a b, tolerate 1\nB on a b, always", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A degraded, start B@a, start B@b
  )");
  check_starts("A on a b\nB on a b, failure", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A failed, start B@a, start B@b
  )");
}

TEST_CASE("a failed target takes part in a step that does not wait for that one") {
  check_starts("A on a b, tolerate 1\nB on c, with previous\nC on a b, after B", R"(
    0:                    -> start A@a, start A@b, start B@c
   10: fail A@a, done A@b -> step A degraded
   20: done B@c           -> step B succeeded, start C@a, start C@b
  )");
}

TEST_CASE("a step of which all targets have failed before is skipped") {
  check_script("A on a b, tolerate 1\nB on a\nC on b", R"(
    0:                    -> step A began, lane A@a began, start A@a, lane A@b began, start A@b
   10: fail A@a, done A@b -> task A@a failed, lane A@a failed, task A@b succeeded,
                             lane A@b succeeded, step A degraded,
                             lane B@a left out: skipped (failed before by A),
                             step B skipped (after failure by A),
                             step C began, lane C@b began, start C@b
  )");
}

TEST_CASE("the controller is no target and is never left out") {
  check_starts("A, tolerate 1\nB", R"(
    0:                   -> start A@controller
   10: fail A@controller -> step A degraded, start B@controller
  )");
}

TEST_CASE("failures of parallel steps come together where both are waited for") {
  check_starts("A on a b c, tolerate 1\nB on a b c, tolerate 1, with previous, shared\nC on a b c",
               R"(
    0: -> start A@a, start A@b, start A@c, start B@a, start B@b, start B@c
   10: fail A@b, done A@a, done A@c -> step A degraded
   20: fail B@a, done B@b, done B@c -> step B degraded,
                                       lane C@a left out: skipped (failed before by B),
                                       lane C@b left out: skipped (failed before by A), start C@c
  )");
}

TEST_CASE("failures that reach a step over two ways are told once") {
  check_starts("A on a b, tolerate 1\nB\nC, with previous\nD on a b", R"(
    0:                    -> start A@a, start A@b
   10: fail A@a, done A@b -> step A degraded, start B@controller, start C@controller
   20: done B@controller  -> step B succeeded
   30: done C@controller  -> step C succeeded, lane D@a left out: skipped (failed before by A),
                             start D@b
  )");
}

TEST_CASE("a target that failed in two steps is left out because of the first in the file") {
  check_starts("A on a b, tolerate 1\nB on a b, tolerate 1, with previous, shared\nC on a b", R"(
    0:                    -> start A@a, start A@b, start B@a, start B@b
   10: fail B@a, done B@b -> step B degraded
   20: fail A@a, done A@b -> step A degraded, lane C@a left out: skipped (failed before by A),
                             start C@b
  )");
}

TEST_CASE("what left a target out of one step does not leave it out of another beside it") {
  check_starts(
      "A on a, ignore\nB on a b, tolerate 1, with previous, shared\nC on a b, after B\nD on a b, "
      "after A",
      R"(
    0:                    -> start A@a, start B@a, start B@b
   10: fail B@a, done B@b -> step B degraded, lane C@a left out: skipped (failed before by B),
                             start C@b
   20: done A@a           -> step A succeeded, start D@a
   30: done C@b, done D@a -> step C succeeded, start D@b
  )");
}
