// Taking back: `on failure rollback` in the slot, `rollback all` for the whole step.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a failed target's begun child steps are undone in reverse, before what is when always") {
  check_script("U on a, rollback: x, undo; y; z, undo; w, undo; clean, always", R"(
    0:                  -> step U began, lane U@a began, start U/x@a
    1: done U/x@a       -> task U/x@a succeeded, start U/y@a
    2: done U/y@a       -> task U/y@a succeeded, start U/z@a
    3: fail U/z@a       -> task U/z@a failed, start U/z.undo@a
    4: done U/z.undo@a  -> task U/z.undo@a succeeded, start U/x.undo@a
    5: done U/x.undo@a  -> task U/x.undo@a succeeded, task U/w@a skipped (after failure),
                           start U/clean@a
    6: done U/clean@a   -> task U/clean@a succeeded, lane U@a undone, step U failed,
                           deployment failed
  )");
}

TEST_CASE("a target that is undone counts as failed, and more than tolerated halt") {
  check_starts("U on a b c, window 1, rollback, tolerate 1, undo\nB on a b", R"(
    0:               -> start U@a
    1: fail U@a      -> start U.undo@a
    2: done U.undo@a -> start U@b
    3: done U@b      -> start U@c
    4: done U@c      -> step U degraded, lane B@a left out: skipped (failed before by U), start B@b
  )");
  check_starts("U on a b c, window 2, rollback, undo", R"(
    0:               -> start U@a, start U@b
    1: fail U@a      -> start U.undo@a
    2: done U@b      ->
    3: done U.undo@a -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("an undo has its own attempts, and where it fails the earlier ones are left alone") {
  check_script("U on a, rollback: x, undo; y, undo retry 1 every 2; clean, always", R"(
    0:                 -> step U began, lane U@a began, start U/x@a
    1: done U/x@a      -> task U/x@a succeeded, start U/y@a
    2: fail U/y@a      -> task U/y@a failed, start U/y.undo@a
    3: fail U/y.undo@a -> pause U/y.undo@a at 5
    5: over U/y.undo@a -> start U/y.undo@a#2
    6: fail U/y.undo@a -> task U/y.undo@a failed after 2, start U/clean@a
    7: done U/clean@a  -> task U/clean@a succeeded, lane U@a failed, step U failed,
                          deployment failed
  )");
}

TEST_CASE("what has nothing to take back has failed") {
  check_script("U on a, rollback: x; y, undo", R"(
    0:            -> step U began, lane U@a began, start U/x@a
    1: fail U/x@a -> task U/x@a failed, task U/y@a skipped (after failure), lane U@a failed,
                     step U failed, deployment failed
  )");
}

TEST_CASE("a failure after the undo does not undo again") {
  check_starts("U on a, rollback: x, undo; clean, always, undo", R"(
    0:                 -> start U/x@a
    1: fail U/x@a      -> start U/x.undo@a
    2: done U/x.undo@a -> start U/clean@a
    3: fail U/clean@a  -> step U failed, deployment failed
  )");
}

TEST_CASE("a verify that fails undoes its task as well, and a step's own undoes all") {
  check_starts("U on a, rollback, undo, verify", R"(
    0:                -> start U@a
    1: done U@a       -> start U.verify@a
    2: fail U.verify@a -> start U.undo@a
  )");
  check_starts("U on a, rollback, verify: x, undo; y, undo", R"(
    0:                 -> start U/x@a
    1: done U/x@a      -> start U/y@a
    2: done U/y@a      -> start U.verify@a
    3: fail U.verify@a -> start U/y.undo@a
    4: done U/y.undo@a -> start U/x.undo@a
    5: done U/x.undo@a -> step U failed, start U.census@a
  )");
}

TEST_CASE("an abort ends an undo, and starts none") {
  check_script("U on a, rollback: x, undo; y, always", R"(
    0:                      -> step U began, lane U@a began, start U/x@a
    1: fail U/x@a           -> task U/x@a failed, start U/x.undo@a
    2: abort                -> cancel U/x.undo@a
    3: cancelled U/x.undo@a -> task U/x.undo@a cancelled (aborted), start U/y@a
    4: done U/y@a           -> task U/y@a succeeded, lane U@a failed, step U failed,
                               deployment aborted
  )");
  check_starts("U on a, rollback: x, undo; y, always", R"(
    0:            -> start U/x@a
    1: abort      -> cancel U/x@a
    2: fail U/x@a -> start U/y@a
  )");
}

TEST_CASE("rollback all undoes every begun target, the last begun first, when all is at rest") {
  check_script("U on a b c d, window 2, rollback all: x, undo; y, undo", R"(
    0:                 -> step U began, lane U@a began, start U/x@a, lane U@b began, start U/x@b
    1: done U/x@a      -> task U/x@a succeeded, start U/y@a
    2: done U/y@a      -> task U/y@a succeeded, lane U@a succeeded, lane U@c began, start U/x@c
    3: fail U/x@b      -> task U/x@b failed, task U/y@b skipped (after failure), lane U@b failed
    4: done U/x@c      -> task U/x@c succeeded, start U/y@c
    5: done U/y@c      -> task U/y@c succeeded, lane U@c succeeded,
                          lane U@c is undone, start U/y.undo@c, lane U@b is undone, start U/x.undo@b
    6: done U/y.undo@c -> task U/y.undo@c succeeded, start U/x.undo@c
    7: done U/x.undo@b -> task U/x.undo@b succeeded, lane U@b undone,
                          lane U@a is undone, start U/y.undo@a
    8: done U/x.undo@c -> task U/x.undo@c succeeded, lane U@c undone (rolled back)
    9: fail U/y.undo@a -> task U/y.undo@a failed, lane U@a failed, step U failed (halted),
                          deployment failed
  )");
}

TEST_CASE("rollback all leaves alone what is within tolerance") {
  check_starts("U on a b, window 1, rollback all, tolerate 1, undo", R"(
    0:          -> start U@a
    1: fail U@a -> start U@b
    2: done U@b -> step U degraded, deployment degraded
  )");
}

TEST_CASE("rollback all waits for its targets' locks, and lanes that never began stay away") {
  check_starts("U on a b c, window 2, rollback all, undo\nB on a c, with previous", R"(
    0:               -> start U@a, start U@b, start B@c
    1: done U@a      -> start B@a
    2: fail U@b      -> start U.undo@b
    3: done U.undo@b ->
    4: done B@c      ->
    5: done B@a      -> step B succeeded, start U.undo@a
    6: done U.undo@a -> step U failed (halted), deployment failed
  )");
}

TEST_CASE(
    "rollback all and the operator: a pause holds back what is to be undone, an abort ends it") {
  check_starts("U on a b, window 1, rollback all, undo", R"(
    0:                  -> start U@a
    1: done U@a         -> start U@b
    2: pause            ->
    3: fail U@b         ->
    4: continue         -> start U.undo@b
    5: abort            -> cancel U.undo@b
    6: cancelled U.undo@b -> step U failed, deployment aborted
  )");
  check_starts("U on a b c, window 1, rollback all, undo", R"(
    0:                  -> start U@a
    1: done U@a         -> start U@b
    2: fail U@b, abort  -> step U failed (halted), deployment aborted
  )");
}

TEST_CASE("a target that was left behind is not undone with its step: nothing was done to it") {
  check_starts("U on a b, window 1, rollback all, unreachable skip, undo", R"(
    0:                 -> start U@a
   10: unreachable U@a -> start U@b
   20: fail U@b        -> start U.undo@b
   30: done U.undo@b   -> step U failed, deployment failed
  )");
}
