// `verify`: after a task, after a step, before them (`skip verified`), and in the census.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a verify runs right after its task, and what fails it is the task there") {
  check_script("U on a b: x, verify; y", R"(
    0:                          -> step U began, lane U@a began, start U/x@a,
                                   lane U@b began, start U/x@b
   10: done U/x@a, done U/x@b   -> task U/x@a succeeded, task U/x@b succeeded,
                                   start U/x.verify@a, start U/x.verify@b
   12: done U/x.verify@a, fail U/x.verify@b
                                -> task U/x.verify@a succeeded, task U/x.verify@b failed,
                                   task U/y@b skipped (after failure), lane U@b failed,
                                   start U/y@a
   20: done U/y@a               -> task U/y@a succeeded, lane U@a succeeded, step U failed,
                                   start U/x.census@a, start U/x.census@b
   21: done U/x.census@a, fail U/x.census@b
                                -> task U/x.census@a succeeded, task U/x.census@b failed,
                                   deployment failed
  )");
}

TEST_CASE("a verify has its own attempts, pauses and timeout, and its task is not repeated") {
  check_starts("U on a, retry 5, verify retry 1 every 3 timeout 4", R"(
    0:                     -> start U@a
   10: done U@a            -> start U.verify@a, timeout U.verify@a at 14
   14: timeout U.verify@a  -> cancel U.verify@a
   15: cancelled U.verify@a -> pause U.verify@a at 18
   18: over U.verify@a     -> start U.verify@a#2, timeout U.verify@a#2 at 22
   19: fail U.verify@a     -> step U failed, start U.census@a, timeout U.census@a at 23
  )");
}

TEST_CASE("a step's own verify runs behind its last child step, where nothing failed before") {
  check_script("U on a b, verify: x; y, always", R"(
    0:                         -> step U began, lane U@a began, start U/x@a,
                                  lane U@b began, start U/x@b
    5: done U/x@a, fail U/x@b  -> task U/x@a succeeded, task U/x@b failed,
                                  start U/y@a, start U/y@b
   10: done U/y@a, done U/y@b  -> task U/y@a succeeded, task U/y@b succeeded,
                                  lane U@b failed, start U.verify@a
   15: fail U.verify@a         -> task U.verify@a failed, lane U@a failed, step U failed,
                                  start U.census@a, start U.census@b
  )");
}

TEST_CASE("skip verified asks first, and leaves alone what is in place") {
  check_script("U on a b, window 1, verify, verified\nB on a b", R"(
    0:                    -> step U began, lane U@a began, start U.before@a
    2: done U.before@a    -> task U.before@a succeeded, task U@a skipped (verified),
                             lane U@a skipped (verified), lane U@b began, start U.before@b
    4: fail U.before@b    -> task U.before@b failed, start U@b
   14: done U@b           -> task U@b succeeded, start U.verify@b
   15: done U.verify@b    -> task U.verify@b succeeded, lane U@b succeeded, step U succeeded,
                             step B began, lane B@a began, start B@a, lane B@b began, start B@b
  )");
}

TEST_CASE("skip verified at a child step leaves that one out, at a step the whole lane") {
  check_script("U on a: x, verify, verified; y", R"(
    0:                   -> step U began, lane U@a began, start U/x.before@a
    2: done U/x.before@a -> task U/x.before@a succeeded, task U/x@a skipped (verified), start U/y@a
  )");
  check_script("U on a, verify, verified: x; y, always", R"(
    0:                 -> step U began, lane U@a began, start U.before@a
    2: done U.before@a -> task U.before@a succeeded, task U/x@a skipped (verified),
                          task U/y@a skipped (verified), lane U@a skipped (verified),
                          step U succeeded, start U.census@a
    3: done U.census@a -> task U.census@a succeeded, deployment succeeded
  )");
  check_starts("U on a, verify, verified: x; y", R"(
    0:                 -> start U.before@a
    2: fail U.before@a -> start U/x@a
    4: done U/x@a      -> start U/y@a
    6: done U/y@a      -> start U.verify@a
  )");
}

