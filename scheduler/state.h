// The words for how things stand and why: one set for scheduler, timeline, journal and output.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::scheduler {

// Of a deployment, a step, a lane, a task or a target; each uses those that fit it.
enum class State : std::uint8_t {
  NotStarted,
  Running,
  Succeeded,
  Degraded,  // ended well, but for failures within tolerance or ignored
  Failed,
  Undone,
  Skipped,
  Excluded,
  LeftBehind,
  Cancelled,  // ended by an abort
  Aborted,    // of a deployment only
  Paused,     // of a deployment only
};

// "succeeded", "left_behind", …
std::string_view state_name(State state);
// Whether a deployment in this state has begun and ended.
constexpr bool is_end(State state) {
  return state != State::NotStarted && state != State::Running && state != State::Paused;
}

// Why something was not run, or was cut short.
enum class Reason : std::uint8_t {
  None,
  Disabled,          // the file says `disabled`
  NoTargets,         // an optional step without targets
  AfterFailure,      // `when success`, and an earlier step (of a task: an earlier task) failed
  WithoutFailure,    // `when failure`, and nothing failed
  FailedBefore,      // the target failed in a step that this one waits for
  Halted,            // more failures than tolerated
  Aborted,           // by the operator
  Paused,            // the run stands still and has not come this far
  Condition,         // its condition does not hold
  NotKnown,          // its condition reads what was never written
  Verified,          // `skip verified`: it is in place already
  OutOfReach,        // the target could not be reached before anything was done to it
  GateFailed,        // a step between its batches failed
  Deadline,          // the deployment's deadline has passed
  RolledBack,        // undone because its step failed, not because it did
  ExcludedBefore,    // the target was excluded in a step that this one waits for
  LeftBehindBefore,  // the target was left behind in a step that this one waits for
  Stuck,             // nothing could ever admit it: our bug or a plan that waits for ever
};

enum class Outcome : std::uint8_t {
  Succeeded,
  Failed,
  Cancelled,
  Unreachable,  // the target could not be reached, and nothing was done to it
};

}  // namespace sluice::scheduler
