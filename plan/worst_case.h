// The worst that a plan can do: how many targets can be out of service at once, and how many can
// fail before it stops. Bounds that hold for every duration, every failure and every abort; they
// follow from the plan's limits alone, and nothing is simulated.
//
// A step over n targets with window w that tolerates k failures begins a target only while at most
// k have failed, so of its targets at most k + w are ever at work or failed at one time, and no
// more than n. Where it ends without failing, at most k have. Which steps can count together
// follows from their conditions: a step `when success` begins only where none of those it waits for
// failed. See docs/decisions, "The worst case is a closure".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// What one step adds to the worst case, and for which of these reasons; the reasons add up.
struct WorstShare {
  StepId step;
  std::uint32_t at_work = 0;         // in its window, all at once
  std::uint32_t failed = 0;          // failed before, and as they were left
  std::uint32_t not_restored = 0;    // taken out of service, and left so where the step ends well
  bool by_ignored_failures = false;  // `not_restored`, though only where ignored tasks fail

  std::uint32_t total() const { return at_work + failed + not_restored; }
  bool operator==(const WorstShare&) const = default;
};

struct WorstBound {
  std::uint32_t most = 0;  // targets
  std::uint32_t of = 0;    // of so many
  // In file order. Their sum may be above `most`: a target counts once, however many steps it is
  // in.
  std::vector<WorstShare> shares;
  bool operator==(const WorstBound&) const = default;
};

struct WorstCase {
  WorstBound out;                          // out of service at once, of all targets
  std::vector<WorstBound> out_of_roles;    // by RoleId
  WorstBound failed;                       // failed when nothing runs any more
  std::vector<WorstShare> failed_by_step;  // by StepId; on the controller it is its one lane
  bool operator==(const WorstCase&) const = default;
};

// The plan verifies. Linear in runs of targets, and about so in steps.
WorstCase worst_case(const Plan& plan);

}  // namespace sluice::plan
