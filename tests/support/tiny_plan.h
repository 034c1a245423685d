// Plans in a line a step, for tests of what reads plans: the scheduler, the simulator, the
// timeline. Times are milliseconds.
//
//   Migrate on db
//   Update on a b c d, window 3, tolerate 1: leave; deploy, retry 2 every 5, timeout 30; back,
//   always Report, always
//
// A step: NAME [on TARGET…], then phrases: window N, tolerate N, continue, ask, rollback [all],
// unreachable skip [N], failure, always, if CONDITION, shared, optional, disabled, with previous,
// after NAME…; then `:` and its tasks, apart by `;`. A task's phrases: retry N [every T [backoff F]
// [upto T]], timeout T, ignore, failure, always, if CONDITION, disabled, takes T [to T], drains,
// restores, interrupts, manual, gives NAME VALUE, verify […], undo […], verified (`skip verified`);
// behind verify and undo: retry, timeout, takes and uses, without a comma. A step without tasks has
// one of its own name; what only a task can have stands with it; of one with tasks, verify and
// verified are the step's. `t1..t9` is a range of targets. No `on`: on the controller.
//
// A CONDITION is the name of a property, true or false, or `output STEP NAME` (that STEP's first
// task wrote NAME as "yes"), `output STEP NAME once` where all read that of its first lane.
//
// Other lines: `deadline T`; `property NAME: a b, not c d` (others do not have it); `time NAME: a b
// 10, c 20`, whose NAME then stands for the T of a timeout, a pause (`every`) or its cap (`upto`).
//
// What holds targets back: the phrases `window 2 per zone` (or `2 per zone`, beside `window 6`),
// `batches 1 2 4`, `lockstep`, `by zone`, `stagger T`, of a task `uses 1 license`; a gate is a line
// that opens with `-`, below its step; and above the steps the lines
//
//   ! zone eu: a b c
//   ! at most 3
//   ! role web minimum 2: a b c
//   ! require unavailable web per zone <= 1
//   ! resource license 3
#pragma once

#include <string_view>

#include "plan/plan.h"

namespace sluice::test {

// Not sealed and not verified. A text that is wrong fails the test.
plan::Plan tiny_plan(std::string_view text);

// Every step's joins from `above[step]`, the steps it waits for: reduced and shared.
void set_joins(plan::Plan& plan, const std::vector<std::vector<std::uint32_t>>& above);

}  // namespace sluice::test
