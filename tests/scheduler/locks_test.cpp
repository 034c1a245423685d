// On one target one step works at a time.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("on one target one step works at a time, also when two run together") {
  check_script("A on a\nB on a, with previous", R"(
    0:          -> step A began, lane A@a began, start A@a, step B began
   10: done A@a -> task A@a succeeded, lane A@a succeeded, step A succeeded,
                   lane B@a began, start B@a
   20: done B@a -> task B@a succeeded, lane B@a succeeded, step B succeeded,
                   deployment succeeded
  )");
}

TEST_CASE("a target held back has no slot and holds back none behind it") {
  check_starts("A on a, window 1\nB on a b c, window 1, with previous", R"(
    0:          -> start A@a, start B@b
   10: done B@b -> start B@c
   20: done B@c ->
   30: done A@a -> step A succeeded, start B@a
   40: done B@a -> step B succeeded, deployment succeeded
  )");
}

TEST_CASE("of those that wait the first in order begins, also one that was held back") {
  check_starts("A on a, window 1\nB on a b c d, window 1, with previous", R"(
    0:          -> start A@a, start B@b
   10: done A@a -> step A succeeded
   20: done B@b -> start B@a
   30: done B@a -> start B@c
  )");
  check_starts("A on c b a\nB on a b c d, window 1, with previous", R"(
    0:                    -> start A@c, start A@b, start A@a, start B@d
   10: done A@c           ->
   20: done A@b, done B@d -> start B@b
   30: done A@a           -> step A succeeded
   40: done B@b           -> start B@a
   50: done B@a           -> start B@c
  )");
}

TEST_CASE("parallel steps that wait for one target are served in the order of the file") {
  check_starts("A on a\nB on a, with previous\nC on a, with previous", R"(
    0:          -> start A@a
   10: done A@a -> step A succeeded, start B@a
   20: done B@a -> step B succeeded, start C@a
   30: done C@a -> step C succeeded, deployment succeeded
  )");
  check_starts("A on b a, window 1\nB on a b, window 1, with previous", R"(
    0:                    -> start A@b, start B@a
   10: done A@b, done B@a -> start A@a, start B@b
  )");
}

TEST_CASE("a lane holds its target's lock from its first child step to its last, and in pauses") {
  check_starts("A on a: x, retry 1 every 5; y\nB on a, with previous", R"(
    0:            -> start A/x@a
   10: fail A/x@a -> pause A/x@a at 15
   15: over A/x@a -> start A/x@a#2
   20: done A/x@a -> start A/y@a
   30: done A/y@a -> step A succeeded, start B@a
  )");
}

TEST_CASE("a shared step neither waits for another on its target nor makes it wait") {
  check_starts("A on a\nB on a, with previous, shared", "0: -> start A@a, start B@a");
  check_starts("A on a, shared\nB on a, with previous", "0: -> start A@a, start B@a");
  check_starts("A on a\nB on a, with previous, shared\nC on a, with previous", R"(
    0:          -> start A@a, start B@a
   10: done B@a -> step B succeeded
   20: done A@a -> step A succeeded, start C@a
  )");
}

TEST_CASE("the controller has no lock") {
  check_starts("A\nB, with previous", "0: -> start A@controller, start B@controller");
}

TEST_CASE("targets that wait for a step that has halted never begin") {
  check_starts("A on a\nB on a b, with previous", R"(
    0:          -> start A@a, start B@b
   10: fail B@b -> step B failed (halted)
   20: done A@a -> step A succeeded, deployment failed
  )");
}

TEST_CASE("a failed lane gives its lock back") {
  check_starts("A on a\nB on a, with previous", R"(
    0:          -> start A@a
   10: fail A@a -> step A failed, start B@a
  )");
}

TEST_CASE("a lock is free again in the instant in which its lane ends") {
  check_starts("A on a b, window 1\nB on b a, window 1, with previous", R"(
    0:                    -> start A@a, start B@b
   10: done A@a           ->
   20: done B@b           -> start A@b, start B@a
   30: done A@b, done B@a -> step A succeeded, step B succeeded, deployment succeeded
  )");
}

TEST_CASE("a step that overlaps several others in sequence waits for each") {
  check_starts("First\nA on a, after First\nB on a, after A\nC on a b, after First", R"(
    0:                       -> start First@controller
    1: done First@controller -> step First succeeded, start A@a, start C@b
   10: done A@a              -> step A succeeded, start B@a
   20: done C@b              ->
   30: done B@a              -> step B succeeded, start C@a
   40: done C@a              -> step C succeeded, deployment succeeded
  )");
}

TEST_CASE("steps that never meet need no lock") {
  check_starts("A on a\nB on a\nC on a", R"(
    0:          -> start A@a
   10: done A@a -> step A succeeded, start B@a
   20: done B@a -> step B succeeded, start C@a
  )");
}
