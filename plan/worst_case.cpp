#include "plan/worst_case.h"

#include <algorithm>
#include <unordered_map>

#include "plan/contracts.h"
#include "plan/graph.h"
#include "plan/lane_fate.h"
#include "plan/limits.h"
#include "plan/target_set.h"

namespace sluice::plan {

namespace {

// What a step adds while it runs or where it failed, and where it ended without failing.
struct StepShares {
  WorstShare at_worst;
  WorstShare ended_well;
};

struct StepFacts {
  LaneFate fate;
  std::uint32_t at_once = 0;  // by all limits
};

// `lanes` of its targets count: all, or those of one role.
StepShares failures_of(const Step& step, const StepFacts& facts, std::uint32_t lanes) {
  StepShares shares;
  if (!facts.fate.can_fail) return shares;
  const std::uint32_t at_work = std::min(facts.at_once, lanes);
  shares.ended_well.failed = std::min(step.tolerate.value, lanes);
  shares.at_worst = shares.ended_well;
  switch (step.on_failure) {
    case OnFailure::Continue:
      shares.at_worst.failed = lanes;
      break;
    case OnFailure::Ask:
      // Nobody is asked about a condition that cannot be worked out: it counts as with `halt`.
      if (step.condition) {
        shares.at_worst.at_work = std::min(at_work, lanes - shares.at_worst.failed);
        break;
      }
      // While one is asked about no other begins, so those that fail in the end were all at work.
      shares.at_worst.failed = 0;
      shares.at_worst.at_work = std::max(at_work, shares.ended_well.failed);
      break;
    case OnFailure::RollbackAll:
      // Every begun target may be undone, and counts as failed then.
      shares.at_worst.failed = 0;
      shares.at_worst.undone = lanes;
      break;
    case OnFailure::Halt:
    case OnFailure::Rollback:
      shares.at_worst.at_work = std::min(at_work, lanes - shares.at_worst.failed);
      break;
  }
  return shares;
}

StepShares outages_of_reached(const Step& step, const StepFacts& facts, std::uint32_t lanes) {
  WorstShare all;
  if (facts.fate.out_after_well) {
    all.not_restored = lanes;
    all.by_ignored_failures = !facts.fate.out_though_nothing_failed;
    return {all, all};
  }
  if (!facts.fate.can_fail) {
    all.at_work = std::min(facts.at_once, lanes);
    return {all, {}};
  }
  if (step.on_failure == OnFailure::Ask) {
    all.answered = lanes;
    return {all, all};
  }
  StepShares shares = failures_of(step, facts, lanes);
  if (step.on_failure == OnFailure::RollbackAll && !undo_takes_out(step)) {
    // Until it halts it is as any other; what it takes back comes into service.
    shares.at_worst = shares.ended_well;
    shares.at_worst.at_work = std::min(facts.at_once, lanes - shares.at_worst.failed);
  }
  return shares;
}

StepShares outages_of(const Step& step, const StepFacts& facts, std::uint32_t lanes) {
  if (!facts.fate.out_while_run) return {};
  StepShares shares = outages_of_reached(step, facts, lanes);
  if (!facts.fate.out_left_behind) return shares;
  const auto& at_most = step.unreachable.at_most;
  const std::uint32_t left = at_most ? std::min(at_most->value, lanes) : lanes;
  for (WorstShare* share : {&shares.at_worst, &shares.ended_well}) {
    share->left_behind = std::min(left, lanes - std::min(lanes, share->total()));
  }
  return shares;
}

// What contracts let be out, as sets of targets that no two bounds of one contract share.
class Allowances {
 public:
  explicit Allowances(const Plan& plan) {
    if (!admission_is_kept(plan)) return;
    for (const Contract& contract : plan.contracts) {
      if (kept_by_admission(plan, contract)) add(plan, contract);
    }
  }

  // Of the targets that may go out at all, at most so many at once.
  std::uint32_t narrowed(std::uint32_t most, const TargetSet& touched) const {
    for (const Row& row : rows_) {
      std::uint64_t out = touched.size() - touched.size_with(row.role);
      for (const Part& part : row.parts) {
        out += std::min(part.most, touched.size_with(part.targets));
      }
      most = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, out));
    }
    return most;
  }

