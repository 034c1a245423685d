// A state as people read it.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/state.h"

namespace sluice::render {

// "succeeded", "left behind", …
std::string state_words(scheduler::State state);
// The ANSI sequence that begins its colour; empty without colour, and where nothing is to be said.
std::string_view state_colour(scheduler::State state, bool colour);

}  // namespace sluice::render
