// The rolling scenario as a peer is given it, and how it tells what came out.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

struct Work {
  std::uint32_t targets = 0;
  std::uint32_t window = 0;
  std::uint32_t actions = 0;
  std::uint32_t next = 0;                // target
  std::vector<std::uint32_t> durations;  // in milliseconds, target by target
};

// `arguments`: PEER TARGETS WINDOW ACTIONS FILE; nothing, and why, where the file is too short.
inline std::optional<Work> read_work(char** arguments) {
  const auto number = [arguments](int at) {
    return static_cast<std::uint32_t>(std::strtoul(arguments[at], nullptr, 10));
  };
  Work work{number(1), number(2), number(3), 0, {}};
  work.durations.resize(std::size_t{work.targets} * work.actions);
  std::FILE* file = std::fopen(arguments[4], "rb");
  const bool whole = file != nullptr && std::fread(work.durations.data(), 4, work.durations.size(),
                                                   file) == work.durations.size();
  if (file != nullptr) std::fclose(file);
  if (whole) return work;
  std::fprintf(stderr, "%s: cannot read %s\n", arguments[0], arguments[4]);
  return std::nullopt;
}

inline void print_outcome(const Work& work, double makespan_ms, double seconds) {
  std::printf("{\"makespan_ms\": %.0f, \"seconds\": %.4f, \"events_per_second\": %.0f}\n",
              makespan_ms, seconds, static_cast<double>(work.durations.size()) / seconds);
}
