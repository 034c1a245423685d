// Contracts judged: what the plan's own limits prove, and what the simulator shows where they do
// not. Here the two meet, since neither knows the other.
#pragma once

#include <vector>

#include "plan/findings.h"
#include "plan/plan.h"
#include "render/verdicts.h"
#include "simulator/settings.h"

namespace sluice::cli {

struct Judgement {
  std::vector<render::Verdict> verdicts;  // by contract
  std::vector<plan::Finding> findings;

  bool refuted() const;  // a contract does not hold, or the plan cannot be carried out to its end
};

Judgement judge(const plan::Plan& plan);

// What the simulator is to assume, so that it replays the course.
simulator::Settings settings_of(const plan::Course& course);

}  // namespace sluice::cli
