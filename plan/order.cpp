#include "plan/order.h"

namespace sluice::plan {

std::vector<bool> waited_for(const Plan& plan, StepId step) {
  std::vector<bool> steps(plan.steps.size());
  std::vector<bool> seen(plan.joins.size());
  const StepId gate_of = plan.steps[step].gate_of;
  std::vector<JoinId> open{plan.steps[gate_of.valid() ? gate_of : step].join};
  while (!open.empty()) {
    const JoinId join = open.back();
    open.pop_back();
    if (seen[join.value]) continue;
    seen[join.value] = true;
    for (const StepId before : plan.joins[join].steps) {
      steps[before.value] = true;
      open.push_back(plan.steps[before].join);
    }
  }
  return steps;
}

}  // namespace sluice::plan
