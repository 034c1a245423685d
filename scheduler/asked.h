// What people are asked in a run: read from a predicted timeline, for what-ifs. Of a real run the
// journal knows more: what was answered, and by whom.
#pragma once

#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

struct Asked {
  enum class Question {
    Approve,  // a manual work: approve or reject
    Decide,   // `on failure ask`: retry, ignore, exclude or abort
  };
  Question question = Question::Approve;
  base::Instant at;
  plan::StepId step;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;
  Part part = Part::Run;
  bool operator==(const Asked&) const = default;
};

// In order of time. Needs the lanes of the timeline, and one in which each failure was answered
// with exclude, as the simulator does.
std::vector<Asked> asked_of(const plan::Plan& plan, const Timeline& timeline);

}  // namespace sluice::scheduler
