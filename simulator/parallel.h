// Work on several threads at once: the one place of the simulator that has any. What is done must
// not hang on who does it.
#pragma once

#include <cstdint>
#include <functional>

namespace sluice::simulator {

struct Portion {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t worker = 0;  // 0 … threads − 1; the caller's own thread is 0
};

// Hands out 0 … count − 1 in portions of at most `most`, to `threads` threads (at least 1; the
// caller's own is one of them), and returns when all is done. `progress` is called on the caller's
// thread, now and then, with how many are done.
void share_out(std::uint32_t threads, std::uint32_t count, std::uint32_t most,
               const std::function<void(const Portion&)>& work,
               const std::function<void(std::uint32_t done)>& progress);

}  // namespace sluice::simulator
