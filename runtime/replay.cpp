#include "runtime/journal.h"

namespace sluice::runtime {

scheduler::Timeline replay(const plan::Plan& plan, const std::vector<Instant>& instants) {
  scheduler::Scheduler machine(plan);
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Lanes);
  scheduler::Commands commands;
  base::Instant last;
  for (const Instant& instant : instants) {
    machine.apply(instant.at, instant.events, commands);
    builder.observe(instant.at, instant.events, commands);
    last = instant.at;
  }
  return builder.build(last);
}

}  // namespace sluice::runtime
