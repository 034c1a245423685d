#include "scheduler/limit_rules.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/check.h"
#include "plan/contracts.h"
#include "scheduler/work.h"

namespace sluice::scheduler {

namespace {

using plan::Contract;

// Sets of limits, each once: a set is the one before and a limit.
class Sets {
 public:
  static constexpr std::uint32_t empty = 0xffff'ffff;

  std::uint32_t with(std::uint32_t set, std::uint32_t limit) {
    const auto [place, added] = known_.try_emplace(std::uint64_t{set} << 32U | limit, 0);
    if (added) {
      place->second = static_cast<std::uint32_t>(links_.size());
      links_.push_back({limit, set});
    }
    return place->second;
  }
  // In the order in which they were put in.
  std::vector<std::uint32_t> limits(std::uint32_t set) const {
    std::vector<std::uint32_t> found;
    for (; set != empty; set = links_[set].before) found.push_back(links_[set].limit);
    std::reverse(found.begin(), found.end());
    return found;
  }

 private:
  struct Link {
    std::uint32_t limit;
    std::uint32_t before;
  };
  std::vector<Link> links_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;
};

std::string key_of(const plan::Value& value) {
  const std::string text =
      value.type() == plan::Type::List ? plan::environment_text(value) : plan::to_text(value);
  return std::string(plan::type_name(value.type())) + " " + text;
}

// Which limit each target's value of a property stands for. What targets that were declared
// together have is looked up once.
class Property {
 public:
  Property(const plan::Plan& plan, std::string name)
      : plan_(plan),
        name_(std::move(name)),
        by_set_(plan.property_sets.size(), unknown),
        own_(name_ == "name" || name_ == "address") {}

  void add(const plan::Value& value, std::uint32_t limit) { limits_[key_of(value)] = limit; }

  // none: it has no such property, or one of another value.
  std::uint32_t limit(plan::TargetId target) {
    std::uint32_t& known = by_set_[plan_.targets.properties(target).value];
    if (!own_ && known != unknown) return known;
    const auto value = plan::target_property(plan_, target, name_);
    const auto found = value ? limits_.find(key_of(*value)) : limits_.end();
    const std::uint32_t limit = found == limits_.end() ? LimitRules::none : found->second;
    if (!own_) known = limit;
    return limit;
  }

 private:
  static constexpr std::uint32_t unknown = 0xffff'fffe;
  const plan::Plan& plan_;
  std::string name_;
  std::vector<std::uint32_t> by_set_;
  std::unordered_map<std::string, std::uint32_t> limits_;
  bool own_;  // differs between targets that were declared together
};

class Builder {
 public:
  Builder(const plan::Plan& plan, const StepGraph& graph, LimitRules& rules)
      : plan_(plan), graph_(graph), rules_(rules) {}

  void build() {
    add_contracts();
    if (plan_.at_most) at_most_ = add_limit(LimitRules::Kind::AtMost, plan_.at_most->value);
    rules_.steps.resize(plan_.steps.size());
    for (const plan::StepId step : plan_.steps.ids()) add_step(step);
    mark_shared_work();
    for (const plan::StepId step : plan_.steps.ids()) add_index(step);
  }

 private:
  static constexpr std::uint32_t none = LimitRules::none;

  static bool may_go_out(const LimitRules::StepPart& part) {
    return part.goes_out() || part.undo_goes_out;
  }

  std::uint32_t add_limit(LimitRules::Kind kind, std::uint32_t places,
                          std::uint32_t contract = LimitRules::none) {
    rules_.limits.push_back({kind, places, contract});
    return static_cast<std::uint32_t>(rules_.limits.size() - 1);
  }

  void add_contracts() {
    std::vector<std::uint32_t> sets;
    for (std::uint32_t i = 0; i < plan_.contracts.size(); ++i) add_contract(i, sets);
    rules_.keeps_contracts = !sets.empty();
    if (sets.empty()) return;
    rules_.bound_set.resize(plan_.targets.size());
    std::unordered_map<std::uint32_t, std::uint32_t> numbers;
    for (std::uint32_t target = 0; target < sets.size(); ++target) {
      const auto [place, added] =
          numbers.try_emplace(sets[target], static_cast<std::uint32_t>(rules_.bound_sets.size()));
      rules_.bound_set[target] = place->second;
      if (!added) continue;
      const std::vector<std::uint32_t> bounds = sets_.limits(sets[target]);
      rules_.bound_sets.push_back({static_cast<std::uint32_t>(rules_.set_bounds.size()),
                                   static_cast<std::uint32_t>(bounds.size())});
      rules_.set_bounds.insert(rules_.set_bounds.end(), bounds.begin(), bounds.end());
    }
  }

