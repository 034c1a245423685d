// One run, folded into a timeline.
#include "simulator/carry_out.h"
#include "simulator/virtual_run.h"

namespace sluice::simulator {

base::Result<scheduler::Timeline> carry_out(const plan::Plan& plan, const Attempts& attempts,
                                            std::uint32_t run, scheduler::Detail detail,
                                            bool strides) {
  VirtualRun<scheduler::TimelineBuilder> virtual_run(
      plan, attempts, scheduler::TimelineBuilder(plan, detail),
      strides && detail == scheduler::Detail::Summary);
  const base::Status done = virtual_run.carry_out(run);
  if (!done) return done.error();
  return virtual_run.fold().build(virtual_run.now());
}

}  // namespace sluice::simulator
