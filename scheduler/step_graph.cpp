#include "scheduler/step_graph.h"

namespace sluice::scheduler {

StepGraph::StepGraph(const plan::Plan& plan)
    : plan_(plan),
      awaited_(plan.joins.size()),
      join_steps_(plan.joins.size()),
      step_joins_(plan.steps.size()),
      descendants_(plan.steps.size()) {
  for (const plan::JoinId join : plan.joins.ids()) {
    awaited_[join.value] = static_cast<std::uint32_t>(plan.joins[join].steps.size());
    for (const plan::StepId step : plan.joins[join].steps) step_joins_[step.value].push_back(join);
  }
  for (const plan::StepId step : plan.steps.ids()) {
    const plan::JoinId join = plan.steps[step].join;
    join_steps_[join.value].push_back(step);
    if (plan.joins[join].steps.empty()) roots_.push_back(step);
    // A chain, each step after the one before it, is the only shape in which no two can meet.
    const auto& awaited = plan.joins[join].steps;
    const bool chained = step.value == 0
                             ? awaited.empty()
                             : awaited.size() == 1 && awaited[0].value + 1 == step.value;
    if (!chained) concurrent_ = true;
  }
}

void StepGraph::end(plan::StepId step, std::vector<plan::StepId>& opened) {
  for (const plan::JoinId join : step_joins_[step.value]) {
    if (--awaited_[join.value] > 0) continue;
    opened.insert(opened.end(), join_steps_[join.value].begin(), join_steps_[join.value].end());
  }
}

const std::vector<bool>& StepGraph::descendants(plan::StepId step) {
  std::vector<bool>& seen = descendants_[step.value];
  if (!seen.empty()) return seen;
  seen.resize(plan_.steps.size());
  std::vector<plan::StepId> open{step};
  while (!open.empty()) {
    const plan::StepId at = open.back();
    open.pop_back();
    for (const plan::JoinId join : step_joins_[at.value]) {
      for (const plan::StepId next : join_steps_[join.value]) {
        if (seen[next.value]) continue;
        seen[next.value] = true;
        open.push_back(next);
      }
    }
  }
  return seen;
}

bool StepGraph::waits_for(plan::StepId later, plan::StepId earlier) {
  return descendants(earlier)[later.value];
}

}  // namespace sluice::scheduler