 private:
  struct Part {
    TargetSet targets;
    std::uint32_t most = 0;
  };
  struct Row {
    TargetSet role;
    std::vector<Part> parts;
  };

  void add(const Plan& plan, const Contract& contract) {
    const TargetList& role = plan.target_lists[plan.roles[contract.role].targets];
    const std::vector<Contract::Bound> bounds = bounds_of(plan, contract);
    std::unordered_map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < bounds.size(); ++i) numbers[value_key(bounds[i].value)] = i;
    std::vector<TargetList> lists(bounds.size());
    if (contract.per.empty()) {
      lists[0] = role;
    } else {
      role.for_each([&](TargetId target) {
        const auto value = target_property(plan, target, contract.per);
        const auto found = value ? numbers.find(value_key(*value)) : numbers.end();
        if (found != numbers.end()) lists[found->second].add(target);
      });
    }
    Row row{TargetSet(role), {}};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      const auto most = most_out(plan, contract, bounds[i]);
      row.parts.push_back({TargetSet(lists[i]), most.value_or(bounds[i].targets)});
    }
    rows_.push_back(std::move(row));
  }

  std::vector<Row> rows_;
};

class Analysis {
 public:
  explicit Analysis(const Plan& plan) : plan_(plan), allowances_(plan) {
    sets_.resize(plan.target_lists.size());
    std::vector<bool> known(plan.target_lists.size());
    const auto set = [&](TargetListId list) {
      if (!known[list.value]) sets_[list.value].add(plan.target_lists[list]);
      known[list.value] = true;
    };
    for (const StepId id : plan.steps.ids()) {
      const Step& step = plan.steps[id];
      set(step.targets);
      StepFacts facts;
      if (!step.disabled) facts = {fate_of(step), own_limit(plan, id).value};
      const bool counted = plan.at_most && !step.on_controller;
      if (counted) facts.at_once = std::min(facts.at_once, plan.at_most->value);
      if (facts.fate.out_while_run) may_go_out_.add(plan.target_lists[step.targets]);
      facts_.push_back(facts);
      // Where a gate fails all that was begun is undone, and counts as failed.
      if (!step.gate_of.valid() || step.disabled) continue;
      const Step& gated = plan.steps[step.gate_of];
      if (!gated.disabled && gated.on_failure == OnFailure::RollbackAll) {
        facts_[step.gate_of.value].fate.can_fail = true;
      }
    }
    for (const Role& role : plan.roles) set(role.targets);
    add_conditions();
  }

  WorstCase run() const {
    WorstCase result;
    result.failed = bound(failures_of, nullptr);
    result.out = out(nullptr);
    for (const Role& role : plan_.roles) {
      result.out_of_roles.push_back(out(&sets_[role.targets.value]));
      result.out_of_roles.back().of = plan_.target_lists[role.targets].size();
    }
    for (const StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = lane_count(plan_, step);
      WorstShare share = failures_of(plan_.steps[step], facts_[step.value], lanes).at_worst;
      share.step = step;
      result.failed_by_step.push_back(share);
    }
    return result;
  }

  WorstBound out(const TargetSet* of, const OutOf* group = nullptr) const {
    WorstBound result = bound(outages_of, of, group);
    const TargetSet& touched = may_go_out_;
    result.most = allowances_.narrowed(result.most, of == nullptr ? touched : touched.with(*of));
    return result;
  }

 private:
  using SharesOf = StepShares (*)(const Step&, const StepFacts&, std::uint32_t);

  // The vertices: a step has begun; it and all before it have ended without failing; the same of
  // all that a join waits for.
  std::uint32_t begun(StepId step) const { return step.value; }
  std::uint32_t went_well(StepId step) const { return plan_.steps.size() + step.value; }
  std::uint32_t all_went_well(JoinId join) const { return 2 * plan_.steps.size() + join.value; }

