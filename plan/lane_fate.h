// What can become of a target in one step, whatever fails: every way through its tasks at once.
#pragma once

#include <cstddef>

#include "plan/plan.h"

namespace sluice::plan {

// Only what this step took out of service counts as its own.
struct LaneFate {
  bool can_fail = false;
  bool out_while_run = false;              // at some time; and so on, where it fails then
  bool out_after_well = false;             // though no task failed but ignored ones …
  bool out_though_nothing_failed = false;  // … and even where none did
  bool out_unless_failed = false;  // where none fails it always is: no condition can keep it in
  // A first task that could not reach its host may have taken it out all the same: where the step
  // leaves such targets behind, nothing brings them back.
  bool out_left_behind = false;
};

LaneFate fate_of(const Step& step);

// Whether a target is out of service at the end of its lane where the task in place `failed` fails;
// the number of tasks: where none does. What is bound to a condition counts as run.
bool out_at_end(const Step& step, std::size_t failed);

// Whether taking the step back may take a target out: an undo that drains or interrupts, or one of
// a task that restores or interrupts, whose effect is taken back with it.
bool undo_takes_out(const Step& step);

}  // namespace sluice::plan
