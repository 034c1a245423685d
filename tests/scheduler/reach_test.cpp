// Targets out of reach, and the deadline.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a target out of reach has failed, unless the step leaves such targets behind") {
  check_script("U on a b, window 1: x; y, always", R"(
    0:                   -> step U began, lane U@a began, start U/x@a
    1: unreachable U/x@a -> task U/x@a failed (out of reach), start U/y@a
    2: unreachable U/y@a -> task U/y@a failed (out of reach), lane U@a failed,
                            step U failed (halted), deployment failed
  )");
  check_script("U on a b, window 1, unreachable skip: x; y, always", R"(
    0:                   -> step U began, lane U@a began, start U/x@a
    1: unreachable U/x@a -> task U/x@a failed (out of reach), task U/y@a skipped (out of reach),
                            lane U@a left_behind (out of reach), lane U@b began, start U/x@b
    2: done U/x@b        -> task U/x@b succeeded, start U/y@b
    3: done U/y@b        -> task U/y@b succeeded, lane U@b succeeded, step U degraded,
                            deployment degraded
  )");
}

TEST_CASE("attempts are made as ever before a target is left behind") {
  check_starts("U on a, unreachable skip, retry 2 every 5", R"(
    0:                 -> start U@a
    1: unreachable U@a -> pause U@a at 6
    6: over U@a        -> start U@a#2
    7: unreachable U@a -> pause U@a#2 at 12
   12: over U@a        -> start U@a#3
   13: unreachable U@a -> step U degraded, deployment degraded
  )");
}

