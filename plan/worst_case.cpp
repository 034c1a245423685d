#include "plan/worst_case.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "plan/graph.h"

namespace sluice::plan {

namespace {

// A list's targets without their order: intervals of ids, ascending and apart.
class TargetSet {
 public:
  struct Interval {
    std::uint32_t first;
    std::uint32_t end;
  };

  void add(const TargetList& list) {
    for (const TargetList::Run& run : list.runs()) {
      intervals_.push_back({run.first, run.first + run.count});
    }
    const auto before = [](Interval a, Interval b) { return a.first < b.first; };
    std::sort(intervals_.begin(), intervals_.end(), before);
    std::size_t kept = 0;
    for (const Interval& interval : intervals_) {
      if (kept > 0 && interval.first <= intervals_[kept - 1].end) {
        intervals_[kept - 1].end = std::max(intervals_[kept - 1].end, interval.end);
      } else {
        intervals_[kept++] = interval;
      }
    }
    intervals_.resize(kept);
  }

  std::uint32_t size() const {
    return std::accumulate(
        intervals_.begin(), intervals_.end(), 0U,
        [](std::uint32_t sum, Interval each) { return sum + (each.end - each.first); });
  }

  std::uint32_t size_with(const TargetSet& other) const {
    std::uint32_t shared = 0;
    auto mine = intervals_.begin();
    auto theirs = other.intervals_.begin();
    while (mine != intervals_.end() && theirs != other.intervals_.end()) {
      const std::uint32_t first = std::max(mine->first, theirs->first);
      const std::uint32_t end = std::min(mine->end, theirs->end);
      if (first < end) shared += end - first;
      mine->end < theirs->end ? ++mine : ++theirs;
    }
    return shared;
  }

 private:
  std::vector<Interval> intervals_;
};

// What can become of a target in a step, whatever fails: every way through the tasks at once. Only
// what this step took out of service counts as its own.
struct LaneFate {
  bool can_fail = false;
  bool out_while_run = false;              // at some time; and so on, where it fails then
  bool out_after_well = false;             // though no task failed but ignored ones …
  bool out_though_nothing_failed = false;  // … and even where none did
};

// The states of a lane, as a set: [this step has it out of service][it has failed].
using LaneStates = std::array<std::array<bool, 2>, 2>;

bool runs(const Task& task, bool failed) {
  if (task.disabled) return false;
  return task.when == When::Always || (task.when == When::Failure) == failed;
}

void go_through(const Task& task, bool may_fail, LaneStates& states, bool& out_while_run) {
  LaneStates next{};
  for (const bool out : {false, true}) {
    for (const bool failed : {false, true}) {
      if (!states[out][failed]) continue;
      if (!runs(task, failed)) {
        next[out][failed] = true;
        continue;
      }
      const ServiceEffect& effect = task.effect;
      out_while_run = out_while_run || effect.drains || effect.interrupts;
      next[(out || effect.drains) && !effect.restores][failed] = true;
      if (!may_fail) continue;
      next[out || effect.drains || effect.interrupts][failed || !task.ignore_failure] = true;
    }
  }
  states = next;
}

LaneFate fate_of(const Step& step) {
  LaneFate fate;
  for (const bool may_fail : {false, true}) {
    LaneStates states{};
    states[false][false] = true;
    for (const Task& task : step.tasks) go_through(task, may_fail, states, fate.out_while_run);
    fate.can_fail = states[false][true] || states[true][true];
    fate.out_after_well = states[true][false];
    if (!may_fail) fate.out_though_nothing_failed = states[true][false];
  }
  return fate;
}

// What a step adds while it runs or where it failed, and where it ended without failing.
struct StepShares {
  WorstShare at_worst;
  WorstShare ended_well;
};

// `lanes` of its targets count: all, or those of one role.
StepShares failures_of(const Step& step, const LaneFate& fate, std::uint32_t lanes) {
  StepShares shares;
  if (!fate.can_fail) return shares;
  shares.ended_well.failed = std::min(step.tolerate.value, lanes);
  shares.at_worst = shares.ended_well;
  if (step.on_failure == OnFailure::Continue) {
    shares.at_worst.failed = lanes;
  } else {
    shares.at_worst.at_work = std::min(step.window.value, lanes - shares.at_worst.failed);
  }
  return shares;
}

StepShares outages_of(const Step& step, const LaneFate& fate, std::uint32_t lanes) {
  if (!fate.out_while_run) return {};
  if (fate.out_after_well) {
    WorstShare all;
    all.not_restored = lanes;
    all.by_ignored_failures = !fate.out_though_nothing_failed;
    return {all, all};
  }
  return failures_of(step, fate, lanes);
}

class Analysis {
 public:
  explicit Analysis(const Plan& plan) : plan_(plan) {
    sets_.resize(plan.target_lists.size());
    std::vector<bool> known(plan.target_lists.size());
    const auto set = [&](TargetListId list) {
      if (!known[list.value]) sets_[list.value].add(plan.target_lists[list]);
      known[list.value] = true;
    };
    for (const Step& step : plan.steps) {
      set(step.targets);
      fates_.push_back(step.disabled ? LaneFate{} : fate_of(step));
    }
    for (const Role& role : plan.roles) set(role.targets);
    add_conditions();
  }

  WorstCase run() const {
    WorstCase result;
    result.failed = bound(failures_of, nullptr);
    result.out = bound(outages_of, nullptr);
    for (const Role& role : plan_.roles) {
      result.out_of_roles.push_back(bound(outages_of, &sets_[role.targets.value]));
      result.out_of_roles.back().of = plan_.target_lists[role.targets].size();
    }
    for (const StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = lane_count(plan_, step);
      WorstShare share = failures_of(plan_.steps[step], fates_[step.value], lanes).at_worst;
      share.step = step;
      result.failed_by_step.push_back(share);
    }
    return result;
  }

 private:
  using SharesOf = StepShares (*)(const Step&, const LaneFate&, std::uint32_t);

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

  WorstBound bound(SharesOf shares_of, const TargetSet* role) const {
    std::vector<StepShares> shares;
    std::vector<std::int64_t> weights(2 * plan_.steps.size() + plan_.joins.size());
    TargetSet touched;
    bool any = false;
    for (const StepId step : plan_.steps.ids()) {
      const Step& row = plan_.steps[step];
      shares.push_back(shares_of(row, fates_[step.value], counted(row, role)));
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
    return result;
  }

  const Plan& plan_;
  std::vector<LaneFate> fates_;  // by StepId
  std::vector<TargetSet> sets_;  // by TargetListId
  std::vector<Edge> needs_;
};

}  // namespace

WorstCase worst_case(const Plan& plan) {
  return Analysis(plan).run();
}

}  // namespace sluice::plan
