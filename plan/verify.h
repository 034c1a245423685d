// The last check of a plan and its seal. A plan that the compiler made and that does not verify is
// our bug; a saved plan that does not is the user's (damaged, changed by hand, of another format).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace sluice::plan {

// Every id in range, every list in its order, limits at least 1, joins acyclic, gates behind their
// steps, groups that name each value of their targets once, expressions of the types that their
// places ask for, which read only outputs that are there by then, names unique where they must be.
base::Status verify(const Plan& plan);

// The names of the secrets that an expression in the plan refers to, sorted, each once: those that
// the plan must declare, and no others.
std::vector<std::string_view> secrets_used(const Plan& plan);

// The SHA-256 of what the plan means: everything but places, sources and compiler_version.
std::string meaning_digest(const Plan& plan);

// Sets `digest`. The plan must verify: what does not is our bug.
Plan seal(Plan plan);

}  // namespace sluice::plan
