// Attempts: retries with their pauses, timeouts, and timers that come too late.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a retry makes up to so many more attempts, with a pause after each failed one") {
  check_script("U on a, retry 2 every 5", R"(
    0:            -> step U began, lane U@a began, start U@a
   10: fail U@a   -> pause U@a at 15
   15: over U@a   -> start U@a#2
   20: fail U@a   -> pause U@a#2 at 25
   25: over U@a   -> start U@a#3
   30: fail U@a   -> task U@a failed after 3, lane U@a failed, step U failed, deployment failed
  )");
}

TEST_CASE("a retry that succeeds is a success") {
  check_script("U on a: x, retry 2 every 5; y", R"(
    0:            -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a -> pause U/x@a at 15
   15: over U/x@a -> start U/x@a#2
   20: done U/x@a -> task U/x@a succeeded after 2, start U/y@a
   30: done U/y@a -> task U/y@a succeeded, lane U@a succeeded, step U succeeded,
                     deployment succeeded
  )");
}

TEST_CASE("a retry without a pause starts at once") {
  check_starts("U on a b, window 1, retry 1", R"(
    0:          -> start U@a
   10: fail U@a -> start U@a#2
   20: done U@a -> start U@b
  )");
}

TEST_CASE("a lane keeps its slot in the pause before a retry") {
  check_starts("U on a b, window 1, retry 1 every 5, continue", R"(
    0:          -> start U@a
   10: fail U@a -> pause U@a at 15
   15: over U@a -> start U@a#2
   20: fail U@a -> start U@b
  )");
}

TEST_CASE("an attempt that fails with attempts left does not count as a failure") {
  check_starts("U on a b c, window 2, retry 1 every 5", R"(
    0:          -> start U@a, start U@b
   10: fail U@a -> pause U@a at 15
   12: done U@b -> start U@c
  )");
}

TEST_CASE("each attempt has its own timeout") {
  check_starts("U on a, retry 1 every 5, timeout 30", R"(
    0:          -> start U@a, timeout U@a at 30
   10: fail U@a -> pause U@a at 15
   15: over U@a -> start U@a#2, timeout U@a#2 at 45
  )");
}

TEST_CASE("each child step has its own timeout, or none") {
  check_starts("U on a: x, timeout 30; y; z, timeout 7", R"(
    0:            -> start U/x@a, timeout U/x@a at 30
   10: done U/x@a -> start U/y@a
   20: done U/y@a -> start U/z@a, timeout U/z@a at 27
  )");
}