  void add_contract(std::uint32_t number, std::vector<std::uint32_t>& sets) {
    const Contract& contract = plan_.contracts[number];
    if (contract.share || !contract.role.valid()) return;
    const plan::TargetList& targets = plan_.target_lists[plan_.roles[contract.role].targets];
    Property property(plan_, contract.per);
    std::uint32_t whole = none;
    bool kept = false;
    const auto add_bound = [&](const Contract::Bound& bound) {
      const auto most = plan::most_out(plan_, contract, bound);
      if (!most) return;
      kept = true;
      const std::uint32_t limit = add_limit(LimitRules::Kind::Bound, *most, number);
      if (contract.per.empty()) whole = limit;
      property.add(bound.value, limit);
    };
    for (const Contract::Bound& bound : contract.bounds) add_bound(bound);
    if (contract.bounds.empty()) add_bound({{}, targets.size(), 0});
    if (!kept) return;
    sets.resize(plan_.targets.size(), Sets::empty);
    targets.for_each([&](plan::TargetId target) {
      const std::uint32_t limit = contract.per.empty() ? whole : property.limit(target);
      if (limit != none) sets[target.value] = sets_.with(sets[target.value], limit);
    });
  }

  void add_step(plan::StepId id) {
    const plan::Step& step = plan_.steps[id];
    LimitRules::StepPart& part = rules_.steps[id.value];
    if (step.on_controller) return;
    part.targets = &plan_.target_lists[step.targets];
    part.lanes = part.targets->size();
    part.shared = step.shared;
    part.lockstep = step.batches.lockstep;
    if (rules_.keeps_contracts) add_effects(id, part);
    part.at_most = plan_.at_most.has_value();
    if (!may_go_out(part) && !part.at_most && step.group_windows.empty()) return;
    add_cohorts(step, part, sets_of_lanes(step, part));
  }

  void add_effects(plan::StepId id, LimitRules::StepPart& part) {
    const plan::Step& step = plan_.steps[id];
    const auto goes_out = [&](std::uint32_t task, Part of) {
      const plan::ServiceEffect effect = effect_of(plan_, {.step = id, .task = task, .part = of});
      return effect.drains || effect.interrupts;
    };
    for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
      if (step.tasks[task].disabled) continue;
      if (goes_out(task, Part::Run)) part.last_out = task;
      const bool taken_back = step.tasks[task].undo && goes_out(task, Part::Undo);
      part.undo_goes_out = part.undo_goes_out || taken_back;
    }
    const bool in_slot = step.on_failure == plan::OnFailure::Rollback && part.undo_goes_out;
    if (in_slot) part.last_out = static_cast<std::uint32_t>(step.tasks.size());
    part.undo_goes_out = part.undo_goes_out && step.on_failure == plan::OnFailure::RollbackAll;
  }

  std::vector<std::uint32_t> sets_of_lanes(const plan::Step& step,
                                           const LimitRules::StepPart& part) {
    std::vector<std::uint32_t> sets(part.lanes, Sets::empty);
    for (const plan::GroupWindow& window : step.group_windows) {
      Property property(plan_, window.property);
      for (const plan::GroupWindow::Group& group : window.groups) {
        property.add(group.value, add_limit(LimitRules::Kind::Group, group.limit.value));
      }
      std::uint32_t lane = 0;
      part.targets->for_each([&](plan::TargetId target) {
        const std::uint32_t limit = property.limit(target);
        if (limit != none) sets[lane] = sets_.with(sets[lane], limit);
        ++lane;
      });
    }
    // Most neighbours have the same, so the last answer will do again.
    std::uint64_t last = ~std::uint64_t{0};
    std::uint32_t answer = Sets::empty;
    std::uint32_t lane = 0;
    part.targets->for_each([&](plan::TargetId target) {
      const std::uint32_t bounds = may_go_out(part) ? rules_.bound_set[target.value] : 0;
      const std::uint64_t asked = std::uint64_t{sets[lane]} << 32U | bounds;
      if (asked != last) {
        answer = part.at_most ? sets_.with(sets[lane], at_most_) : sets[lane];
        if (may_go_out(part)) {
          for (const std::uint32_t limit : rules_.bounds_of(target)) {
            answer = sets_.with(answer, limit);
          }
        }
        last = asked;
      }
      sets[lane++] = answer;
    });
    return sets;
  }

