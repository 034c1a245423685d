#include "plan/order.h"

#include <array>

namespace sluice::plan {

namespace {

JoinId join_of(const Plan& plan, StepId step) {
  const StepId gate_of = plan.steps[step].gate_of;
  return plan.steps[gate_of.valid() ? gate_of : step].join;
}

}  // namespace

std::vector<bool> waited_for(const Plan& plan, std::span<const StepId> by) {
  std::vector<bool> steps(plan.steps.size());
  std::vector<bool> seen(plan.joins.size());
  std::vector<JoinId> open;
  for (const StepId step : by) open.push_back(join_of(plan, step));
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

std::vector<bool> waited_for(const Plan& plan, StepId step) {
  return waited_for(plan, std::array{step});
}

std::vector<bool> waiting_for(const Plan& plan, StepId step) {
  std::vector<std::vector<JoinId>> joins(plan.steps.size());   // that name the step
  std::vector<std::vector<StepId>> behind(plan.joins.size());  // that begin behind the join
  for (const JoinId join : plan.joins.ids()) {
    for (const StepId before : plan.joins[join].steps) joins[before.value].push_back(join);
  }
  for (const StepId one : plan.steps.ids()) behind[join_of(plan, one).value].push_back(one);
  std::vector<bool> steps(plan.steps.size());
  std::vector<bool> seen(plan.joins.size());
  std::vector<StepId> open{step};
  while (!open.empty()) {
    const StepId before = open.back();
    open.pop_back();
    for (const JoinId join : joins[before.value]) {
      if (seen[join.value]) continue;
      seen[join.value] = true;
      for (const StepId one : behind[join.value]) {
        steps[one.value] = true;
        open.push_back(one);
      }
    }
  }
  return steps;
}

}  // namespace sluice::plan
