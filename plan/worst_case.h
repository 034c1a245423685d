// What a plan can do at its worst, proved from its limits and effects for every schedule: how many
// targets can be out of service at once, and how many can fail before it stops.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

struct StepWorst {
  std::uint32_t at_once = 0;    // lanes at work
  std::uint32_t failures = 0;   // targets that can fail in it: those tolerated, and a window more
  std::uint32_t out = 0;        // of its targets out of service while it runs, failed ones included
  std::uint32_t stays_out = 0;  // that can be out when it has ended, as far as later steps run
  bool restores = true;         // a lane that succeeds leaves its target in service
};

struct RoleWorst {
  std::uint32_t targets = 0;
  std::uint32_t out = 0;  // at most so many out of service at any time
  StepId at;              // while this step runs; invalid where none is ever out
};

struct WorstCase {
  std::vector<StepWorst> steps;  // by StepId
  std::vector<RoleWorst> roles;  // by RoleId
};

// Upper bounds: what is said can never be exceeded, though it need not be reached. Quadratic in the
// steps; beyond 2,000 steps every role's bound is all of its targets.
WorstCase worst_case(const Plan& plan);

}  // namespace sluice::plan
