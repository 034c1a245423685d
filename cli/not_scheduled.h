// What a plan may say and this version does not schedule: refused before anything is predicted or
// started, rather than left out of account.
#pragma once

#include <string>

#include "plan/plan.h"

namespace sluice::cli {

// The place and the reason, or empty where all of the plan is scheduled.
std::string not_scheduled(const plan::Plan& plan);

}  // namespace sluice::cli
