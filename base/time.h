// Time as data. Nothing here reads a clock: instants are handed in by whoever drives the scheduler.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace sluice::base {

// A length of time in milliseconds, never negative in a plan.
struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

// Milliseconds since the start of the run, virtual or real.
struct Instant {
  std::int64_t ms = 0;
  auto operator<=>(const Instant&) const = default;

  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
};

constexpr Duration operator+(Duration a, Duration b) {
  return {a.ms + b.ms};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.ms - b.ms};
}
constexpr Instant operator+(Instant at, Duration d) {
  return {at.ms + d.ms};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.ms - b.ms};
}

}  // namespace sluice::base
