// The phases of a lane and of a step, and the one door between them: every change goes through
// change(), which looks it up in the table of legal transitions. docs/SCHEDULING.md draws both
// tables. It knows no plan, no time and no command.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "scheduler/state.h"

namespace sluice::scheduler {

// A lane that has not begun is stored nowhere; one that has holds a slot until it has ended.
enum class LanePhase : std::uint8_t {
  NotBegun,
  Deciding,    // nothing is open: what it does next is decided when all of the instant is settled
  Acting,      // an attempt is out
  Ending,      // an attempt is out that was told to end
  Pausing,     // waits before the next attempt
  Evaluating,  // a condition is being worked out by the driver
  Asking,      // a person is asked what is to come of a failure
  Waiting,     // for the others of its batch, or for pieces of a resource
  Succeeded,
  Degraded,
  Failed,
  Undone,  // it failed, or its step did, and was taken back
  Cancelled,
  Excluded,    // a person took it out after a failure
  LeftBehind,  // it could not be reached before anything was done to it
  Skipped,     // it is in place already, or its condition does not hold
  LeftOut,     // its target failed in a step that this one waits for, or is gone
};

enum class StepPhase : std::uint8_t {
  Waiting,  // for steps that have not ended
  Asking,   // they have, and the driver works its condition out
  Ready,    // they have; it begins in this instant, or when a pause is taken back
  Running,
  Succeeded,
  Degraded,
  Failed,
  Skipped,
};

std::string_view phase_name(LanePhase phase);
std::string_view phase_name(StepPhase phase);

// The words for the world outside; what is not over is Running or NotStarted.
State state_of(LanePhase phase);
State state_of(StepPhase phase);

namespace transitions {

template <class Phase, class... Phases>
constexpr std::uint32_t to(Phases... phases) {
  return (0U | ... | (1U << static_cast<unsigned>(phases)));
}

using enum LanePhase;
inline constexpr std::array<std::uint32_t, 17> lane{
    to<LanePhase>(Deciding, LeftOut),  // NotBegun: begins, or never will
    to<LanePhase>(Acting, Pausing, Evaluating, Asking, Waiting, Succeeded, Degraded, Failed, Undone,
                  Cancelled, Excluded, LeftBehind, Skipped),  // Deciding
    to<LanePhase>(Deciding, Ending),  // Acting: its attempt ended; timed out, or was aborted
    to<LanePhase>(Deciding),          // Ending: its attempt ended
    to<LanePhase>(Deciding),          // Pausing: the pause is over, or an abort cut it
    to<LanePhase>(Deciding),          // Evaluating: it is known
    to<LanePhase>(Deciding),          // Asking: answered, or nobody will
    to<LanePhase>(Acting, Deciding),  // Waiting: it may start; or an abort cut it
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
};

inline constexpr std::array<std::uint32_t, 8> step{
    to<StepPhase>(StepPhase::Ready, StepPhase::Asking, StepPhase::Skipped),  // Waiting
    to<StepPhase>(StepPhase::Ready, StepPhase::Skipped),    // Asking: known; aborted meanwhile
    to<StepPhase>(StepPhase::Running, StepPhase::Skipped),  // Ready: begins; aborted in a pause
    to<StepPhase>(StepPhase::Succeeded, StepPhase::Degraded, StepPhase::Failed,
                  StepPhase::Skipped),  // Running; skipped: its condition held for no target
    0,
    0,
    0,
    0,
};

}  // namespace transitions

constexpr bool may_become(LanePhase from, LanePhase to) {
  return (transitions::lane[static_cast<std::size_t>(from)] & transitions::to<LanePhase>(to)) != 0;
}
constexpr bool may_become(StepPhase from, StepPhase to) {
  return (transitions::step[static_cast<std::size_t>(from)] & transitions::to<StepPhase>(to)) != 0;
}

// The one function that changes a phase. What the table does not have is our bug and ends the
// program.
template <class Phase>
void change(Phase& phase, Phase to) {
  SLUICE_CHECK(may_become(phase, to), "a lane or a step changed its state as it may not");
  phase = to;
}

}  // namespace sluice::scheduler
