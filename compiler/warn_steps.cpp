// Warnings of steps: windows without a canary, tolerances that tolerate all, rollbacks without an
// undo, targets that are taken out and not brought back.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/phrases.h"
#include "compiler/warnings.h"

namespace sluice::compiler {

namespace {

class StepWarnings {
 public:
  StepWarnings(std::span<const PlannedStep> steps, Resolver& resolver)
      : steps_(steps), resolver_(resolver), plan_(resolver.plan) {}

  void warn() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const plan::Step& step = plan_.steps[steps_[i].id];
      if (step.disabled) continue;
      warn_of_window(i, step);
      warn_of_tolerance(*steps_[i].node, step);
      warn_of_rollback(*steps_[i].node, step);
    }
    warn_of_drains();
  }

 private:
  std::uint32_t targets(const plan::Step& step) const {
    return plan_.target_lists[step.targets].size();
  }

  static bool goes_out(const plan::Step& step) {
    return std::any_of(step.tasks.begin(), step.tasks.end(), [](const plan::Task& task) {
      return !task.disabled && (task.effect.drains || task.effect.interrupts);
    });
  }

  // All targets at once, and none before them to show that it works.
  void warn_of_window(std::size_t index, const plan::Step& step) {
    const StepNode& node = *steps_[index].node;
    const PhraseNode* window = find_phrase(node.phrases, Phrase::Window);
    const std::uint32_t count = targets(step);
    const bool held = !step.batches.sizes.empty() || !step.by_groups.empty() ||
                      step.stagger.ms > 0 || narrower(step) || step.window.value < count;
    if (step.on_controller || count < 2 || held) return;
    if (window == nullptr && !goes_out(step)) return;
    if (plan_.at_most && plan_.at_most->value < count) return;
    if (has_canary(index, step)) return;
    resolver_.report.warning(
        "W0405", window == nullptr ? node.header_span : window->span,
        window == nullptr
            ? fmt::format("nothing keeps all {} targets from being out at once", count)
            : fmt::format("this window takes all {} targets at once, and none before", count),
        {"begin with a few: `window 25%`, or `batches 1, 25%`"});
  }

  static bool narrower(const plan::Step& step) {
    for (const plan::GroupWindow& window : step.group_windows) {
      for (const plan::GroupWindow::Group& group : window.groups) {
        if (group.limit.value < step.window.value) return true;
      }
    }
    return false;
  }

  // An earlier step does something to some of these targets, and not to all.
  bool has_canary(std::size_t index, const plan::Step& step) const {
    std::vector<bool> members(plan_.targets.size());
    plan_.target_lists[step.targets].for_each(
        [&](plan::TargetId target) { members[target.value] = true; });
    for (std::size_t i = 0; i < index; ++i) {
      const plan::TargetList& list = plan_.target_lists[plan_.steps[steps_[i].id].targets];
      bool within = !list.empty() && list.size() < targets(step);
      if (!within) continue;
      list.for_each([&](plan::TargetId target) { within = within && members[target.value]; });
      if (within) return true;
    }
    return false;
  }

  void warn_of_tolerance(const StepNode& node, const plan::Step& step) {
    const PhraseNode* phrase = find_phrase(node.phrases, Phrase::Tolerate);
    const std::uint32_t count = step.on_controller ? 1 : targets(step);
    if (phrase == nullptr || step.tolerate.value < count || count == 0) return;
    resolver_.report.warning(
        "W0408", phrase->span,
        count == 1 ? "the step has one target, and its failure is tolerated"
                   : fmt::format("all {} targets may fail, and the step has not failed", count),
        {"tolerate fewer than there are targets"});
  }

  void warn_of_rollback(const StepNode& node, const plan::Step& step) {
    const bool rolls_back = step.on_failure == plan::OnFailure::Rollback ||
                            step.on_failure == plan::OnFailure::RollbackAll;
    const bool undone = std::any_of(step.tasks.begin(), step.tasks.end(),
                                    [](const plan::Task& task) { return task.undo.has_value(); });
    if (!rolls_back || undone) return;
    resolver_.report.warning("W0409", find_phrase(node.phrases, Phrase::OnFailure)->span,
                             "there is nothing to roll back with: no `undo` stands in this step",
                             {"say how it is taken back: `undo { run … }`"});
  }

  // What is taken out of service and by nothing brought back.
  void warn_of_drains() {
    std::vector<bool> restored(plan_.targets.size());
    for (const plan::Step& step : plan_.steps) {
      for (const plan::Task& task : step.tasks) {
        if (step.disabled || task.disabled || !task.effect.restores) continue;
        plan_.target_lists[step.targets].for_each(
            [&](plan::TargetId target) { restored[target.value] = true; });
      }
    }
    for (const PlannedStep& planned : steps_) {
      const plan::Step& step = plan_.steps[planned.id];
      const auto drains = [](const plan::Task& task) {
        return !task.disabled && task.effect.drains;
      };
      const auto task = std::find_if(step.tasks.begin(), step.tasks.end(), drains);
      if (step.disabled || task == step.tasks.end()) continue;
      plan::TargetId left;
      plan_.target_lists[step.targets].for_each([&](plan::TargetId target) {
        if (!left.valid() && !restored[target.value]) left = target;
      });
      if (!left.valid()) continue;
      const bool child = step.has_child_steps;
      const auto number = static_cast<std::size_t>(task - step.tasks.begin());
      const StepNode& node = child ? planned.node->children[number] : *planned.node;
      resolver_.report.warning(
          "W0401", find_phrase(node.phrases, Phrase::Drains)->span,
          fmt::format("nothing brings `{}` back into service", plan_.targets.name(left)),
          {"say `restores` in the step that does"});
    }
  }

  std::span<const PlannedStep> steps_;
  Resolver& resolver_;
  const plan::Plan& plan_;
};

}  // namespace

void warn_of_steps(std::span<const PlannedStep> steps, Resolver& resolver) {
  StepWarnings(steps, resolver).warn();
}

}  // namespace sluice::compiler
