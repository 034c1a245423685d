// A timeline in the formats of other programs (docs/FORMATS.md): tables, trace viewers, CI servers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::render {

// All need Detail::Lanes, and end with a line end.

// RFC 4180, a row an attempt.
std::string timeline_csv(const plan::Plan& plan, const scheduler::Timeline& timeline);

// The Trace Event Format, for Perfetto and chrome://tracing: a process a step, a thread a lane.
std::string timeline_trace(const plan::Plan& plan, const scheduler::Timeline& timeline);

// The last lines that a lane's actions wrote.
using LinesOf = std::function<std::vector<std::string>(plan::StepId, std::uint32_t lane)>;

// A suite a step, a case a lane. `started_at`: RFC 3339, or empty. `wrote` is asked for those that
// failed, and may be empty.
std::string timeline_junit(const plan::Plan& plan, const scheduler::Timeline& timeline,
                           std::string_view started_at, const LinesOf& wrote = {});

}  // namespace sluice::render
