#include "scheduler/step_graph.h"

#include <algorithm>

namespace sluice::scheduler {

StepGraph::StepGraph(const plan::Plan& plan) {
  struct Membership {
    plan::StepId step;
    plan::JoinId join;
  };
  std::vector<Membership> waits;
  waits.reserve(plan.steps.size());
  for (const plan::StepId step : plan.steps.ids()) {
    if (!plan.steps[step].gate_of.valid()) waits.push_back({step, plan.steps[step].join});
  }
  waiting_.fill(
      plan.joins.size(), waits, [](const Membership& m) { return m.join.value; },
      [](const Membership& m) { return m.step; });
  std::vector<Membership> memberships;
  for (const plan::JoinId join : plan.joins.ids()) {
    for (const plan::StepId step : plan.joins[join].steps) memberships.push_back({step, join});
  }
  joins_.fill(
      plan.steps.size(), memberships, [](const Membership& m) { return m.step.value; },
      [](const Membership& m) { return m.join; });
  find_alone(plan);
}

// One order in which the joins can open if every step ends as soon as it may.
std::vector<plan::JoinId> StepGraph::opening_order(const plan::Plan& plan) const {
  std::vector<std::uint32_t> open_steps;
  std::vector<plan::JoinId> order;
  open_steps.reserve(plan.joins.size());
  order.reserve(plan.joins.size());
  for (const plan::JoinId join : plan.joins.ids()) {
    open_steps.push_back(static_cast<std::uint32_t>(plan.joins[join].steps.size()));
    if (plan.joins[join].steps.empty()) order.push_back(join);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const plan::StepId step : waiting(order[i])) {
      for (const plan::JoinId next : joins_with(step)) {
        if (--open_steps[next.value] == 0) order.push_back(next);
      }
    }
  }
  SLUICE_CHECK(order.size() == plan.joins.size(), "steps wait for each other in a circle");
  return order;
}

// A step runs alone if all that stand before it in the order have ended when it begins, and every
// join that opens later waits for it, directly or through one that opened in between.
void StepGraph::find_alone(const plan::Plan& plan) {
  const std::vector<plan::JoinId> order = opening_order(plan);
  std::vector<std::uint32_t> position(plan.steps.size(), 0);
  std::vector<bool> ended(plan.steps.size(), false);
  alone_.assign(plan.steps.size(), false);
  std::uint32_t placed = 0;
  std::uint32_t may_run = 0;  // of the steps placed, those that no join placed so far waits for
  for (const plan::JoinId join : order) {
    const std::span<const plan::StepId> steps = waiting(join);
    if (steps.empty()) continue;
    for (const plan::StepId step : plan.joins[join].steps) {
      if (!ended[step.value]) --may_run;
      ended[step.value] = true;
    }
    if (steps.size() == 1 && may_run == 0) alone_[steps[0].value] = true;
    for (const plan::StepId step : steps) position[step.value] = placed++;
    may_run += static_cast<std::uint32_t>(steps.size());
  }
  // The last of the steps that a join waits for; 0 for none, which counts from 1.
  std::uint32_t least = placed;
  for (auto join = order.rbegin(); join != order.rend(); ++join) {
    const std::span<const plan::StepId> steps = waiting(*join);
    if (steps.empty()) continue;
    for (const plan::StepId step : steps) {
      if (least <= position[step.value]) alone_[step.value] = false;
    }
    std::uint32_t last = 0;
    for (const plan::StepId step : plan.joins[*join].steps) {
      last = std::max(last, position[step.value] + 1);
    }
    least = std::min(least, last);
  }
}

}  // namespace sluice::scheduler
