// Which targets failed in which steps, were excluded or left behind, and so take no part in the
// steps that wait for those. Costs nothing while nothing fails. It knows no lane at work and no
// condition.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "scheduler/state.h"

namespace sluice::scheduler {

class FailedTargets {
 public:
  // A set of steps in which targets failed. Sets share their tails, so that along a chain of steps
  // each costs one entry at most.
  using StepSet = std::uint32_t;
  static constexpr StepSet none = 0xffff'ffff;

  // A target of a step failed (FailedBefore), or is gone for good (ExcludedBefore,
  // LeftBehindBefore); `list` is what was returned before for that step, `none` at first.
  std::uint32_t record(std::uint32_t list, plan::TargetId target,
                       Reason reason = Reason::FailedBefore);

  // `set` and `step`, whose targets in `list` failed.
  StepSet with(StepSet set, plan::StepId step, std::uint32_t list);
  StepSet merged(StepSet first, StepSet second);

  // The lanes, ascending, whose target failed in one of the steps or is gone; the lowest of them is
  // the cause.
  struct Lane {
    std::uint32_t lane;
    plan::StepId cause;
    Reason reason = Reason::FailedBefore;
  };
  // All: those that failed too. Gone: only those that were excluded or left behind.
  enum class Which { All, Gone };
  std::vector<Lane> lanes_of(StepSet set, const plan::TargetList& targets,
                             Which which = Which::All);

 private:
  struct Failure {
    plan::TargetId target;
    std::uint32_t next;
    Reason reason;
  };
  struct Entry {
    plan::StepId step;
    std::uint32_t list;
    StepSet next;
    std::uint32_t mark;  // the merge in which it was last seen
  };
  bool mark_step(plan::StepId step);

  std::vector<Failure> failures_;
  std::vector<Entry> entries_;
  struct Cause {
    plan::StepId step;
    Reason reason = Reason::None;
  };
  std::vector<Cause> causes_;              // by target; scratch, all invalid between calls
  std::vector<std::uint32_t> step_marks_;  // by step
  std::uint32_t mark_ = 0;
};

}  // namespace sluice::scheduler
