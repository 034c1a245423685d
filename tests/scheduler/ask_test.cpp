// `on failure ask`: the decision table of guided failure, a row for each event and answer.
#include <catch2/catch.hpp>

#include "support/script.h"

using sluice::test::check_script;
using sluice::test::check_starts;

TEST_CASE("a failure is asked about, the target keeps its slot, and no other begins") {
  check_script("U on a b c, window 2, ask", R"(
    0:             -> step U began, lane U@a began, start U@a, lane U@b began, start U@b
   10: fail U@a    -> ask U@a
   12: done U@b    -> task U@b succeeded, lane U@b succeeded
   20: ignore U@a  -> task U@a failed, lane U@a degraded, lane U@c began, start U@c
   30: done U@c    -> task U@c succeeded, lane U@c succeeded, step U degraded, deployment degraded
  )");
}

// Every answer to a question.

TEST_CASE("answer retry: one more attempt, and it is asked again") {
  check_starts("U on a b, window 1, ask, retry 1", R"(
    0:            -> start U@a
   10: fail U@a   -> start U@a#2
   20: fail U@a   -> ask U@a#2
   30: retry U@a  -> start U@a#3
   40: fail U@a   -> ask U@a#3
   50: retry U@a  -> start U@a#4
   60: done U@a   -> start U@b
  )");
}

TEST_CASE("answer ignore: it goes on as after a success, and is degraded") {
  check_script("U on a, ask: x; y; z, failure", R"(
    0:              -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a   -> ask U/x@a
   20: ignore U/x@a -> task U/x@a failed, start U/y@a
   30: done U/y@a   -> task U/y@a succeeded, task U/z@a skipped (without failure),
                       lane U@a degraded, step U degraded, deployment degraded
  )");
}

TEST_CASE("answer exclude: it does not count as failed, and takes part in no later step") {
  check_script("U on a b, window 1, ask: x; y; z, always\nB on a b, always\nC on a", R"(
    0:               -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a    -> ask U/x@a
   20: exclude U/x@a -> task U/x@a failed, task U/y@a skipped (after failure), start U/z@a
   25: done U/z@a    -> task U/z@a succeeded, lane U@a excluded, lane U@b began, start U/x@b
   30: done U/x@b    -> task U/x@b succeeded, start U/y@b
   40: done U/y@b    -> task U/y@b succeeded, start U/z@b
   50: done U/z@b    -> task U/z@b succeeded, lane U@b succeeded, step U degraded,
                        step B began, lane B@a left out: skipped (excluded before by U),
                        lane B@b began, start B@b
   60: done B@b      -> task B@b succeeded, lane B@b succeeded, step B succeeded,
                        lane C@a left out: skipped (excluded before by U),
                        step C skipped (excluded before by U), deployment degraded
  )");
}

TEST_CASE("answer abort: the failure stands, and the deployment is aborted") {
  check_starts("U on a b c, window 2, ask: x; y, always", R"(
    0:               -> start U/x@a, start U/x@b
   10: fail U/x@a    -> ask U/x@a
   20: abort U/x@a   -> cancel U/x@b, start U/y@a
   21: cancelled U/x@b, done U/y@a -> start U/y@b
   30: done U/y@b    -> step U failed (aborted), deployment aborted
  )");
}

// Every event that meets an open question.

TEST_CASE("a question and a pause: a begun target may still be answered") {
  check_starts("U on a b, window 1, ask", R"(
    0:           -> start U@a
   10: fail U@a  -> ask U@a
   11: pause     ->
   20: retry U@a -> start U@a#2
   30: done U@a  ->
   40: continue  -> start U@b
  )");
}

TEST_CASE("a question and an abort: nobody is asked any more, and the failure stands") {
  check_script("U on a b, window 1, ask: x; y, always", R"(
    0:              -> step U began, lane U@a began, start U/x@a
   10: fail U/x@a   -> ask U/x@a
   20: abort        -> task U/x@a failed, start U/y@a
   21: retry U/x@a  ->
   30: done U/y@a   -> task U/y@a succeeded, lane U@a failed, step U failed (aborted),
                       deployment aborted
  )");
}

TEST_CASE("a question and the deadline: it is rejected") {
  check_script("deadline 20\nU on a b, window 1, ask: x; y, always", R"(
    0:             -> deadline at 20, step U began, lane U@a began, start U/x@a
   10: fail U/x@a  -> ask U/x@a
   20: deadline    -> task U/x@a failed, start U/y@a
   30: done U/y@a  -> task U/y@a succeeded, lane U@a failed, step U failed (deadline),
                      deployment failed
  )");
}

TEST_CASE("an answer at the instant of the deadline or an abort counts") {
  check_starts("deadline 20\nU on a, ask", R"(
    0:                     -> deadline at 20, start U@a
   10: fail U@a            -> ask U@a
   20: deadline, ignore U@a -> step U degraded, deployment degraded
  )");
  check_starts("U on a, ask", R"(
    0:                      -> start U@a
   10: fail U@a             -> ask U@a
   20: abort, exclude U@a   -> step U degraded, deployment aborted
  )");
}

TEST_CASE("several questions at once: no target begins before the last is answered") {
  check_starts("U on a b c d, window 3, ask", R"(
    0:                       -> start U@a, start U@b, start U@c
   10: fail U@a, fail U@b    -> ask U@a, ask U@b
   12: done U@c              ->
   15: exclude U@b           ->
   20: ignore U@a            -> start U@d
   21: fail U@d              -> ask U@d
   22: exclude U@d           -> step U degraded, deployment degraded
  )");
}

TEST_CASE("two answers at one instant, or a late one: the first counts") {
  check_starts("U on a, ask", R"(
    0:                        -> start U@a
   10: fail U@a               -> ask U@a
   20: exclude U@a, retry U@a -> start U@a#2
   21: exclude U@a#1          ->
   30: done U@a               -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE(
    "a timeout holds the others back at once, and is asked about when the attempt has ended") {
  check_starts("U on a b c, window 2, ask, timeout 10", R"(
    0:               -> start U@a, timeout U@a at 10, start U@b, timeout U@b at 10
    5: done U@b      -> start U@c, timeout U@c at 15
   10: timeout U@a   -> cancel U@a
   12: done U@c      ->
   15: cancelled U@a -> ask U@a
   20: retry U@a     -> start U@a#2, timeout U@a#2 at 30
   21: done U@a      -> step U succeeded, deployment succeeded
  )");
}

TEST_CASE("a verify that fails is asked about, and retry tries the verify again") {
  check_starts("U on a, ask, verify", R"(
    0:                  -> start U@a
   10: done U@a         -> start U.verify@a
   11: fail U.verify@a  -> ask U.verify@a
   20: retry U.verify@a -> start U.verify@a#2
   21: done U.verify@a  -> step U succeeded, start U.census@a
  )");
}

TEST_CASE("a failure that is ignored is not asked about, nor one after an exclusion") {
  check_starts("U on a, ask: x, ignore; y; z, always", R"(
    0:               -> start U/x@a
   10: fail U/x@a    -> start U/y@a
   20: fail U/y@a    -> ask U/y@a
   30: exclude U/y@a -> start U/z@a
   40: fail U/z@a    -> step U degraded, deployment degraded
  )");
}

TEST_CASE("the controller may be excluded from a step, and takes part in the next") {
  check_starts("A, ask\nB", R"(
    0:                      -> start A@controller
   10: fail A@controller    -> ask A@controller
   20: exclude A@controller -> step A degraded, start B@controller
  )");
}