TEST_CASE("a task whose failure is ignored is not held up by its verify either") {
  check_starts("U on a: x, ignore, verify; y", R"(
    0:                   -> start U/x@a
    2: done U/x@a        -> start U/x.verify@a
    4: fail U/x.verify@a -> start U/y@a
    6: done U/y@a        -> step U degraded, start U/x.census@a
    7: done U/x.census@a -> deployment degraded
  )");
}

TEST_CASE("the census asks as many at once as the step had, and degrades what it does not find") {
  check_starts("U on a b c, window 2, verify", R"(
    0:                  -> start U@a, start U@b
    1: done U@a         -> start U.verify@a
    2: done U.verify@a  -> start U@c
    3: done U@b         -> start U.verify@b
    4: done U.verify@b  ->
    5: done U@c         -> start U.verify@c
    6: done U.verify@c  -> step U succeeded, start U.census@a, start U.census@b
    7: done U.census@a  -> start U.census@c
    8: fail U.census@b  ->
    9: done U.census@c  -> deployment degraded
  )");
}

TEST_CASE("the census asks step by step, also where a step failed, but not what was not needed") {
  check_starts("A on a, verify\nB on a, failure, verify\nC on a, disabled, verify\nD on b, verify",
               R"(
    0:                 -> start A@a
    1: done A@a        -> start A.verify@a
    2: done A.verify@a -> step A succeeded, step B skipped (without failure),
                          step C skipped (disabled), start D@b
    3: fail D@b        -> step D failed, start A.census@a
    4: done A.census@a -> start D.census@b
    5: fail D.census@b -> deployment failed
  )");
}

TEST_CASE("the census tries as often as its verify does") {
  check_starts("U on a, verify retry 1 every 5", R"(
    0:                 -> start U@a
    1: done U@a        -> start U.verify@a
    2: done U.verify@a -> step U succeeded, start U.census@a
    3: fail U.census@a -> pause U.census@a at 8
    8: over U.census@a -> start U.census@a#2
    9: done U.census@a -> deployment succeeded
  )");
}

TEST_CASE("no census is taken after an abort, and an abort ends one") {
  check_starts("U on a, verify", R"(
    0:                 -> start U@a
    1: abort           -> cancel U@a
    2: cancelled U@a   -> step U failed (aborted), deployment aborted
  )");
  check_starts("U on a, verify", R"(
    0:                      -> start U@a
    1: done U@a             -> start U.verify@a
    2: done U.verify@a      -> step U succeeded, start U.census@a
    3: abort                -> cancel U.census@a
    4: cancelled U.census@a -> deployment aborted
  )");
}

TEST_CASE("a pause holds the census back") {
  check_starts("U on a, verify", R"(
    0:                 -> start U@a
    1: done U@a, pause -> start U.verify@a
    2: done U.verify@a -> step U succeeded
    3: continue        -> start U.census@a
    4: done U.census@a -> deployment succeeded
  )");
}

TEST_CASE("an abort keeps a verify from running, but not that of what is when always") {
  check_script("U on a: x, verify; y, always, verify", R"(
    0:                   -> step U began, lane U@a began, start U/x@a
    1: abort             -> cancel U/x@a
    2: done U/x@a        -> task U/x@a succeeded, start U/y@a
    3: done U/y@a        -> task U/y@a succeeded, start U/y.verify@a
    4: done U/y.verify@a -> task U/y.verify@a succeeded, lane U@a cancelled (aborted),
                            step U failed (aborted), deployment aborted
  )");
}

TEST_CASE(
    "the census asks for nothing that a condition rules out, though the step was never asked") {
  check_starts("property old: a, not b\nA on c\nB on a b, if old, verify", R"(
    0:                 -> start A@c
   10: fail A@c        -> step A failed, step B skipped (after failure by A), start B.census@a
   20: fail B.census@a -> deployment failed
  )");
}
