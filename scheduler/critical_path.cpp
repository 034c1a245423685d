#include "scheduler/critical_path.h"

#include <algorithm>
#include <tuple>

namespace sluice::scheduler {

namespace {

struct LaneRef {
  base::Instant end;
  plan::StepId step;
  std::uint32_t lane = 0;
  auto operator<=>(const LaneRef&) const = default;
};

class PathFinder {
 public:
  PathFinder(const plan::Plan& plan, const Timeline& timeline)
      : plan_(plan), timeline_(timeline), ancestors_(plan.steps.size()) {
    for (const plan::StepId step : plan.steps.ids()) {
      const std::uint32_t lanes = plan::lane_count(plan, step);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        const LaneTimes& times = timeline.lane(step, lane);
        // A lane of no length explains nothing: what released it released what it released.
        const bool ended = times.end != base::Instant::never();
        if (ended && times.start < times.end) by_end_.push_back({times.end, step, lane});
      }
    }
    std::sort(by_end_.begin(), by_end_.end());
  }

  std::vector<PathPart> find() {
    std::vector<LaneRef> chain;
    if (!by_end_.empty()) {
      LaneRef at = *std::lower_bound(by_end_.begin(), by_end_.end(),
                                     LaneRef{by_end_.back().end, plan::StepId{0}, 0});
      chain.push_back(at);
      while (before(at)) chain.push_back(at);
    }
    std::vector<PathPart> path;
    for (auto lane = chain.rbegin(); lane != chain.rend(); ++lane) add_tasks(*lane, path);
    return path;
  }

 private:
  // Replaces the lane by the one that released it; false where there is none.
  bool before(LaneRef& at) {
    const base::Instant start = timeline_.lane(at.step, at.lane).start;
    if (start.ms == 0) return false;
    const bool with_step = timeline_.steps[at.step.value].start == start;
    const plan::TargetId target = plan::lane_target(plan_, at.step, at.lane);
    auto candidate =
        std::lower_bound(by_end_.begin(), by_end_.end(), LaneRef{start, plan::StepId{0}, 0});
    for (; candidate != by_end_.end() && candidate->end == start; ++candidate) {
      const bool released = with_step ? is_ancestor(candidate->step, at.step)
                                      : candidate->step == at.step || held(*candidate, at, target);
      if (!released) continue;
      at = *candidate;
      return true;
    }
    return false;
  }

  bool held(const LaneRef& candidate, const LaneRef& at, plan::TargetId target) const {
    if (!target.valid() || plan_.steps[candidate.step].shared || plan_.steps[at.step].shared) {
      return false;
    }
    return plan::lane_target(plan_, candidate.step, candidate.lane) == target;
  }

  bool is_ancestor(plan::StepId step, plan::StepId of) {
    std::vector<bool>& known = ancestors_[of.value];
    if (known.empty()) {
      known.resize(plan_.steps.size());
      std::vector<plan::StepId> open{of};
      while (!open.empty()) {
        const plan::StepId at = open.back();
        open.pop_back();
        for (const plan::StepId awaited : plan_.joins[plan_.steps[at].join].steps) {
          if (known[awaited.value]) continue;
          known[awaited.value] = true;
          open.push_back(awaited);
        }
      }
    }
    return known[step.value];
  }

  void add_tasks(const LaneRef& at, std::vector<PathPart>& path) const {
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[at.step].tasks.size());
    for (std::uint32_t task = 0; task < tasks; ++task) {
      const TaskTimes& times = timeline_.task(plan_, at.step, at.lane, task);
      if (times.end == base::Instant::never() || times.start == times.end) continue;
      path.push_back({at.step, at.lane, task, times.start, times.end});
    }
  }

  const plan::Plan& plan_;
  const Timeline& timeline_;
  std::vector<LaneRef> by_end_;
  std::vector<std::vector<bool>> ancestors_;
};

}  // namespace

std::vector<PathPart> critical_path(const plan::Plan& plan, const Timeline& timeline) {
  return PathFinder(plan, timeline).find();
}

}  // namespace sluice::scheduler
