// One run, folded into a timeline.
#include <algorithm>

#include "simulator/carry_out.h"
#include "simulator/virtual_run.h"

namespace sluice::simulator {

base::Result<scheduler::Timeline> carry_out(const plan::Plan& plan, const Attempts& attempts,
                                            std::uint32_t run, scheduler::Detail detail,
                                            Pace pace) {
  VirtualRun<scheduler::TimelineBuilder> virtual_run(
      plan, attempts, scheduler::TimelineBuilder(plan, detail),
      detail == scheduler::Detail::Summary ? pace : std::min(pace, Pace::Actions));
  const base::Status done = virtual_run.carry_out(run);
  if (!done) return done.error();
  return virtual_run.fold().build(virtual_run.now());
}

}  // namespace sluice::simulator