TEST_CASE("no more than so many are left behind; the others have failed") {
  check_starts("U on a b c, window 1, unreachable skip 1, tolerate 1", R"(
    0:                 -> start U@a
    1: unreachable U@a -> start U@b
    2: unreachable U@b -> start U@c
    3: done U@c        -> step U degraded, deployment degraded
  )");
  check_starts("U on a b c, window 1, unreachable skip 1", R"(
    0:                 -> start U@a
    1: unreachable U@a -> start U@b
    2: unreachable U@b -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("one lost after it was touched has failed, also where an earlier step touched it") {
  check_starts("U on a, unreachable skip: x; y", R"(
    0:                   -> start U/x@a
    1: done U/x@a        -> start U/y@a
    2: unreachable U/y@a -> step U failed, deployment failed
  )");
  check_starts("U on a, unreachable skip, retry 1", R"(
    0:                 -> start U@a
    1: fail U@a        -> start U@a#2
    2: unreachable U@a -> step U failed, deployment failed
  )");
  check_starts("A on a\nB on a, unreachable skip", R"(
    0:                 -> start A@a
    1: done A@a        -> step A succeeded, start B@a
    2: unreachable B@a -> step B failed, deployment failed
  )");
  check_starts("U on a, unreachable skip, timeout 5, retry 1", R"(
    0:                 -> start U@a, timeout U@a at 5
    5: timeout U@a     -> cancel U@a
    6: cancelled U@a   -> start U@a#2, timeout U@a#2 at 11
    7: unreachable U@a -> step U failed, deployment failed
  )");
}

TEST_CASE("to look whether it is in place touches nothing") {
  check_script("U on a b, window 1, unreachable skip, verify, verified", R"(
    0:                        -> step U began, lane U@a began, start U.before@a
    1: unreachable U.before@a -> task U.before@a failed (out of reach), task U@a skipped (out of reach),
                                 lane U@a left_behind (out of reach), lane U@b began, start U.before@b
    2: fail U.before@b        -> task U.before@b failed, start U@b
    3: unreachable U@b        -> task U@b failed (out of reach), lane U@b left_behind (out of reach),
                                 step U degraded, start U.census@a
  )");
}

TEST_CASE("a target left behind takes part in no later step, not even in one when always") {
  check_script("A on a b, unreachable skip\nB on a b, always\nC on a, failure\nD on b", R"(
    0:                           -> step A began, lane A@a began, start A@a, lane A@b began, start A@b
    1: unreachable A@a, done A@b -> task A@a failed (out of reach),
                                    lane A@a left_behind (out of reach), task A@b succeeded,
                                    lane A@b succeeded,
                                    step A degraded, step B began,
                                    lane B@a left out: skipped (left behind before by A),
                                    lane B@b began, start B@b
    2: fail B@b                  -> task B@b failed, lane B@b failed, step B failed,
                                    lane C@a left out: skipped (left behind before by A),
                                    step C skipped (left behind before by A),
                                    step D skipped (after failure by B), deployment failed
  )");
}

TEST_CASE("a failure within unreachable skip is not asked about, one beyond it is") {
  check_starts("U on a b, window 1, ask, unreachable skip 1", R"(
    0:                 -> start U@a
    1: unreachable U@a -> start U@b
    2: unreachable U@b -> ask U@b
    3: retry U@b       -> start U@b#2
    4: done U@b        -> step U degraded, deployment degraded
  )");
}

TEST_CASE(
    "after the deadline no target begins, what runs finishes, and the deployment has failed") {
  check_script(
      "deadline 10\nU on a b c, window 2: x; y, retry 1 every 5\nB on a, always\nC, always\nD", R"(
    0:            -> deadline at 10, step U began, lane U@a began, start U/x@a,
                     lane U@b began, start U/x@b
    8: done U/x@a -> task U/x@a succeeded, start U/y@a
   10: deadline, done U/x@b -> task U/x@b succeeded, start U/y@b
   12: done U/y@a -> task U/y@a succeeded, lane U@a succeeded
   13: fail U/y@b -> pause U/y@b at 18
   18: over U/y@b -> start U/y@b#2
   19: done U/y@b -> task U/y@b succeeded after 2, lane U@b succeeded,
                     step U failed (deadline), step B skipped (deadline), step C began,
                     lane C@controller began, start C@controller
   20: done C@controller -> task C@controller succeeded, lane C@controller succeeded,
                     step C succeeded, step D skipped (deadline), deployment failed
  )");
}

TEST_CASE(
    "what ends at the deadline is in time, and a deployment that ended before it knows none") {
  check_starts("deadline 10\nU on a", R"(
    0:                    -> deadline at 10, start U@a
   10: done U@a, deadline -> step U succeeded, deployment succeeded
   11: deadline           ->
  )");
  check_starts("deadline 10\nU on a\nB on a", R"(
    0:                    -> deadline at 10, start U@a
   10: done U@a, deadline -> step U succeeded, step B skipped (deadline), deployment failed
  )");
}

TEST_CASE(
    "an answer that a condition does not hold comes before the deadline, and stops no clock") {
  const char* const plan = "deadline 10\nA\nB on a, if output A ok once";
  check_starts(plan, R"(
    0:                      -> deadline at 10, start A@controller
    1: done A@controller    -> step A succeeded, evaluate B
   10: false B, deadline    -> step B skipped (condition), deployment succeeded
  )");
  // A timer that comes late, and an answer that waited for as long: nothing ran, and it is late.
  check_starts(plan, R"(
    0:                      -> deadline at 10, start A@controller
    1: done A@controller    -> step A succeeded, evaluate B
   40: false B, deadline    -> step B skipped (condition), deployment failed
  )");
  check_starts(plan, R"(
    0:                      -> deadline at 10, start A@controller
    1: done A@controller    -> step A succeeded, evaluate B
   40: true B, deadline     -> step B skipped (deadline), deployment failed
  )");
}

TEST_CASE("the deadline fails a deployment of which all targets have begun") {
  check_starts("deadline 10\nU on a", R"(
    0:           -> deadline at 10, start U@a
   10: deadline  ->
   12: done U@a  -> step U succeeded, deployment failed
  )");
}

TEST_CASE("the deadline rejects what a person was to approve, now and later") {
  check_starts("deadline 10\nU on a b: look, manual, retry 3; y; clean, always", R"(
    0:                      -> deadline at 10, start U/look@a, start U/look@b
    8: done U/look@b        -> start U/y@b
   10: deadline             -> cancel U/look@a
   11: cancelled U/look@a   -> start U/clean@a
   12: done U/clean@a       ->
   13: done U/y@b           -> start U/clean@b
   14: done U/clean@b       -> step U failed, deployment failed
  )");
  check_script("deadline 10\nU on a: x; look, manual; y", R"(
    0:            -> deadline at 10, step U began, lane U@a began, start U/x@a
   10: deadline   ->
   12: done U/x@a -> task U/x@a succeeded, task U/look@a failed (deadline),
                     task U/y@a skipped (after failure), lane U@a failed, step U failed,
                     deployment failed
  )");
}

TEST_CASE("a retry at the deadline's own instant comes first, and a person is asked no more") {
  check_script("deadline 10\nU on a, ask: look, manual; y", R"(
    0:                       -> deadline at 10, step U began, lane U@a began, start U/look@a
    5: fail U/look@a         -> ask U/look@a
   10: retry U/look@a, deadline -> task U/look@a failed, task U/y@a skipped (after failure),
                                   lane U@a failed, step U failed, deployment failed
  )");
}

TEST_CASE("the deadline in a pause ends what had not begun") {
  check_starts("deadline 10\nU on a\nB on a", R"(
    0:           -> deadline at 10, start U@a
    1: pause     ->
    2: done U@a  -> step U succeeded
   10: deadline  -> step B skipped (deadline), deployment failed
  )");
}
