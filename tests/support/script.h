// Scripts for the scheduler: a plan (support/tiny_plan.h), then a column of
// `instant: events -> commands`. The runner feeds the events, prints what the scheduler says, and
// compares the whole column.
//
//    0:                 -> start A@a, start A@b
//   10: done A@a        -> start A@c
//   20: fail A@b, abort -> cancel A@c
//
// Events: done, fail, unreachable, cancelled, started, timeout (fired), over (a retry's pause) with
// an action; true, false, unknown with what was to be evaluated; retry, ignore, exclude, abort with
// an action that was asked about; deadline (passed); pause, continue, abort. An action is
// STEP@TARGET or STEP/TASK@TARGET, with `.before`, `.verify`, `.undo`, `.census` before the @ for
// its other parts, and `#N` for an attempt other than the last one started. A line that does not
// open with an instant goes on the one above.
#pragma once

#include <string>
#include <string_view>

#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::test {

// Everything that the scheduler says.
void check_script(std::string_view plan, std::string_view script);
// The same, but what tells of a good course alone: steps, lanes and tasks that begin, lanes and
// tasks that end.
void check_starts(std::string_view plan, std::string_view script);
// Also for a plan that tiny_plan cannot say.
void check_script(const plan::Plan& plan, std::string_view script);
void check_starts(const plan::Plan& plan, std::string_view script);

// One command as the scripts have it.
std::string command_text(const plan::Plan& plan, const scheduler::Command& command);
std::string_view reason_word(scheduler::Reason reason);

}  // namespace sluice::test
