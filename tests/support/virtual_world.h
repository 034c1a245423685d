// The real driver in virtual time: executors that take as long as they are told and fail when they
// are told, and a loop without a clock.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/driver.h"
#include "scheduler/timeline.h"
#include "simulator/simulator.h"
#include "simulator/world.h"

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

// Turns the driver, in the executor's time, until it has ended or a commit failed: whether it has
// ended. The executor has `now`, `next()`, when something of it ends next, and `deliver()`.
template <class VirtualExecutor>
bool drive(runtime::Driver& driver, VirtualExecutor& executor) {
  if (!driver.turn(executor.now)) return false;
  while (!driver.ended()) {
    for (const scheduler::Action& asked : driver.questions()) {
      driver.answer(asked, simulator::World::answer);
    }
    if (!driver.has_news()) {
      executor.now = std::min(executor.next(), driver.next_timer());
      if (executor.now == base::Instant::never()) throw std::logic_error("nothing is to come");
    }
    executor.deliver();
    if (!driver.turn(executor.now)) return false;
  }
  return true;
}

struct VirtualRun {
  scheduler::Timeline timeline;
  std::vector<runtime::Instant> instants;
};

// Durations and failures as the simulator's settings say.
VirtualRun run_virtually(const plan::Plan& plan, const simulator::Settings& settings);

}  // namespace sluice::test
