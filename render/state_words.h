// A state as people read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scheduler/state.h"

namespace sluice::render {

// "succeeded", "left behind", …
std::string state_words(scheduler::State state);
// ", 1 of 4 targets failed, 3 undone": how those of a step stand that did not end well; empty where
// there are none, and where there is one target alone, of which its step says it.
std::string bad_targets_words(std::uint32_t failed, std::uint32_t undone, std::uint32_t targets);
// The ANSI sequence that begins its colour; empty without colour, and where nothing is to be said.
std::string_view state_colour(scheduler::State state, bool colour);

}  // namespace sluice::render
