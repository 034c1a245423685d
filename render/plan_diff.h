// What differs between two plans, in words and for a program: steps, targets, limits, actions. Who
// simulated both hands their times in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "render/timeline_text.h"

namespace sluice::render {

struct PlanChange {
  enum class Kind { Added, Removed, Changed };
  Kind kind = Kind::Changed;
  std::string what;    // deployment, variable, secret, resource, target, role, contract, step, gate
  std::string name;    // of a gate, STEP/GATE
  std::string child;   // of a child step, or empty
  std::string field;   // of Changed
  std::string before;  // as it was; empty: it was not said
  std::string after;
  bool operator==(const PlanChange&) const = default;
};

struct PlanDiff {
  // In the order of the new plan, what is gone behind it; empty exactly where the digests are
  // equal.
  std::vector<PlanChange> changes;
  std::uint64_t more_targets = 0;  // changes of targets beyond the first thousand
};

PlanDiff diff_plans(const plan::Plan& before, const plan::Plan& after);

// How long each is predicted to take, in milliseconds, where it could be predicted.
struct PredictedTimes {
  std::optional<base::Duration> before;
  std::optional<base::Duration> after;
};

// A line or a few for each change, in the order of the diff.
std::string changes_text(const PlanDiff& diff, const TextStyle& style);
std::string diff_text(const plan::Plan& before, const plan::Plan& after, const PlanDiff& diff,
                      const PredictedTimes& times, const TextStyle& style);
// One line with its line end: the document `sluice.plan_diff/1`.
std::string diff_json(const plan::Plan& before, const plan::Plan& after, const PlanDiff& diff,
                      const PredictedTimes& times);

}  // namespace sluice::render
