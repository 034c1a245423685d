// A plan in words: order, targets, each limit with the rule that resolved it, and the worst case.
#pragma once

#include <string>

#include "base/result.h"
#include "plan/plan.h"

namespace sluice::render {

std::string plan_text(const plan::Plan& plan);

// Action by action, lane by lane; refused beyond 1,000 lines.
base::Result<std::string> expanded_plan_text(const plan::Plan& plan);

// The document `sluice.plan_summary/1` (docs/FORMATS.md).
std::string plan_summary_json(const plan::Plan& plan);

}  // namespace sluice::render
