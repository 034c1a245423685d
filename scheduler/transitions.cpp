#include "scheduler/transitions.h"

#include <array>

#include "base/check.h"

namespace sluice::scheduler {

namespace {

template <class Phase>
constexpr std::uint8_t bit(Phase phase) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(phase));
}

template <class Phase, class... Phases>
constexpr std::uint8_t to(Phase first, Phases... more) {
  return static_cast<std::uint8_t>((bit(first) | ... | bit(more)));
}

using enum SlotPhase;
constexpr std::array<std::uint8_t, 5> slot_table{
    to(Continuing),                 // Free: the lane begins
    to(Running, Continuing, Free),  // Continuing: starts, looks again, or has nothing left
    to(Cancelling, Continuing, Pausing, Free),  // Running: is cancelled, or its attempt ends
    to(Continuing, Pausing, Free),              // Cancelling: its attempt ends
    to(Continuing, Free),                       // Pausing: the pause ends, or an abort cuts it
};

constexpr std::array<std::uint8_t, 4> step_table{
    to(StepPhase::Ready),                     // Waiting
    to(StepPhase::Active, StepPhase::Ended),  // Ready: begins, or is skipped
    to(StepPhase::Ended),                     // Active
    std::uint8_t{0},                          // Ended
};

template <class Table, class Phase>
void checked_move(const Table& table, Phase& phase, Phase next) {
  SLUICE_CHECK((table[static_cast<std::size_t>(phase)] & bit(next)) != 0,
               "a state changed as it may not");
  phase = next;
}

}  // namespace

void move(SlotPhase& phase, SlotPhase to) {
  checked_move(slot_table, phase, to);
}
void move(StepPhase& phase, StepPhase to) {
  checked_move(step_table, phase, to);
}

}  // namespace sluice::scheduler
