// One run of a plan in virtual time, from attempts that are prepared already: what simulate() and
// many runs have in common.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"
#include "simulator/attempts.h"
#include "simulator/settings.h"

namespace sluice::simulator {

base::Result<scheduler::Timeline> carry_out(const plan::Plan& plan, const Attempts& attempts,
                                            std::uint32_t run, scheduler::Detail detail, Pace pace);

}  // namespace sluice::simulator
