// When to stop looking for mistakes. Diagnostics count no further errors than these, so that a
// file with 100,000 of them costs no more than a screenful does.
#pragma once

#include <cstddef>

#include "base/diagnostics.h"

namespace sluice::base {

inline constexpr std::size_t most_errors = 1'000;

// Whether nobody looks for more: who goes through a list ends there.
inline bool is_full(const Diagnostics& diagnostics) {
  return diagnostics.error_count() >= most_errors;
}

}  // namespace sluice::base
