// The real driver in virtual time: executors that take as long as they are told and fail when they
// are told, and a loop without a clock.
#pragma once

#include <functional>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/driver.h"
#include "scheduler/timeline.h"
#include "simulator/simulator.h"

namespace sluice::test {

// A journal in memory.
class MemoryJournal : public runtime::Journal {
 public:
  base::Status commit(const runtime::Instant& instant) override {
    instants.push_back(instant);
    return base::Done{};
  }
  std::vector<runtime::Instant> instants;
};

struct VirtualRun {
  scheduler::Timeline timeline;
  std::vector<runtime::Instant> instants;
};

// Durations and failures as the simulator's settings say.
VirtualRun run_virtually(const plan::Plan& plan, const simulator::Settings& settings);

}  // namespace sluice::test
