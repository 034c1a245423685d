// Admission for contracts: a target that will go out of service begins only where each of them
// still holds.
#include <catch2/catch.hpp>

#include "scheduler/timeline.h"
#include "support/script.h"
#include "support/tiny_plan.h"

using namespace sluice;
using test::check_script;
using test::check_starts;

TEST_CASE("a target is held back where it would break a contract, counting it out") {
  check_starts(R"(
    ! role web: a b c d
    ! require available web >= 2
    U on a b c d: leave, drains; back, restores
  )",
               R"(
    0:                -> start U/leave@a, start U/leave@b
   10: done U/leave@a -> start U/back@a
   20: done U/back@a  -> start U/leave@c
   30: done U/leave@b, done U/leave@c -> start U/back@b, start U/back@c
   40: done U/back@b, done U/back@c   -> start U/leave@d
  )");
}

TEST_CASE("its place is free when it is back, though its lane goes on") {
  check_starts(R"(
    ! role web: a b
    ! require unavailable web <= 1
    U on a b: leave, drains; back, restores; smoke
  )",
               R"(
    0:                -> start U/leave@a
   10: done U/leave@a -> start U/back@a
   20: done U/back@a  -> start U/smoke@a, start U/leave@b
  )");
}

TEST_CASE("its place is kept while a later child step may take it out again") {
  check_starts(R"(
    ! role web: a b
    ! require unavailable web < 2
    U on a b: leave, drains; back, restores; reboot, interrupts; smoke
  )",
               R"(
    0:                 -> start U/leave@a
   10: done U/leave@a  -> start U/back@a
   20: done U/back@a   -> start U/reboot@a
   30: done U/reboot@a -> start U/smoke@a, start U/leave@b
  )");
}

TEST_CASE("a target that failed while it was out stays counted") {
  check_starts(R"(
    ! role web: a b c
    ! require available web >= 1
    U on a b c, tolerate 2: leave, drains; deploy; back, restores
  )",
               R"(
    0:                 -> start U/leave@a, start U/leave@b
   10: done U/leave@a  -> start U/deploy@a
   20: fail U/deploy@a ->
   30: done U/leave@b  -> start U/deploy@b
   40: done U/deploy@b -> start U/back@b
   50: done U/back@b   -> start U/leave@c
  )");
}

TEST_CASE("each zone is held to its own bound") {
  check_starts(R"(
    ! zone eu: a b c
    ! zone us: d e
    ! role web: a b c d e
    ! require unavailable web per zone <= 1
    U on a b c d e, window 4: restart, interrupts
  )",
               R"(
    0:                  -> start U/restart@a, start U/restart@d
   10: done U/restart@d -> start U/restart@e
   20: done U/restart@a -> start U/restart@b
   30: done U/restart@e, done U/restart@b -> start U/restart@c
  )");
}

TEST_CASE("no downtime means that as many as the role needs stay in service") {
  check_starts(R"(
    ! role web minimum 2: a b c
    ! require downtime web == 0
    U on a b c, interrupts
  )",
               R"(
    0:          -> start U@a
   10: done U@a -> start U@b
   20: done U@b -> start U@c
  )");
}

TEST_CASE("a contract in a share of runs, and steps that take nothing out, hold nothing back") {
  check_starts(R"(
    ! role web: a b
    ! require available web >= 2 in
    U on a b, interrupts
  )",
               "0: -> start U@a, start U@b");
  check_starts(R"(
    ! role web: a b
    ! require available web >= 2
    U on a b
  )",
               "0: -> start U@a, start U@b");
}

TEST_CASE("what is out already takes no more place: a repair begins where it failed") {
  check_starts(R"(
    ! role web: a b c
    ! require available web >= 2
    U on a b c, window 1: leave, drains; deploy
    Repair on a b c, failure: mend, interrupts; back, restores
  )",
               R"(
    0:                    -> start U/leave@a
   10: done U/leave@a     -> start U/deploy@a
   20: fail U/deploy@a    -> step U failed (halted), start Repair/mend@a
   30: done Repair/mend@a -> start Repair/back@a
   40: done Repair/back@a -> start Repair/mend@b
   50: done Repair/mend@b -> start Repair/back@b, start Repair/mend@c
  )");
}

TEST_CASE("two steps that take targets out share what a contract allows") {
  check_starts(R"(
    ! role web: a b c d
    ! require unavailable web <= 2
    A on a b, window 1, interrupts
    B on c d, with previous, interrupts
  )",
               R"(
    0:          -> start A@a, start B@c
   10: done B@c -> start B@d
   20: done A@a -> start A@b
  )");
}

TEST_CASE("a step that waits for ever fails, and says for which contract") {
  const plan::Plan plan = test::tiny_plan(R"(
    ! role web: a b c
    ! require available web >= 2
    Leave on a b c, drains
  )");
  check_script(plan, R"(
    0:              -> step Leave began, lane Leave@a began, start Leave@a
   10: done Leave@a -> task Leave@a succeeded, lane Leave@a succeeded,
                       step Leave failed (stuck by available web >= 2), deployment failed
  )");
  CHECK(scheduler::reason_text(plan, scheduler::Reason::Stuck, {}, 0) ==
        "nothing could ever admit its next target: `available web >= 2` would no longer hold");
}

TEST_CASE("a contract that cannot hold admits nobody") {
  check_starts(R"(
    ! role web: a b
    ! require available web >= 3
    U on a b, interrupts
  )",
               "0: -> step U failed (stuck by available web >= 3), deployment failed");
}
