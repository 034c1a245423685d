#include "plan/worst_case.h"

#include <algorithm>

namespace sluice::plan {

namespace {

constexpr std::uint32_t most_steps = 2'000;

// How a lane treats its target's service, whatever its length.
struct LaneEffect {
  bool takes_out = false;     // some task drains or interrupts
  bool restores = true;       // where all goes well, the target is in service in the end
  bool ignored_loss = false;  // an ignored failure can leave it out, and counts as no failure
};

LaneEffect effect_of(const Step& step) {
  LaneEffect effect;
  bool out = false;
  for (const Task& task : step.tasks) {
    if (task.disabled) continue;
    const ServiceEffect& does = task.effect;
    effect.takes_out = effect.takes_out || does.drains || does.interrupts;
    if (task.ignore_failure && (does.interrupts || does.restores)) effect.ignored_loss = true;
    if (task.when == When::Failure) continue;  // not where all goes well
    if (does.drains) out = true;
    if (does.restores) out = false;
  }
  effect.restores = !out;
  return effect;
}

class Analysis {
 public:
  explicit Analysis(const Plan& plan) : plan_(plan), ancestors_(plan.steps.size()) {}

  WorstCase work_out() {
    WorstCase result;
    for (const StepId step : plan_.steps.ids()) {
      effects_.push_back(effect_of(plan_.steps[step]));
      result.steps.push_back(worst(step, lane_count(plan_, step)));
    }
    find_ancestors();
    for (const RoleId role : plan_.roles.ids()) result.roles.push_back(worst(role));
    return result;
  }

 private:
  bool runs(StepId step) const { return !plan_.steps[step].disabled; }

  // Of `targets` targets of the step. With the last failure that is tolerated spent, a whole window
  // may be at work, and all of it may fail.
  StepWorst worst(StepId id, std::uint32_t targets) const {
    const Step& step = plan_.steps[id];
    const LaneEffect& effect = effects_[id.value];
    StepWorst row;
    row.restores = effect.restores;
    if (!runs(id)) return row;
    row.at_once = std::min(step.window.value, targets);
    const std::uint64_t spent = std::uint64_t{step.tolerate.value} + step.window.value;
    const bool goes_on = step.on_failure == OnFailure::Continue;
    row.failures =
        goes_on ? targets : static_cast<std::uint32_t>(std::min<std::uint64_t>(targets, spent));
    if (!effect.takes_out) return row;
    const bool all = !effect.restores || effect.ignored_loss;
    row.out = all ? targets : row.failures;
    row.stays_out = all ? targets : std::min(targets, step.tolerate.value);
    return row;
  }

  void find_ancestors() {
    if (plan_.steps.size() > most_steps) return;
    // Joins may look downwards, so the order of the file is not enough: again until nothing
    // changes.
    for (bool changed = true; changed;) {
      changed = false;
      for (const StepId step : plan_.steps.ids()) {
        std::vector<bool> known = ancestors_[step.value];
        known.resize(plan_.steps.size());
        for (const StepId before : plan_.joins[plan_.steps[step].join].steps) {
          known[before.value] = true;
          const std::vector<bool>& more = ancestors_[before.value];
          for (std::size_t i = 0; i < more.size(); ++i) {
            if (more[i]) known[i] = true;
          }
        }
        if (known == ancestors_[step.value]) continue;
        ancestors_[step.value] = std::move(known);
        changed = true;
      }
    }
  }

  // How many of the role's targets the step works on.
  std::uint32_t shared_targets(StepId step, RoleId role) {
    if (plan_.steps[step].on_controller) return 0;
    if (in_role_for_ != role) {
      in_role_.assign(plan_.targets.size(), false);
      plan_.target_lists[plan_.roles[role].targets].for_each(
          [&](TargetId target) { in_role_[target.value] = true; });
      in_role_for_ = role;
    }
    std::uint32_t count = 0;
    plan_.target_lists[plan_.steps[step].targets].for_each(
        [&](TargetId target) { count += in_role_[target.value] ? 1U : 0U; });
    return count;
  }

  RoleWorst worst(RoleId role) {
    RoleWorst row;
    row.targets = plan_.target_lists[plan_.roles[role].targets].size();
    if (plan_.steps.size() > most_steps) {
      row.out = row.targets;
      return row;
    }
    std::vector<StepWorst> parts;
    for (const StepId step : plan_.steps.ids()) {
      const bool takes_out = effects_[step.value].takes_out && runs(step);
      parts.push_back(takes_out ? worst(step, shared_targets(step, role)) : StepWorst{});
    }
    for (const StepId step : plan_.steps.ids()) {
      if (!runs(step)) continue;
      const std::uint64_t total = std::min<std::uint64_t>(row.targets, while_running(step, parts));
      if (total <= row.out) continue;
      row.out = static_cast<std::uint32_t>(total);
      row.at = step;
    }
    return row;
  }

  // Its own, what earlier steps left, and what steps beside it may have out.
  std::uint64_t while_running(StepId step, const std::vector<StepWorst>& parts) const {
    const bool only_after_success = plan_.steps[step].when == When::Success;
    std::uint64_t total = parts[step.value].out;
    for (const StepId other : plan_.steps.ids()) {
      if (other == step || is_before(step, other)) continue;
      const bool over = is_before(other, step);
      total += over && only_after_success ? parts[other.value].stays_out : parts[other.value].out;
    }
    return total;
  }

  bool is_before(StepId earlier, StepId later) const {
    const std::vector<bool>& known = ancestors_[later.value];
    return earlier.value < known.size() && known[earlier.value];
  }

  const Plan& plan_;
  std::vector<LaneEffect> effects_;
  std::vector<std::vector<bool>> ancestors_;
  std::vector<bool> in_role_;
  RoleId in_role_for_;
};

}  // namespace

WorstCase worst_case(const Plan& plan) {
  return Analysis(plan).work_out();
}

}  // namespace sluice::plan
