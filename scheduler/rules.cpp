#include "scheduler/rules.h"

namespace sluice::scheduler {

Rules::Rules(const plan::Plan& plan, const StepGraph& graph) {
  steps.reserve(plan.steps.size());
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    // A lock that no other step can want is not worth its keeping.
    const bool locks = !step.shared && !step.on_controller && !graph.runs_alone(id);
    any_locks = any_locks || locks;
    steps.add({.lanes = plan::lane_count(plan, id),
               .window = step.window.value,
               .tolerate = step.tolerate.value,
               .first_task = static_cast<std::uint32_t>(tasks.size()),
               .tasks = static_cast<std::uint32_t>(step.tasks.size()),
               .when = step.when,
               .halts = step.on_failure == plan::OnFailure::Halt,
               .disabled = step.disabled,
               .locks = locks,
               .join = step.join,
               .targets = step.on_controller ? nullptr : &plan.target_lists[step.targets]});
    for (const plan::Task& task : step.tasks) {
      tasks.push_back({.timeout = task.timeout.value_or(TaskRules::no_timeout),
                       .pause = task.retry.pause,
                       .more = task.retry.more,
                       .when = task.when,
                       .disabled = task.disabled,
                       .ignore_failure = task.ignore_failure});
    }
  }
}

}  // namespace sluice::scheduler
