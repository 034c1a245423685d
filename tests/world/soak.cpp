// Many seeds, one after the other, for as long as is asked for; or the trace of one.
//
//   soak --seconds 60 [--first 1] [--step 2] [--violations 1]   every second seed, from the first
//   on soak --count 1000 [--first 1] soak --seed 4711         prints what happens, and what is
//   wrong with it
//
// With --every 60 it says each minute how far it has come.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "world/schedule.h"

using namespace sluice;

namespace {

struct Options {
  std::uint64_t first = 1;
  std::uint64_t step = 1;
  std::uint64_t count = 0;
  std::uint64_t seconds = 0;
  std::uint64_t seed = 0;
  std::uint64_t violations = 1;  // so many end it
  std::uint64_t every = 0;       // seconds
  bool wrong = false;
};

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    const std::uint64_t value = std::strtoull(words[i + 1], nullptr, 10);
    if (name == "--first") {
      options.first = value;
    } else if (name == "--step") {
      options.step = value;
    } else if (name == "--count") {
      options.count = value;
    } else if (name == "--seconds") {
      options.seconds = value;
    } else if (name == "--violations") {
      options.violations = value;
    } else if (name == "--every") {
      options.every = value;
    } else if (name == "--seed") {
      options.seed = value;
    } else {
      options.wrong = true;
    }
  }
  options.wrong = options.wrong || count % 2 == 0 || options.step == 0 ||
                  (options.seed == 0 && options.count == 0 && options.seconds == 0);
  return options;
}

int print_one(std::uint64_t seed) {
  const world::Result result = world::run_schedule(seed, true);
  fmt::print("{} after {} ms, {} scripts, {} instants, {} programs\n",
             scheduler::state_name(result.state), result.ms, result.effects, result.instants,
             result.programs);
  if (result.violation.empty()) return 0;
  fmt::print("VIOLATED: {}\n", result.violation);
  return 1;
}

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int soak(const Options& options) {
  const auto start = Clock::now();
  const auto until = start + std::chrono::seconds(options.seconds);
  world::Result all;
  std::uint64_t done = 0;
  std::uint64_t found = 0;
  std::uint64_t said = 0;
  std::uint64_t seed = options.first;
  for (; options.count > 0 ? done < options.count : Clock::now() < until; seed += options.step) {
    const world::Result one = world::run_twice(seed);
    ++done;
    all.effects += one.effects;
    all.instants += one.instants;
    all.programs += one.programs;
    all.ms += one.ms;
    for (std::size_t i = 0; i < all.faults.size(); ++i) all.faults[i] += one.faults[i];
    const auto passed = static_cast<std::uint64_t>(seconds_since(start));
    if (options.every > 0 && passed / options.every > said) {
      said = passed / options.every;
      fmt::print("after {} s: {} schedules, {} violated, up to seed {}\n", passed, done, found,
                 seed);
      std::fflush(stdout);
    }
    if (one.violation.empty()) continue;
    fmt::print("seed {} VIOLATED: {}\n  soak --seed {} prints how\n", seed, one.violation, seed);
    std::fflush(stdout);
    all.violation = one.violation;
    if (++found >= options.violations) break;
  }
  fmt::print("schedules {}\nscripts begun {}\ninstants {}\nprograms {}\nvirtual ms {}\n", done,
             all.effects, all.instants, all.programs, all.ms);
  for (std::size_t i = 0; i < all.faults.size(); ++i) {
    fmt::print("fault {} {}\n", world::fault_name(static_cast<world::Fault>(i)), all.faults[i]);
  }
  fmt::print("seconds {:.1f}\n", seconds_since(start));
  return all.violation.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  // What one world gives back the next one takes: nothing of it goes to the system between them.
  constexpr int much = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, much);
  mallopt(M_TRIM_THRESHOLD, much);
  const Options options = read_options(count, words);
  if (options.wrong) {
    fmt::print(stderr,
               "usage: soak --seconds N | --count N [--first SEED] [--step N] | --seed N\n");
    return 2;
  }
  return options.seed != 0 ? print_one(options.seed) : soak(options);
}
