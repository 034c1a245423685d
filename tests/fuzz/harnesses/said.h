// What holds of everything that is said of any text.
#pragma once

#include "base/diagnostics.h"
#include "base/source.h"

namespace sluice::fuzz {

// Every message has a code that can be explained, words, and a place within the text; it can be
// printed for a person and for a program.
void check_said(const base::Diagnostics& diagnostics, const base::Sources& sources);

}  // namespace sluice::fuzz
