// The first attempts of a lane's tasks, as they were drawn: in little room, for they are kept for
// each lane at work and for those that come next. It knows no plan and no random number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace sluice::simulator {

struct DrawnLane {
  static constexpr std::uint32_t block = 8;  // tasks that are drawn together
  static constexpr std::uint32_t too_long = 0xffff'ffff;

  std::array<std::uint32_t, block> takes;  // ms
  std::uint8_t failing = 0;                // a bit for each task
  // None of them fails, is timed out, takes no time or too long to stand here; and what all of them
  // take then.
  bool simple = false;
  std::uint32_t all = 0;

  bool fails(std::uint32_t at) const { return ((failing >> at) & 1U) != 0; }
};

// Several tasks gone through in one: the last of them is what ends.
struct Stride {
  std::uint32_t last = 0;
  base::Duration takes;
  bool fails = false;
};

// From task `at` on, no further than `until`, both counted in the block. `times_out(at)`: whether
// the attempt is longer than it may be. The last one may fail. One that takes no time ends in a
// further round of its instant, which is not to be told beforehand.
template <class TimesOut>
Stride stride_from(const DrawnLane& drawn, std::uint32_t at, std::uint32_t until,
                   TimesOut times_out) {
  until = std::min(until, DrawnLane::block - 1);
  Stride stride{at, {drawn.takes[at]}, drawn.fails(at)};
  if (drawn.simple) {
    for (std::uint32_t next = at + 1; next <= until; ++next) stride.takes.ms += drawn.takes[next];
    stride.last = std::max(at, until);
    return stride;
  }
  base::Duration sum = stride.takes;
  for (std::uint32_t next = at + 1; next <= until; ++next) {
    if (drawn.fails(next - 1) || times_out(next - 1) || times_out(next)) break;
    if (drawn.takes[next] == DrawnLane::too_long) break;
    sum.ms += drawn.takes[next];
    if (drawn.takes[next] == 0) continue;
    stride = {next, sum, drawn.fails(next)};
  }
  return stride;
}

}  // namespace sluice::simulator
