// How long a step is expected to take on each of its targets: what `order longest` sorts by. Means
// of the duration models, without retries, failures and waiting.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"

namespace sluice::compiler {

class ExpectedDuration {
 public:
  // The plan must outlive it; of the step its tasks are looked at.
  ExpectedDuration(const plan::Plan& plan, const plan::Step& step);

  // What cannot be worked out for the target counts as nothing.
  base::Duration of(plan::TargetId target) const;

 private:
  void add(const plan::Work& work);
  std::int64_t evaluated(plan::TargetId target) const;

  const plan::Plan& plan_;
  std::int64_t known_ms_ = 0;
  std::vector<const plan::DurationModel*> per_target_;
  bool by_name_ = false;  // two targets with the same properties may differ
  mutable std::unordered_map<std::uint32_t, std::int64_t> of_set_;  // by set of properties
};

// The mean of a model whose durations are worked out; `History` is taken as its default.
base::Duration mean_of(plan::DurationModel::Kind kind, base::Duration low, base::Duration mode,
                       base::Duration high);

}  // namespace sluice::compiler
