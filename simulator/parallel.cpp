#include "simulator/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace sluice::simulator {

void share_out(std::uint32_t threads, std::uint32_t count, std::uint32_t most,
               const std::function<void(const Portion&)>& work,
               const std::function<void(std::uint32_t done)>& progress) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint32_t> done{0};
  const auto work_on = [&](std::uint32_t worker) {
    for (;;) {
      const std::uint64_t begin = next.fetch_add(most);
      if (begin >= count) return;
      const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(begin + most, count));
      work({static_cast<std::uint32_t>(begin), end, worker});
      const std::uint32_t all = done.fetch_add(end - static_cast<std::uint32_t>(begin)) + end -
                                static_cast<std::uint32_t>(begin);
      if (worker == 0 && progress) progress(all);
    }
  };
  std::vector<std::jthread> others;
  for (std::uint32_t worker = 1; worker < threads; ++worker) {
    others.emplace_back([&work_on, worker] { work_on(worker); });
  }
  work_on(0);
  others.clear();  // waits for them
  if (progress) progress(count);
}

}  // namespace sluice::simulator
