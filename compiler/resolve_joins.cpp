// From what each step says that it waits for to the joins of the plan.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/resolver.h"
#include "plan/graph.h"

namespace sluice::compiler {

namespace {

// A step that says nothing waits for all above it: that is, for those that nobody waits for yet.
class Joiner {
 public:
  explicit Joiner(Resolver& resolver)
      : resolver_(resolver), awaited_(resolver.waits.size(), false) {}

  void join_all() {
    for (std::uint32_t i = 0; i < resolver_.waits.size(); ++i) join(plan::StepId{i});
  }

 private:
  void join(plan::StepId step) {
    const Waits& waits = resolver_.waits[step.value];
    plan::JoinId join;
    if (waits.gate) {
      resolver_.plan.steps[step].join = nothing();
      return;
    }
    if (waits.with_previous && previous_.valid()) {
      join = resolver_.plan.steps[previous_].join;
    } else {
      plan::Join made;
      made.steps = waits.named ? waits.after : unawaited();
      std::sort(made.steps.begin(), made.steps.end());
      made.steps.erase(std::unique(made.steps.begin(), made.steps.end()), made.steps.end());
      for (const plan::StepId awaited : made.steps) awaited_[awaited.value] = true;
      join = made.steps.empty() ? nothing() : resolver_.plan.joins.add(std::move(made));
    }
    resolver_.plan.steps[step].join = join;
    last_.push_back(step);
    previous_ = step;
  }

  std::vector<plan::StepId> unawaited() {
    std::vector<plan::StepId> open;
    for (const plan::StepId step : last_) {
      if (!awaited_[step.value]) open.push_back(step);
    }
    last_.clear();
    return open;
  }

  plan::JoinId nothing() {
    if (!nothing_.valid()) nothing_ = resolver_.plan.joins.add({});
    return nothing_;
  }

  Resolver& resolver_;
  std::vector<bool> awaited_;
  std::vector<plan::StepId> last_;  // steps above that may still be waited for by nobody
  plan::StepId previous_;
  plan::JoinId nothing_;
};

bool report_cycle(Resolver& resolver) {
  const std::vector<plan::Edge> edges = plan::step_edges(resolver.plan);
  const auto cycle = plan::find_cycle(resolver.plan.steps.size(), edges);
  if (cycle.empty()) return false;
  std::string path;
  std::vector<base::Note> notes;
  for (const std::uint32_t step : cycle) {
    path += fmt::format("`{}` → ", resolver.plan.steps[plan::StepId{step}].name);
    notes.push_back(
        {resolver.step_spans[step], fmt::format("`{}` comes before the one behind it in the circle",
                                                resolver.plan.steps[plan::StepId{step}].name)});
  }
  path += fmt::format("`{}`", resolver.plan.steps[plan::StepId{cycle[0]}].name);
  resolver.report.error("E0308", resolver.waits[cycle[0]].span,
                        fmt::format("these steps wait for each other: {}", path), {}, notes);
  return true;
}

// `after "A", "B"`, where B waits for A already, waits for B alone.
void reduce(Resolver& resolver) {
  plan::Plan& plan = resolver.plan;
  for (plan::Join& join : plan.joins) {
    if (join.steps.size() < 2) continue;
    std::vector<bool> seen(plan.steps.size());
    std::vector<plan::StepId> open = join.steps;
    while (!open.empty()) {
      const plan::StepId at = open.back();
      open.pop_back();
      for (const plan::StepId before : plan.joins[plan.steps[at].join].steps) {
        if (seen[before.value]) continue;
        seen[before.value] = true;
        open.push_back(before);
      }
    }
    std::erase_if(join.steps, [&](plan::StepId step) { return seen[step.value]; });
  }
}

}  // namespace

void resolve_joins(Resolver& resolver) {
  Joiner(resolver).join_all();
  // Only a step that names others can look downwards, and only `after` names.
  const bool named = std::any_of(resolver.waits.begin(), resolver.waits.end(),
                                 [](const Waits& waits) { return waits.named; });
  if (named && !report_cycle(resolver)) reduce(resolver);
}

}  // namespace sluice::compiler