  // Cohorts in the order of their first lanes.
  void add_cohorts(const plan::Step& step, LimitRules::StepPart& part,
                   const std::vector<std::uint32_t>& sets) {
    std::unordered_map<std::uint32_t, std::uint32_t> numbers;
    std::vector<std::uint32_t> cohort_of(sets.size());
    part.first_cohort = static_cast<std::uint32_t>(rules_.cohorts.size());
    for (std::size_t lane = 0; lane < sets.size(); ++lane) {
      if (lane > 0 && sets[lane] == sets[lane - 1]) {
        cohort_of[lane] = cohort_of[lane - 1];
      } else {
        const auto [place, added] = numbers.try_emplace(sets[lane], part.cohorts);
        cohort_of[lane] = place->second;
        if (added) add_cohort(part, sets_.limits(sets[lane]));
      }
      ++rules_.cohorts[part.first_cohort + cohort_of[lane]].lanes;
    }
    SLUICE_CHECK(part.cohorts > 0 || step.optional || sets.empty(), "lanes without a cohort");
    if (part.cohorts <= 1) return;
    part.first_lane = static_cast<std::uint32_t>(rules_.order.size());
    std::uint32_t at = part.first_lane;
    for (std::uint32_t i = 0; i < part.cohorts; ++i) {
      LimitRules::Cohort& cohort = rules_.cohorts[part.first_cohort + i];
      cohort.first_lane = at;
      at += cohort.lanes;
      cohort.lanes = 0;
    }
    rules_.order.resize(at);
    for (std::uint32_t lane = 0; lane < sets.size(); ++lane) {
      LimitRules::Cohort& cohort = rules_.cohorts[part.first_cohort + cohort_of[lane]];
      rules_.order[cohort.first_lane + cohort.lanes++] = lane;
    }
    rules_.cohort_of.insert(rules_.cohort_of.end(), cohort_of.begin(), cohort_of.end());
  }

  void add_cohort(LimitRules::StepPart& part, const std::vector<std::uint32_t>& limits) {
    ++part.cohorts;
    rules_.cohorts.push_back(
        {.first_limit = static_cast<std::uint32_t>(rules_.cohort_limits.size()),
         .limits = static_cast<std::uint32_t>(limits.size())});
    rules_.cohort_limits.insert(rules_.cohort_limits.end(), limits.begin(), limits.end());
  }

  void mark_shared_work() {
    if (!plan_.at_most) return;
    for (const plan::StepId step : plan_.steps.ids()) {
      const bool beside = plan_.steps[step].shared && !graph_.runs_alone(step);
      rules_.counts_targets = rules_.counts_targets || beside;
    }
  }

  void add_index(plan::StepId step) {
    LimitRules::StepPart& part = rules_.steps[step.value];
    const bool asked = may_go_out(part) || (part.at_most && rules_.counts_targets);
    if (!asked || part.cohorts == 0 || graph_.runs_alone(step)) return;
    part.index = part.targets->runs();
    std::sort(part.index.begin(), part.index.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  const plan::Plan& plan_;
  const StepGraph& graph_;
  LimitRules& rules_;
  Sets sets_;
  std::uint32_t at_most_ = LimitRules::none;
};

}  // namespace

LimitRules::LimitRules(const plan::Plan& plan, const StepGraph& graph) {
  Builder(plan, graph, *this).build();
}

std::uint32_t LimitRules::lane_of(plan::StepId step, plan::TargetId target) const {
  const auto& index = steps[step.value].index;
  const auto after = std::upper_bound(
      index.begin(), index.end(), target.value,
      [](std::uint32_t wanted, const plan::TargetList::Run& run) { return wanted < run.first; });
  if (after == index.begin()) return none;
  const plan::TargetList::Run& run = *std::prev(after);
  if (target.value - run.first >= run.count) return none;
  return run.position + (target.value - run.first);
}

}  // namespace sluice::scheduler
