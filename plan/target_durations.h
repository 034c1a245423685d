// Timeouts and pauses as they are for one target, or over all of a list. Targets that were declared
// together share their properties, so that most are worked out once.
#pragma once

#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"

namespace sluice::plan {

// A property that every target has for itself: `name` or `address`.
bool reads_names(const Expression& expression);

// Of the list, one target for each set of properties, the first; all of them where `by_name`. What
// an expression over properties alone gives for these it gives for all.
std::vector<TargetId> unlike_targets(const Plan& plan, const TargetList& list, bool by_name);

// Each of these fails where a value cannot be worked out or is no duration. In a plan that verifies
// (plan/verify.h) none does.
base::Result<base::Duration> duration_for(const Plan& plan, const TargetDuration& duration,
                                          TargetId target);
// Target by target, in the list's order.
base::Result<std::vector<base::Duration>> durations_for(const Plan& plan,
                                                        const TargetDuration& duration,
                                                        const TargetList& list);
// The least and the most of them; where they hang on targets and there are none, both zero.
struct DurationSpan {
  base::Duration least;
  base::Duration most;
  bool operator==(const DurationSpan&) const = default;
};
base::Result<DurationSpan> span_of(const Plan& plan, const TargetDuration& duration,
                                   const TargetList& list);

}  // namespace sluice::plan