TEST_CASE("what ends at the instant of its timeout is in time") {
  check_starts("U on a, timeout 30", R"(
    0:                       -> start U@a, timeout U@a at 30
   30: timeout U@a, done U@a -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a timeout cancels the attempt, and the lane goes on when that has ended") {
  check_script("U on a: x, timeout 30; clean, always", R"(
    0:                 -> step U began, lane U@a began, start U/x@a, timeout U/x@a at 30
   30: timeout U/x@a   -> cancel U/x@a
   35: cancelled U/x@a -> task U/x@a failed, start U/clean@a
   40: done U/clean@a  -> task U/clean@a succeeded, lane U@a failed, step U failed,
                          deployment failed
  )");
}

TEST_CASE("after its timeout it no longer matters how an attempt ends") {
  check_script("U on a, timeout 30", R"(
    0:             -> step U began, lane U@a began, start U@a, timeout U@a at 30
   30: timeout U@a -> cancel U@a
   31: done U@a    -> task U@a failed, lane U@a failed, step U failed, deployment failed
  )");
}

TEST_CASE("a timeout counts at its instant, not when the attempt has ended") {
  check_starts("U on a b c, window 2, timeout 30", R"(
    0:                       -> start U@a, timeout U@a at 30, start U@b, timeout U@b at 30
   30: done U@b, timeout U@a -> cancel U@a
   35: cancelled U@a         -> step U failed (halted), deployment failed
  )");
}

TEST_CASE("the pause before a retry counts from the end of the attempt that timed out") {
  check_starts("U on a, timeout 30, retry 1 every 5", R"(
    0:               -> start U@a, timeout U@a at 30
   30: timeout U@a   -> cancel U@a
   33: cancelled U@a -> pause U@a at 38
   38: over U@a      -> start U@a#2, timeout U@a#2 at 68
  )");
}

TEST_CASE("a timeout with attempts left does not count as a failure") {
  check_starts("U on a b c, window 2, timeout 30, retry 1 every 5", R"(
    0:                       -> start U@a, timeout U@a at 30, start U@b, timeout U@b at 30
   30: done U@b, timeout U@a -> cancel U@a, start U@c, timeout U@c at 60
  )");
}

TEST_CASE("an ignored timeout degrades its target") {
  check_script("U on a: x, timeout 30, ignore; y", R"(
    0:                 -> step U began, lane U@a began, start U/x@a, timeout U/x@a at 30
   30: timeout U/x@a   -> cancel U/x@a
   35: cancelled U/x@a -> task U/x@a failed, start U/y@a
   40: done U/y@a      -> task U/y@a succeeded, lane U@a degraded, step U degraded,
                          deployment degraded
  )");
}

TEST_CASE("a timer that comes too late is ignored") {
  check_starts("U on a b, window 1, timeout 30, retry 1 every 5", R"(
    0:                           -> start U@a, timeout U@a at 30
   10: fail U@a                  -> pause U@a at 15
   12: timeout U@a               ->
   15: over U@a                  -> start U@a#2, timeout U@a#2 at 45
   15: over U@a#1                ->
   30: timeout U@a#1             ->
   40: done U@a                  -> start U@b, timeout U@b at 70
   45: timeout U@a, over U@a     ->
   50: done U@b                  -> step U succeeded, deployment succeeded
   70: timeout U@b, over U@a#1   ->
  )");
}

TEST_CASE("a pause that nobody asked for is ignored") {
  check_starts("U on a, retry 3 every 5", R"(
    0:          -> start U@a
    5: over U@a ->
   10: done U@a -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a second timer of an attempt that was told to end is ignored") {
  check_starts("U on a, timeout 30", R"(
    0:             -> start U@a, timeout U@a at 30
   30: timeout U@a -> cancel U@a
   31: timeout U@a ->
   32: cancelled U@a -> step U failed, deployment failed
  )");
}

TEST_CASE("an attempt that was cancelled by nobody here has failed") {
  check_starts("U on a, retry 1", R"(
    0:               -> start U@a
   10: cancelled U@a -> start U@a#2
   20: cancelled U@a -> step U failed, deployment failed
  )");
}

TEST_CASE("a timeout over the target is each target's own, on every attempt") {
  check_starts(R"(
    time limit: a 10, b 30
    U on a b c, window 2, timeout limit, retry 1
    time limit: c 7
  )",
               R"(
    0:          -> start U@a, timeout U@a at 10, start U@b, timeout U@b at 30
    5: done U@a -> start U@c, timeout U@c at 12
    8: fail U@b -> start U@b#2, timeout U@b#2 at 38
  )");
}

TEST_CASE("a pause over the target is each target's own, and so is its cap") {
  check_starts(R"(
    time rest: a 5, b 20, c 0
    time most: a 12, b 60, c 60
    U on a b c, retry 3 every rest backoff 2 upto most
  )",
               R"(
    0:                              -> start U@a, start U@b, start U@c
   10: fail U@a, fail U@b, fail U@c -> pause U@a at 15, pause U@b at 30, start U@c#2
   15: over U@a                   -> start U@a#2
   20: fail U@a, fail U@c         -> pause U@a#2 at 30, start U@c#3
   30: over U@a, over U@b       -> start U@a#3, start U@b#2
   40: fail U@a                   -> pause U@a#3 at 52
   45: fail U@b                   -> pause U@b#2 at 85
  )");
}

TEST_CASE("a pause for all may have a cap of each target's own, and the other way round") {
  check_starts(R"(
    time most: a 5, b 50
    U on a b, retry 3 every 8 upto most
  )",
               R"(
    0:                   -> start U@a, start U@b
   10: fail U@a, fail U@b -> pause U@a at 15, pause U@b at 18
  )");
  check_starts(R"(
    time rest: a 5, b 50
    U on a b, retry 3 every rest backoff 2 upto 60
  )",
               R"(
    0:                       -> start U@a, start U@b
   10: fail U@a, fail U@b    -> pause U@a at 15, pause U@b at 60
   15: over U@a              -> start U@a#2
   20: fail U@a              -> pause U@a#2 at 30
   60: over U@b              -> start U@b#2
   70: fail U@b              -> pause U@b#2 at 130
  )");
}

TEST_CASE("a verify and an undo have timeouts of each target's own") {
  check_starts(R"(
    time limit: a 10, b 30
    U on a b, window 2, rollback, verify timeout limit, undo timeout limit
  )",
               R"(
    0:                     -> start U@a, start U@b
    5: done U@a            -> start U.verify@a, timeout U.verify@a at 15
    6: fail U@b            -> start U.undo@b, timeout U.undo@b at 36
  )");
}
