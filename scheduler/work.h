// What an action carries out, and its name in words: for whoever starts, draws or shows actions.
// It knows no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::scheduler {

// The task itself, its `verify` or its `undo`; of a task behind the step's last, the step's own
// `verify`.
const plan::Work& work_for(const plan::Plan& plan, const Action& action);

// Whether there is such a work: an action that was read from a file may name anything. Its step
// must be one of the plan's.
bool has_work(const plan::Plan& plan, const Action& action);

// Whether a person carries it out.
inline bool is_manual(const plan::Work& work) {
  return work.action.kind == "manual";
}

// "Deploy", "Deploy verify", "Deploy undo"; of the step's own `verify`, "Update verify".
std::string part_name(const plan::Plan& plan, const Action& action);

// What an action does to its target's being in service. A `verify` changes nothing. An `undo` takes
// back the effect of its task, beside what it does itself: of one that drains, it restores; of one
// that restores, it drains; of one that interrupts, it interrupts and then restores.
plan::ServiceEffect effect_of(const plan::Plan& plan, const Action& action);

// What a retry pauses for on one target.
struct Pauses {
  base::Duration first;
  plan::Number backoff{1'000'000};
  std::optional<base::Duration> most;
};

// The pause after `attempt` (from 1) failed: `retry 5 every 2s backoff 2 up to 1m` pauses 2 s, 4 s,
// 8 s, … and never more than a minute. Each is worked out from the one before, in whole
// milliseconds, rounded down.
base::Duration retry_pause(const Pauses& pauses, std::uint32_t attempt);

}  // namespace sluice::scheduler
