// What a simulation is asked to assume: the seed, and what goes wrong.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::simulator {

// The first `attempts` attempts of a task fail, after their whole duration.
struct Failure {
  static constexpr std::uint32_t all = 0xffff'ffff;
  plan::StepId step;
  std::uint32_t task = 0;
  std::uint32_t lane = 0;
  bool every_lane = false;  // TARGET was `any`
  std::uint32_t attempts = all;
  bool operator==(const Failure&) const = default;
};

// An action takes `factor` times as long; of several that fit, all count.
struct Slowdown {
  static constexpr std::uint32_t every_task = 0xffff'ffff;
  plan::StepId step;
  std::uint32_t task = every_task;
  std::uint32_t lane = 0;
  bool every_lane = false;  // TARGET was `any`
  plan::Number factor{1'000'000};
  bool operator==(const Slowdown&) const = default;
};

// What earlier runs took: a row for each (child) step that was ever carried out.
struct History {
  struct Row {
    std::string step;
    std::string task;                       // the step's own name where it has no child steps
    std::vector<base::Duration> durations;  // of attempts that succeeded, ascending
    bool operator==(const Row&) const = default;
  };
  // Fewer are no distribution: then the kind's default is taken, and the report says so.
  static constexpr std::size_t fewest = 5;
  std::vector<Row> rows;  // by step, then task
  bool operator==(const History&) const = default;

  std::span<const base::Duration> of(std::string_view step, std::string_view task) const;
};

// How a run goes on. The numbers are the same, to the letter; the later ones are there sooner.
enum class Pace : std::uint8_t {
  Commands,  // all that is decided goes through the scheduler's commands
  Actions,   // but what one action's good end alone brings about
  Strides,  // and tasks of which nobody can tell when one ends and the next begins are gone through
            // in one, where no interval is kept
};

struct Settings {
  std::uint64_t seed = 1;
  std::uint32_t run = 0;  // of many with one seed
  std::vector<Failure> failures;
  std::vector<Slowdown> slowdowns;
  std::vector<plan::TargetId> unreachable;  // never to be reached
  std::vector<plan::StepId> fixed;          // whose tasks always take their median
  History history;
  scheduler::Detail detail = scheduler::Detail::Lanes;
  Pace pace = Pace::Strides;
};

}  // namespace sluice::simulator
