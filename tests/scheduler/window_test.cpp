// How many at once: windows, order, slots, and what an instant is.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a step says when it, its lanes and its tasks begin and end") {
  check_script("Update on a", R"(
    0:               -> step Update began, lane Update@a began, start Update@a
   10: done Update@a -> task Update@a succeeded, lane Update@a succeeded, step Update succeeded,
                        deployment succeeded
  )");
}

TEST_CASE("a plan without steps ends at once") {
  check_script("", "0: -> deployment succeeded");
}

TEST_CASE("without a window all targets of a step begin together") {
  check_starts("U on a b c", R"(
    0:                            -> start U@a, start U@b, start U@c
   10: done U@b                   ->
   20: done U@a, done U@c         -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a window of one takes the targets one after the other, in order") {
  check_starts("U on a b c, window 1", R"(
    0:          -> start U@a
   10: done U@a -> start U@b
   20: done U@b -> start U@c
   30: done U@c -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a window of three admits the fourth target when any of the three finishes") {
  check_starts("U on a b c d, window 3", R"(
    0:          -> start U@a, start U@b, start U@c
   10: done U@b -> start U@d
   20: done U@c, done U@d ->
   30: done U@a -> step U succeeded, deployment succeeded
  )");
  check_starts("U on a b c d, window 3", R"(
    0:          -> start U@a, start U@b, start U@c
   10: done U@c -> start U@d
   11: done U@a -> 
   12: done U@d ->
   13: done U@b -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a window wider than its targets admits them all") {
  check_starts("U on a b, window 9", "0: -> start U@a, start U@b");
}

TEST_CASE("two targets that finish at one instant make room for two, in order") {
  check_starts("U on a b c d e, window 2", R"(
    0:                    -> start U@a, start U@b
   10: done U@b, done U@a -> start U@c, start U@d
   20: done U@c           -> start U@e
  )");
}

TEST_CASE("targets begin in the order of their list") {
  check_starts("One on c a b, window 2\nTwo on a b c, window 1", R"(
    0:              -> start One@c, start One@a
    5: done One@a   -> start One@b
    6: done One@c   ->
    7: done One@b   -> step One succeeded, start Two@a
  )");
}

TEST_CASE("child steps run in order on their target, without a gap, in one slot") {
  check_starts("U on a b, window 1: leave; deploy; back", R"(
    0:                 -> start U/leave@a
   10: done U/leave@a  -> start U/deploy@a
   20: done U/deploy@a -> start U/back@a
   30: done U/back@a   -> start U/leave@b
   40: done U/leave@b  -> start U/deploy@b
   50: done U/deploy@b -> start U/back@b
   60: done U/back@b   -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a slot is free when the last child step of its target has ended") {
  check_script("U on a b, window 1: leave; back", R"(
    0:                -> step U began, lane U@a began, start U/leave@a
   10: done U/leave@a -> task U/leave@a succeeded, start U/back@a
   20: done U/back@a  -> task U/back@a succeeded, lane U@a succeeded,
                         lane U@b began, start U/leave@b
  )");
}

TEST_CASE("lanes at work go on before others begin") {
  check_starts("U on a b c, window 2: x; y", R"(
    0:                          -> start U/x@a, start U/x@b
   10: done U/x@a               -> start U/y@a
   20: done U/x@b, done U/y@a   -> start U/y@b, start U/x@c
  )");
}

TEST_CASE("a step without `on` has one lane, on the controller") {
  check_script("Tell", R"(
    0:                      -> step Tell began, lane Tell@controller began, start Tell@controller
   10: done Tell@controller -> task Tell@controller succeeded, lane Tell@controller succeeded,
                               step Tell succeeded, deployment succeeded
  )");
}

TEST_CASE("what takes no time ends in a further round of its instant") {
  check_starts("U on a b, window 1\nTell", R"(
    0:                      -> start U@a
    0: done U@a             -> start U@b
    0: done U@b             -> step U succeeded, start Tell@controller
    0: done Tell@controller -> step Tell succeeded, deployment succeeded
  )");
}

TEST_CASE("everything that ends at an instant is settled before anything starts") {
  // Whatever the order in which they are handed in: the failure of b forbids that d begins.
  check_starts("U on a b c d, window 2", R"(
    0:                    -> start U@a, start U@b
   10: done U@a, fail U@b -> step U failed (halted), deployment failed
  )");
  check_starts("U on a b c d, window 2", R"(
    0:                    -> start U@a, start U@b
   10: fail U@b, done U@a -> step U failed (halted), deployment failed
  )");
  check_starts("U on a b c, window 2, tolerate 1: x; y", R"(
    0:                        -> start U/x@a, start U/x@b
   10: done U/x@a, fail U/x@b -> start U/y@a, start U/x@c
  )");
}

TEST_CASE("a step without targets is skipped, and what waits for it goes on") {
  check_script("Old on, optional\nTell", R"(
    0: -> step Old skipped (no targets), step Tell began, lane Tell@controller began,
          start Tell@controller
  )");
  check_script("Old on\nTell", R"(
    0: -> step Old skipped (no targets), step Tell began, lane Tell@controller began,
          start Tell@controller
  )");
}

TEST_CASE("a lane whose child steps are all left undone begins and ends at one instant") {
  check_script("U on a b, window 1: off, disabled; mend, failure", R"(
    0: -> step U began,
          lane U@a began, task U/off@a skipped (disabled), task U/mend@a skipped (without failure),
          lane U@a succeeded,
          lane U@b began, task U/off@b skipped (disabled), task U/mend@b skipped (without failure),
          lane U@b succeeded, step U succeeded, deployment succeeded
  )");
}

TEST_CASE("that an action is known to have begun changes nothing") {
  check_starts("U on a", R"(
    0:             -> start U@a
    3: started U@a ->
   10: done U@a    -> step U succeeded, deployment succeeded
  )");
}
