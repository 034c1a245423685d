// The worst that a plan can do: how many targets can be out of service at once, and how many can
// fail before it stops. Bounds that hold for every duration, every failure, every answer and every
// abort; they follow from the plan's limits alone, and nothing is simulated.
//
// A step over n targets of which w can be at work at once (plan/limits.h) that tolerates k failures
// begins a target only while at most k have failed, so of its targets at most k + w are ever at
// work or failed at one time, and no more than n. Where it ends without failing, at most k have.
// Which steps can count together follows from their conditions: a step `when success` begins only
// where none of those it waits for failed. What contracts let be out bounds it again, since a
// target is held back rather than break one. See docs/decisions, "The worst case is a closure".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// What one step adds to the worst case, and for which of these reasons; the reasons add up.
struct WorstShare {
  StepId step;
  std::uint32_t at_work = 0;       // within its limits, all at once
  std::uint32_t failed = 0;        // failed before, and as they were left
  std::uint32_t not_restored = 0;  // taken out of service, and left so where the step ends well
  std::uint32_t answered = 0;      // left as they were by a person's answer, `ignore` or `exclude`
  std::uint32_t undone = 0;        // taken back with the step, and counted as failed
  std::uint32_t left_behind = 0;   // out of reach, taken out all the same, and left so
  bool by_ignored_failures = false;  // `not_restored`, though only where ignored tasks fail

  std::uint32_t total() const {
    return at_work + failed + not_restored + answered + undone + left_behind;
  }
  bool operator==(const WorstShare&) const = default;
};

struct WorstBound {
  std::uint32_t most = 0;       // targets
  std::uint32_t of = 0;         // of so many
  std::uint32_t by_limits = 0;  // by the steps' limits alone: what contracts hold back counts too
  // In file order. Their sum may be above `most`: a target counts once, however many steps it is
  // in, and contracts may hold some back.
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

// Targets to be looked at; `property`: one in which all of them have `value`, so that a window of
// that property's groups counts for them alone. Empty: none.
struct OutOf {
  TargetList targets;
  std::string property;
  Value value;
};
// The most of these targets that can be out at once, as in WorstCase::out, for each.
std::vector<WorstBound> worst_out_of(const Plan& plan, std::span<const OutOf> sets);

// Whether admission holds what contracts let be out: a place is kept for what tasks take out of
// service, but an undo may take out beyond it.
bool admission_is_kept(const Plan& plan);

}  // namespace sluice::plan
