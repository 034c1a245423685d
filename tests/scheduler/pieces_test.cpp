// Pieces of counted resources: taken at an action's start, given back at its end, waited for in the
// lane's slot.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_starts;

TEST_CASE("an action waits in its slot until its pieces are given back") {
  check_starts(R"(
    ! resource license 1
    U on a b c, window 2: x; y, uses 1 license
  )",
               R"(
    0:                        -> start U/x@a, start U/x@b
   10: done U/x@a, done U/x@b -> start U/y@a
   20: done U/y@a             -> start U/y@b, start U/x@c
   30: done U/y@b             ->
   40: done U/x@c             -> start U/y@c
  )");
}

TEST_CASE("of those that wait for pieces the first in order that they suffice for gets them") {
  check_starts(R"(
    ! resource license 2
    U on a b c, uses 2 license
    V on d e, with previous, uses 1 license
  )",
               R"(
    0:          -> start U@a
   10: done U@a -> start U@b
   20: done U@b -> start U@c
   30: done U@c -> step U succeeded, start V@d, start V@e
  )");
  check_starts(R"(
    ! resource license 3
    U on a b, uses 2 license
    V on d e, with previous, uses 1 license
  )",
               R"(
    0:          -> start U@a, start V@d
   10: done V@d -> start V@e
   20: done U@a -> start U@b
  )");
}

TEST_CASE("a failed attempt gives its pieces back, and the next one takes them anew") {
  check_starts(R"(
    ! resource license 1
    U on a b, retry 1 every 5, uses 1 license
  )",
               R"(
    0:          -> start U@a
   10: fail U@a -> pause U@a at 15, start U@b
   15: over U@a ->
   20: done U@b -> start U@a#2
  )");
}

TEST_CASE("what timed out keeps its pieces until it has ended") {
  check_starts(R"(
    ! resource license 1
    U on a b, tolerate 1, timeout 10, uses 1 license
  )",
               R"(
    0:                -> start U@a, timeout U@a at 10
   10: timeout U@a    -> cancel U@a
   15: cancelled U@a  -> start U@b, timeout U@b at 25
  )");
}

TEST_CASE("an abort ends the wait for pieces, and what is always waits on") {
  check_starts(R"(
    ! resource license 1
    U on a b: x, uses 1 license; back, always, uses 1 license
  )",
               R"(
    0:                  -> start U/x@a
    5: abort            -> cancel U/x@a
    7: cancelled U/x@a  -> start U/back@a
    9: done U/back@a    -> start U/back@b
   12: done U/back@b    -> step U failed (aborted), deployment aborted
  )");
}

TEST_CASE("a person's work that waits for pieces when the deadline passes has failed") {
  check_starts(R"(
    deadline 20
    ! resource desk 1
    U on a b, tolerate 2, manual, uses 1 desk
  )",
               R"(
    0:                -> deadline at 20, start U@a
   20: deadline       -> cancel U@a
   21: cancelled U@a  -> step U degraded, deployment failed
  )");
}

TEST_CASE("a verify and an undo take pieces as a run does") {
  check_starts(R"(
    ! resource license 1
    ! resource desk 1
    U on a b, uses 1 license, verify uses 1 desk
  )",
               R"(
    0:                 -> start U@a
   10: done U@a        -> start U.verify@a, start U@b
   20: done U@b        ->
   30: done U.verify@a -> start U.verify@b
   40: done U.verify@b -> step U succeeded, start U.census@a
   50: done U.census@a -> start U.census@b
   60: done U.census@b -> deployment succeeded
  )");
}

TEST_CASE("in lockstep the pieces are waited for when the batch is there") {
  check_starts(R"(
    ! resource license 1
    U on a b, batches 2, lockstep: x; y, uses 1 license
  )",
               R"(
    0:             -> start U/x@a, start U/x@b
   10: done U/x@b  ->
   20: done U/x@a  -> start U/y@a
   30: done U/y@a  -> start U/y@b
  )");
}
