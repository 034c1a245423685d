// The longest that a deployment can take, where its limits bound it at all: by the timeouts of all
// that it does, and never by what the file says that things take.
#pragma once

#include <optional>

#include "base/time.h"
#include "plan/plan.h"

namespace sluice::plan {

// Nothing: something has no timeout, waits for a person or for shared pieces, or steps beside each
// other hold each other back, so that no bound follows. The census is not counted.
std::optional<base::Duration> longest_duration(const Plan& plan);

}  // namespace sluice::plan
