#include "simulator/simulator.h"

#include "simulator/attempts.h"
#include "simulator/carry_out.h"

namespace sluice::simulator {

base::Result<Prediction> simulate(const plan::Plan& plan, const Settings& settings) {
  base::Result<scheduler::Timeline> timeline =
      carry_out(plan, Attempts(plan, settings), settings.run, settings.detail, settings.pace);
  if (!timeline) return timeline.error();
  return Prediction{std::move(timeline).value(), assumptions(plan, settings)};
}

}  // namespace sluice::simulator
