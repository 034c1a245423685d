#include "runtime/journal.h"

#include <algorithm>

namespace sluice::runtime {

scheduler::Timeline replay(const plan::Plan& plan, const std::vector<Instant>& instants,
                           base::Instant until) {
  scheduler::Scheduler machine(plan);
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Lanes);
  scheduler::Commands commands;
  for (const Instant& instant : instants) {
    machine.apply(instant.at, instant.events, commands);
    builder.observe(instant.at, instant.events, commands);
    until = std::max(until, instant.at);
  }
  return builder.build(until);
}

}  // namespace sluice::runtime
