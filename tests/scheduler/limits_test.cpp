// What holds targets back beside their step's window: windows of groups, `at most`.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a window per zone admits so many of each zone, in order") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d e
    U on a b c d e, window 2 per zone
  )",
               R"(
    0:                    -> start U@a, start U@b, start U@d, start U@e
   10: done U@d           ->
   20: done U@b           -> start U@c
   30: done U@a, done U@c, done U@e -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a target held back by its zone holds back none behind it") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d e
    U on a b c d e, window 3, 1 per zone
  )",
               R"(
    0:          -> start U@a, start U@d
   10: done U@a -> start U@b
   20: done U@d -> start U@e
   30: done U@e ->
   40: done U@b -> start U@c
  )");
}

TEST_CASE("the overall window and that of the zone hold together") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d e f
    U on a b c d e f, window 3, 2 per zone
  )",
               R"(
    0:          -> start U@a, start U@b, start U@d
   10: done U@d -> start U@e
   20: done U@a -> start U@c
   30: done U@c -> start U@f
  )");
}

TEST_CASE("two windows of groups hold together, whichever is narrower") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d e f
    ! rack r1: a d
    ! rack r2: b c e f
    U on a b c d e f, window 2 per zone, 1 per rack
  )",
               R"(
    0:          -> start U@a, start U@b
   10: done U@a -> start U@d
   20: done U@b -> start U@c
   30: done U@c -> start U@e
   40: done U@d, done U@e -> start U@f
   50: done U@f -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a target that its zone held back goes before others when it has room") {
  check_starts(R"(
    ! zone eu: a b
    ! zone us: c d e
    U on a b c d e, window 2, 1 per zone
  )",
               R"(
    0:          -> start U@a, start U@c
   10: done U@c -> start U@d
   20: done U@a, done U@d -> start U@b, start U@e
  )");
}

TEST_CASE("a zone's place goes on to the next when its first is at work elsewhere") {
  check_starts(R"(
    ! zone eu: a b c
    A on b
    U on a b c, window 1 per zone, with previous
  )",
               R"(
    0:          -> start A@b, start U@a
   10: done U@a -> start U@c
   12: done A@b -> step A succeeded
   20: done U@c -> start U@b
  )");
}

TEST_CASE("at most so many targets are at work over the whole deployment") {
  check_starts(R"(
    ! at most 2
    A on a b c
    B on d e, with previous
  )",
               R"(
    0:          -> start A@a, start A@b
   10: done A@b -> start A@c
   20: done A@a -> start B@d
   30: done A@c -> step A succeeded, start B@e
  )");
}

TEST_CASE("at most counts the targets of all steps, and not the controller") {
  check_starts(R"(
    ! at most 1
    A on a b
    B, with previous
    C on c, with previous
  )",
               R"(
    0:          -> start A@a, start B@controller
   10: done A@a -> start A@b
   20: done A@b -> step A succeeded, start C@c
  )");
}

TEST_CASE("who cannot use a place passes it on") {
  // A's window is full, so the free place is B's, though A comes before it.
  check_starts(R"(
    ! at most 3
    A on a b c d, window 2
    B on e f g, with previous
  )",
               R"(
    0:          -> start A@a, start A@b, start B@e
   10: done B@e -> start B@f
   20: done A@a -> start A@c
   30: done A@c, done B@f -> start A@d, start B@g
  )");
}

TEST_CASE("a target at work in two steps at once counts once") {
  check_starts(R"(
    ! at most 1
    A on a b
    B on b a, shared, with previous
  )",
               R"(
    0:          -> start A@a, start B@a
   10: done A@a ->
   20: done B@a -> start A@b, start B@b
   30: done A@b, done B@b -> step A succeeded, step B succeeded, deployment succeeded
  )");
}

TEST_CASE(
    "whose first has begun beside another step waits behind those that come before its next") {
  // B's a and b need no place beside A's. Of a's zone B has none left, of b's e, which comes behind
  // d; and what A leaves behind stood in front of all of them.
  check_starts(R"(
    ! zone eu: a f
    ! zone us: b e g
    ! zone asia: x d
    ! at most 1
    A on x a b f g, window 2 per zone
    B on a b d e, window 2 per zone, shared, with previous
  )",
               R"(
    0:          -> start A@x
    5: done A@x -> start A@a, start B@a
   10: done B@a ->
   15: done A@a -> start A@b, start B@b
   20: done B@b ->
   30: fail A@b -> step A failed (halted), start B@d
   40: done B@d -> start B@e
   50: done B@e -> step B succeeded, deployment failed
  )");
}
