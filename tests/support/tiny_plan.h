// Plans in a line a step, for tests of what reads plans: the scheduler, the simulator, the
// timeline. Times are milliseconds.
//
//   Migrate on db
//   Update on a b c d, window 3, tolerate 1: leave; deploy, retry 2 every 5, timeout 30; back,
//   always Report, always
//
// A step: NAME [on TARGET…], then phrases: window N, tolerate N, continue, failure, always, shared,
// optional, disabled, with previous, after NAME…; then `:` and its tasks, apart by `;`. A task's
// phrases: retry N [every T], timeout T, ignore, failure, always, disabled, takes T [to T], drains,
// restores, interrupts. A step without tasks has one of its own name; what only a task can have
// stands with it. `t1..t9` is a range of targets. No `on`: on the controller.
#pragma once

#include <string_view>

#include "plan/plan.h"

namespace sluice::test {

// Not sealed and not verified. A text that is wrong fails the test.
plan::Plan tiny_plan(std::string_view text);

// Every step's joins from `above[step]`, the steps it waits for: reduced and shared.
void set_joins(plan::Plan& plan, const std::vector<std::vector<std::uint32_t>>& above);

}  // namespace sluice::test
