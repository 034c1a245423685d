#include "support/limit_model.h"

#include <algorithm>

#include "scheduler/work.h"

namespace sluice::test {

using plan::Contract;

namespace {

// Of a bound: the targets that it is about, and how many of them may be out; nothing: any number.
struct Bound {
  std::set<std::uint32_t> targets;
  std::optional<std::int64_t> most_out;
};

std::optional<std::int64_t> most_out(const plan::Plan& plan, const Contract& contract,
                                     std::int64_t targets, std::int64_t count) {
  using enum Contract::Comparison;
  if (contract.share) return std::nullopt;
  const Contract::Comparison how = contract.comparison;
  if (contract.kind == Contract::Kind::Available) {
    if (how == Greater) return targets - count - 1;
    if (how == GreaterOrEqual || how == Equal) return targets - count;
  }
  if (contract.kind == Contract::Kind::Unavailable) {
    if (how == Less) return count - 1;
    if (how == LessOrEqual || how == Equal) return count;
  }
  if (contract.kind == Contract::Kind::Downtime && (how == LessOrEqual || how == Equal) &&
      contract.duration.ms == 0) {
    return targets - plan.roles[contract.role].minimum;
  }
  return std::nullopt;
}

std::vector<Bound> bounds_of(const plan::Plan& plan, const Contract& contract) {
  std::vector<Bound> bounds;
  const plan::TargetList& role = plan.target_lists[plan.roles[contract.role].targets];
  std::vector<Contract::Bound> rows = contract.bounds;
  if (rows.empty()) rows.push_back({{}, role.size(), 0});
  for (const Contract::Bound& row : rows) {
    Bound bound;
    role.for_each([&](plan::TargetId target) {
      const bool in =
          contract.per.empty() || plan::target_property(plan, target, contract.per) == row.value;
      if (in) bound.targets.insert(target.value);
    });
    bound.most_out =
        most_out(plan, contract, static_cast<std::int64_t>(bound.targets.size()), row.count);
    bounds.push_back(std::move(bound));
  }
  return bounds;
}

std::int64_t common(const std::set<std::uint32_t>& a, const std::set<std::uint32_t>& b) {
  return std::count_if(a.begin(), a.end(), [&](std::uint32_t item) { return b.contains(item); });
}

}  // namespace

std::uint32_t LimitModel::target(const Lane& lane) const {
  return plan::lane_target(plan_, {lane.first}, lane.second).value;
}

void LimitModel::begin_lane(const scheduler::Action& lane) {
  if (plan_.steps[lane.step].on_controller) return;
  live_[{lane.step.value, lane.lane}] = {0, lane.part == scheduler::Part::Undo};
}

void LimitModel::end_lane(const scheduler::Action& lane) {
  live_.erase({lane.step.value, lane.lane});
}

void LimitModel::start(const scheduler::Action& action) {
  if (plan_.steps[action.step].on_controller) return;
  const plan::ServiceEffect effect = scheduler::effect_of(plan_, action);
  const std::uint32_t on = target({action.step.value, action.lane});
  if (effect.drains) drained_.insert(on);
  if (effect.interrupts && action.attempt == 1) ++interrupted_[on];
}

void LimitModel::end_task(const scheduler::Command& command) {
  const scheduler::Action& action = command.action;
  if (plan_.steps[action.step].on_controller) return;
  if (action.part == scheduler::Part::Run) {
    live_[{action.step.value, action.lane}].task = action.task + 1;
  }
  if (action.attempt == 0) return;
  const plan::ServiceEffect effect = scheduler::effect_of(plan_, action);
  const std::uint32_t on = target({action.step.value, action.lane});
  const bool well = command.state == scheduler::State::Succeeded;
  if (effect.interrupts) {
    --interrupted_[on];
    if (!well) drained_.insert(on);
  }
  if (effect.restores && well) drained_.erase(on);
}

bool LimitModel::admits(plan::StepId step, std::uint32_t lane, bool undo) const {
  if (plan_.steps[step].on_controller) return true;
  const std::uint32_t on = target({step.value, lane});
  return groups_admit(step, lane) && at_most_admits(on) && contracts_admit(step, on, undo);
}

bool LimitModel::groups_admit(plan::StepId step, std::uint32_t lane) const {
  const plan::Step& rules = plan_.steps[step];
  const auto value_of = [&](std::uint32_t of, const std::string& property) {
    return plan::target_property(plan_, plan::lane_target(plan_, step, of), property);
  };
  for (const plan::GroupWindow& window : rules.group_windows) {
    const auto mine = value_of(lane, window.property);
    for (const plan::GroupWindow::Group& group : window.groups) {
      if (mine != group.value) continue;
      const auto at_work = std::count_if(live_.begin(), live_.end(), [&](const auto& other) {
        return other.first.first == step.value &&
               value_of(other.first.second, window.property) == mine;
      });
      if (at_work >= group.limit.value) return false;
    }
  }
  return true;
}

bool LimitModel::at_most_admits(std::uint32_t on) const {
  if (!plan_.at_most) return true;
  std::set<std::uint32_t> at_work;
  for (const auto& [lane, at] : live_) at_work.insert(target(lane));
  return at_work.contains(on) || at_work.size() < plan_.at_most->value;
}

bool LimitModel::may_go_out(plan::StepId id, const At& at) const {
  const plan::Step& step = plan_.steps[id];
  bool run = false;
  bool undo = false;
  for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
    if (step.tasks[task].disabled) continue;
    const plan::ServiceEffect& effect = step.tasks[task].effect;
    run = run || (task >= at.task && (effect.drains || effect.interrupts));
    if (!step.tasks[task].undo) continue;
    const plan::ServiceEffect& own = step.tasks[task].undo->effect;
    undo = undo || own.drains || own.interrupts || effect.restores || effect.interrupts;
  }
  if (at.undo) return undo;
  return run || (undo && step.on_failure == plan::OnFailure::Rollback);
}

bool LimitModel::contracts_admit(plan::StepId step, std::uint32_t on, bool undo) const {
  const std::set<std::uint32_t> count = counted();
  if (!may_go_out(step, {0, undo}) || count.contains(on)) return true;
  for (const Contract& contract : plan_.contracts) {
    if (!contract.role.valid()) continue;
    for (const Bound& bound : bounds_of(plan_, contract)) {
      if (!bound.most_out || !bound.targets.contains(on)) continue;
      if (common(count, bound.targets) + 1 > *bound.most_out) return false;
    }
  }
  return true;
}

std::set<std::uint32_t> LimitModel::out() const {
  std::set<std::uint32_t> targets = drained_;
  for (const auto& [on, times] : interrupted_) {
    if (times > 0) targets.insert(on);
  }
  return targets;
}

std::set<std::uint32_t> LimitModel::counted() const {
  std::set<std::uint32_t> targets = out();
  for (const auto& [lane, at] : live_) {
    if (may_go_out({lane.first}, at)) targets.insert(target(lane));
  }
  return targets;
}

std::string LimitModel::broken() const {
  const std::set<std::uint32_t> now = out();
  for (const Contract& contract : plan_.contracts) {
    if (!contract.role.valid()) continue;
    for (const Bound& bound : bounds_of(plan_, contract)) {
      const std::int64_t most = bound.most_out ? std::max<std::int64_t>(*bound.most_out, 0) : 0;
      if (bound.most_out && common(now, bound.targets) > most) return contract.text;
    }
  }
  return "";
}

}  // namespace sluice::test
