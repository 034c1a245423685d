// Batches, the gates between them, and the pauses between two begins.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a batch begins when all of the one before have ended") {
  check_starts("U on a b c d e, batches 1 3", R"(
    0:          -> start U@a
   10: done U@a -> start U@b, start U@c, start U@d
   20: done U@c ->
   30: done U@b, done U@d -> start U@e
   40: done U@e -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a value begins when all targets of the one before have ended") {
  check_starts(R"(
    ! zone eu: a c
    ! zone us: b d
    U on a b c d, window 2, by zone
  )",
               R"(
    0:          -> start U@a, start U@c
   10: done U@a ->
   20: done U@c -> start U@b, start U@d
  )");
}

TEST_CASE("a batch never spans two values") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d
    U on a b c d, batches 2, by zone
  )",
               R"(
    0:                    -> start U@a, start U@b
   10: done U@a, done U@b -> start U@c
   20: done U@c           -> start U@d
  )");
}

TEST_CASE("a target held back by another step holds its batch's end") {
  check_starts("A on b\nU on a b c, batches 2, with previous", R"(
    0:          -> start A@b, start U@a
   10: done U@a ->
   20: done A@b -> step A succeeded, start U@b
   30: done U@b -> start U@c
  )");
}

TEST_CASE("gates run one after the other between two batches, and hold no slot") {
  check_starts("U on a b c, batches 1\n- Look\n- Approve\nTell", R"(
    0:                         -> start U@a
   10: done U@a                -> start Look@controller
   20: done Look@controller    -> start Approve@controller
   30: done Approve@controller -> start U@b
   40: done U@b                -> start Look@controller
   50: done Look@controller    -> step Look succeeded, start Approve@controller
   60: done Approve@controller -> step Approve succeeded, start U@c
   70: done U@c                -> step U succeeded, start Tell@controller
  )");
}

TEST_CASE("a gate that fails halts its step") {
  check_starts("U on a b c, batches 1\n- Look\n- Approve\nTell", R"(
    0:                      -> start U@a
   10: done U@a             -> start Look@controller
   20: fail Look@controller -> step Look failed (halted), step U failed (gate failed by Look),
                               step Approve skipped (gate failed by Look),
                               step Tell skipped (after failure by U), deployment failed
  )");
}

TEST_CASE("a gate runs after tolerated failures, and not once the step is halted") {
  check_starts("U on a b c, batches 1, tolerate 1\n- Look", R"(
    0:                      -> start U@a
   10: fail U@a             -> start Look@controller
   20: done Look@controller -> start U@b
   30: fail U@b             -> step U failed (halted), step Look succeeded (halted),
                               deployment failed
  )");
}

TEST_CASE("a step with one batch has no gate to run") {
  check_starts("U on a b, batches 2\n- Look", R"(
    0:                    -> start U@a, start U@b
   10: done U@a, done U@b -> step U succeeded, step Look skipped (no targets), deployment succeeded
  )");
}

TEST_CASE("a gate when failure runs behind the batches after a failure, and ends behind the last") {
  check_starts("U on a b c, batches 1, tolerate 1\n- Look, failure", R"(
    0:                      -> start U@a
   10: done U@a             -> lane Look@controller left out: skipped (without failure), start U@b
   20: fail U@b             -> start Look@controller
   30: done Look@controller -> step Look succeeded, start U@c
   40: done U@c             -> step U degraded, deployment degraded
  )");
  check_starts("U on a b c, batches 1\n- Look, failure", R"(
    0:          -> start U@a
   10: done U@a -> lane Look@controller left out: skipped (without failure), start U@b
   20: done U@b -> lane Look@controller left out: skipped (without failure), start U@c
   30: done U@c -> step U succeeded, step Look skipped (without failure), deployment succeeded
  )");
}

TEST_CASE("behind a batch of which nothing was run there is no gate") {
  check_starts("A on b d, tolerate 2\nU on a b c d, batches 1\n- Look", R"(
    0:                      -> start A@b, start A@d
   10: fail A@b, fail A@d   -> step A degraded, lane U@b left out: skipped (failed before by A),
                               lane U@d left out: skipped (failed before by A), start U@a
   20: done U@a             -> start Look@controller
   30: done Look@controller -> lane Look@controller left out: skipped (no targets), start U@c
   40: done U@c             -> step U succeeded, lane Look@controller left out: skipped (no targets),
                               step Look succeeded, deployment degraded
  )");
}

TEST_CASE("in a pause no gate begins, and an abort ends the one at work with its step") {
  check_starts("U on a b, batches 1\n- Look", R"(
    0:                           -> start U@a
    5: pause                     ->
   10: done U@a                  ->
   15: continue                  -> start Look@controller
   20: abort                     -> cancel Look@controller
   21: cancelled Look@controller -> step Look failed (aborted), step U failed (aborted),
                                    deployment aborted
  )");
}

TEST_CASE("between two begins there is at least the pause of a stagger") {
  check_starts("U on a b c, window 2, stagger 30", R"(
    0:                 -> start U@a, stagger U at 30
   30: stagger U       -> start U@b
   40: done U@a        -> stagger U at 60
   60: stagger U       -> start U@c
   90: done U@b, done U@c -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a child step in lockstep waits until the batch has ended the one before") {
  check_starts("U on a b c, batches 2, lockstep: x; y", R"(
    0:                        -> start U/x@a, start U/x@b
   10: done U/x@b             ->
   20: done U/x@a             -> start U/y@a, start U/y@b
   30: done U/y@a             ->
   40: done U/y@b             -> start U/x@c
  )");
}

TEST_CASE("a target that failed is no longer waited for in lockstep") {
  check_starts("U on a b, batches 2, lockstep, tolerate 1: x; y; z", R"(
    0:             -> start U/x@a, start U/x@b
   10: done U/x@a  ->
   20: fail U/x@b  -> start U/y@a
   30: done U/y@a  -> start U/z@a
   40: done U/z@a  -> step U degraded, deployment degraded
  )");
}

TEST_CASE("a batch in lockstep begins as a whole or not yet") {
  check_starts("A on b\nU on a b, batches 2, lockstep, with previous: x; y", R"(
    0:          -> start A@b
   10: done A@b -> step A succeeded, start U/x@a, start U/x@b
  )");
  check_starts("! at most 2\nA on a\nU on b c, batches 2, lockstep, with previous: x; y", R"(
    0:          -> start A@a
   10: done A@a -> step A succeeded, start U/x@b, start U/x@c
  )");
}

TEST_CASE("an abort lets nobody overtake its batch in lockstep") {
  check_starts("U on a b, batches 2, lockstep: x; y; back, always", R"(
    0:                 -> start U/x@a, start U/x@b
   10: done U/x@b      ->
   15: abort           -> cancel U/x@a
   20: cancelled U/x@a -> start U/back@a, start U/back@b
   30: done U/back@a, done U/back@b -> step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("a batch in lockstep that is wider than its window can never begin") {
  check_starts("U on a b c, batches 3, lockstep, window 2", R"(
    0: -> step U failed (stuck), deployment failed
  )");
}
