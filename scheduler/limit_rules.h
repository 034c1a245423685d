// What holds lanes back beside their step's own window: windows of groups, `at most` over the whole
// deployment, and contracts. Read from the plan once; it knows nothing of what happens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/plan.h"
#include "scheduler/step_graph.h"

namespace sluice::scheduler {

struct LimitRules {
  static constexpr std::uint32_t none = 0xffff'ffff;

  // Bound: of targets out of service, by a contract.
  enum class Kind : std::uint8_t { Group, AtMost, Bound };
  struct Limit {
    Kind kind = Kind::Group;
    std::uint32_t places = 0;
    std::uint32_t contract = none;  // position in the plan's
  };

  // Lanes of one step that the same limits hold, ascending.
  struct Cohort {
    std::uint32_t first_limit = 0;  // in cohort_limits
    std::uint32_t limits = 0;
    std::uint32_t first_lane = 0;  // in `order`; where its step has one cohort: all lanes, as is
    std::uint32_t lanes = 0;
  };

  struct StepPart {
    std::uint32_t first_cohort = 0;
    std::uint32_t cohorts = 0;  // 0: nothing holds its lanes back
    std::uint32_t lanes = 0;
    std::uint32_t first_lane = none;  // in `order` and `cohort_of`; none: it has one cohort
    // Nothing takes a lane's target out of service after this task; none: nothing in it does. The
    // number of tasks: it may be taken back in its slot, up to its end.
    std::uint32_t last_out = none;
    bool undo_goes_out = false;  // taking a lane back may take its target out
    bool shared = false;
    bool lockstep = false;
    bool at_most = false;
    const plan::TargetList* targets = nullptr;  // null: the controller
    std::vector<plan::TargetList::Run> index;   // by target, where it has to be looked up
    bool goes_out() const { return last_out != none; }
  };

  LimitRules(const plan::Plan& plan, const StepGraph& graph);

  std::span<const std::uint32_t> limits_of(std::uint32_t cohort) const {
    return {cohort_limits.data() + cohorts[cohort].first_limit, cohorts[cohort].limits};
  }
  std::uint32_t cohort_of_lane(plan::StepId step, std::uint32_t lane) const {
    const StepPart& part = steps[step.value];
    return part.first_cohort + (part.first_lane == none ? 0 : cohort_of[part.first_lane + lane]);
  }
  // The limits of the contracts that a target counts for.
  std::span<const std::uint32_t> bounds_of(plan::TargetId target) const {
    const BoundSet& set = bound_sets[bound_set[target.value]];
    return {set_bounds.data() + set.first, set.count};
  }
  // Of a target in a step that is indexed; none: the step does not work on it.
  std::uint32_t lane_of(plan::StepId step, plan::TargetId target) const;

  std::vector<StepPart> steps;
  std::vector<Cohort> cohorts;
  std::vector<Limit> limits;
  std::vector<std::uint32_t> cohort_limits;
  std::vector<std::uint32_t> order;      // lanes by cohort
  std::vector<std::uint32_t> cohort_of;  // by lane, counted from its step's first
  bool keeps_contracts = false;
  bool counts_targets = false;  // `at most`, and a target may be at work in two steps at once

  struct BoundSet {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  std::vector<std::uint32_t> bound_set;  // by target; empty where no contract is kept
  std::vector<BoundSet> bound_sets;
  std::vector<std::uint32_t> set_bounds;
};

}  // namespace sluice::scheduler