  void add_conditions() {
    for (const JoinId join : plan_.joins.ids()) {
      for (const StepId step : plan_.joins[join].steps) {
        needs_.push_back({all_went_well(join), went_well(step)});
      }
    }
    for (const StepId step : plan_.steps.ids()) {
      const JoinId join = plan_.steps[step].join;
      needs_.push_back({went_well(step), all_went_well(join)});
      if (plan_.steps[step].when == When::Success) {
        needs_.push_back({begun(step), all_went_well(join)});
      }
    }
  }

  // Of targets on the controller there are none. A step `when failure` that waits for none is never
  // run; and where all before it went well, neither.
  std::uint32_t counted(const Step& step, const TargetSet* role) const {
    if (step.on_controller) return 0;
    if (step.when == When::Failure && plan_.joins[step.join].steps.empty()) return 0;
    const TargetSet& targets = sets_[step.targets.value];
    return role == nullptr ? targets.size() : targets.size_with(*role);
  }

  // Targets of one group have its window, whatever the others do.
  StepFacts facts_of(StepId step, const OutOf* group) const {
    StepFacts facts = facts_[step.value];
    if (group == nullptr || group->property.empty()) return facts;
    for (const GroupWindow& window : plan_.steps[step].group_windows) {
      if (window.property != group->property) continue;
      for (const GroupWindow::Group& row : window.groups) {
        if (row.value == group->value) facts.at_once = std::min(facts.at_once, row.limit.value);
      }
    }
    return facts;
  }

  WorstBound bound(SharesOf shares_of, const TargetSet* role, const OutOf* group = nullptr) const {
    std::vector<StepShares> shares;
    std::vector<std::int64_t> weights(2 * plan_.steps.size() + plan_.joins.size());
    TargetSet touched;
    bool any = false;
    for (const StepId step : plan_.steps.ids()) {
      const Step& row = plan_.steps[step];
      shares.push_back(shares_of(row, facts_of(step, group), counted(row, role)));
      const std::int64_t at_worst = shares.back().at_worst.total();
      const std::int64_t ended_well =
          row.when == When::Failure ? 0 : shares.back().ended_well.total();
      weights[begun(step)] = at_worst;
      weights[went_well(step)] = ended_well - at_worst;
      if (at_worst == 0) continue;
      any = true;
      touched.add(plan_.target_lists[row.targets]);
    }
    WorstBound result;
    result.of = plan_.targets.size();
    if (!any) return result;
    const std::vector<bool> chosen = heaviest_closure(weights, needs_);
    std::uint64_t sum = 0;
    for (const StepId step : plan_.steps.ids()) {
      if (!chosen[begun(step)]) continue;
      const bool well = chosen[went_well(step)];
      if (well && plan_.steps[step].when == When::Failure) continue;
      WorstShare share = well ? shares[step.value].ended_well : shares[step.value].at_worst;
      if (share.total() == 0) continue;
      share.step = step;
      sum += share.total();
      result.shares.push_back(share);
    }
    const std::uint32_t most = role == nullptr ? touched.size() : touched.size_with(*role);
    result.most = static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, most));
    result.by_limits = result.most;
    return result;
  }

  const Plan& plan_;
  Allowances allowances_;
  std::vector<StepFacts> facts_;  // by StepId
  std::vector<TargetSet> sets_;   // by TargetListId
  TargetSet may_go_out_;
  std::vector<Edge> needs_;
};

}  // namespace

bool admission_is_kept(const Plan& plan) {
  return std::none_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    const bool undoes =
        step.on_failure == OnFailure::Rollback || step.on_failure == OnFailure::RollbackAll;
    return undoes && !step.disabled && undo_takes_out(step);
  });
}

WorstCase worst_case(const Plan& plan) {
  return Analysis(plan).run();
}

std::vector<WorstBound> worst_out_of(const Plan& plan, std::span<const OutOf> sets) {
  const Analysis analysis(plan);
  std::vector<WorstBound> bounds;
  for (const OutOf& row : sets) {
    const TargetSet set(row.targets);
    bounds.push_back(analysis.out(&set, &row));
    bounds.back().of = row.targets.size();
  }
  return bounds;
}

}  // namespace sluice::plan
