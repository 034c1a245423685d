// The phases of a lane at work and of a step, and the one door between them: a table of the legal
// transitions, checked at every change. docs/SCHEDULING.md draws both.
#pragma once

#include <cstdint>

namespace sluice::scheduler {

enum class SlotPhase : std::uint8_t {
  Free,
  Continuing,  // its next attempt starts as soon as all of this instant is settled
  Running,     // an attempt is out
  Cancelling,  // an attempt is out that was told to end
  Pausing,     // waits for the pause before the next attempt
};

enum class StepPhase : std::uint8_t {
  Waiting,  // for steps above it
  Ready,    // they have ended; it begins in the same instant, unless the run is paused
  Active,
  Ended,
};

// Ends the program where the table does not have the transition: that would be our bug.
void move(SlotPhase& phase, SlotPhase to);
void move(StepPhase& phase, StepPhase to);

}  // namespace sluice::scheduler
