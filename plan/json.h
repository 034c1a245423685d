// A plan as canonical JSON (`sluice.plan/1`, docs/FORMATS.md) and back. nlohmann-json stands behind
// the reader, in one file.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace sluice::plan {

// The whole document, one line and a line end: meaning, then places and sources, then the digest of
// the meaning and the digest of the file.
std::string to_json(const Plan& plan);

// Refuses, with the reason: what is no JSON, another schema or version, an unknown or missing
// member, a value of another type, a plan that does not verify, a digest that does not fit (the
// plan was changed or damaged).
base::Result<Plan> from_json(std::string_view text);

}  // namespace sluice::plan
