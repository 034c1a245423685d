// A line on a terminal while something takes long; none where it takes no time.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "cli/load.h"

namespace sluice::cli {

class WorkProgress {
 public:
  // "120 of 1000 runs"
  WorkProgress(std::uint32_t all, std::string of_what)
      : all_(all), of_what_(std::move(of_what)), wanted_(live_lines_wanted()) {}
  ~WorkProgress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  WorkProgress(const WorkProgress&) = delete;
  WorkProgress& operator=(const WorkProgress&) = delete;

  void show(std::uint32_t done) {
    const Clock::time_point now = Clock::now();
    if (!wanted_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    shown_ = true;
    fmt::print(stderr, "\r\x1b[K{} of {} {}", done, all_, of_what_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::uint32_t all_;
  std::string of_what_;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(500);
};

}  // namespace sluice::cli
