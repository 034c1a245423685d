// Which step waits for which, as the scheduler asks it: who may begin now that this one has ended,
// and does that one wait, however far, for this one. It knows no lane and no failure.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace sluice::scheduler {

class StepGraph {
 public:
  explicit StepGraph(const plan::Plan& plan);

  // Steps that wait for none.
  const std::vector<plan::StepId>& roots() const { return roots_; }
  // The steps that have nothing more to wait for, now that `step` has ended too; appended.
  void end(plan::StepId step, std::vector<plan::StepId>& opened);
  // Does `later` wait for `earlier`, directly or through others? Worked out once for each
  // `earlier`.
  bool waits_for(plan::StepId later, plan::StepId earlier);
  // Could two steps be at work on a target at the same time?
  bool concurrent() const { return concurrent_; }

 private:
  const std::vector<bool>& descendants(plan::StepId step);

  const plan::Plan& plan_;
  std::vector<plan::StepId> roots_;
  std::vector<std::uint32_t> awaited_;                 // by join: steps that have not ended
  std::vector<std::vector<plan::StepId>> join_steps_;  // by join: who waits for it
  std::vector<std::vector<plan::JoinId>> step_joins_;  // by step: joins that wait for it
  std::vector<std::vector<bool>> descendants_;         // by step; empty until asked for
  bool concurrent_ = false;
};

}  // namespace sluice::scheduler
