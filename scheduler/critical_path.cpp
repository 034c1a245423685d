#include "scheduler/critical_path.h"

#include <algorithm>
#include <tuple>

namespace sluice::scheduler {

namespace {

// A lane's time at work; one that was taken back with its step has two of them.
struct LaneRef {
  base::Instant end;
  plan::StepId step;
  std::uint32_t lane = 0;
  base::Instant start;
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
        add({times.end, step, lane, times.start});
      }
    }
    for (const RolledBack& row : timeline.rolled_back) split(row);
    std::sort(by_end_.begin(), by_end_.end());
  }

  std::vector<PathPart> find() {
    std::vector<LaneRef> chain;
    if (!by_end_.empty()) {
      LaneRef at = *std::lower_bound(by_end_.begin(), by_end_.end(),
                                     LaneRef{by_end_.back().end, plan::StepId{0}, 0, {}});
      chain.push_back(at);
      while (before(at)) chain.push_back(at);
    }
    std::vector<PathPart> path;
    for (auto lane = chain.rbegin(); lane != chain.rend(); ++lane) add_tasks(*lane, path);
    return path;
  }

 private:
  // A lane of no length explains nothing: what released it released what it released.
  void add(const LaneRef& lane) {
    const bool ended = lane.end != base::Instant::never();
    if (ended && lane.start < lane.end) by_end_.push_back(lane);
  }

  void split(const RolledBack& row) {
    const auto after =
        std::upper_bound(timeline_.first_lane.begin(), timeline_.first_lane.end(), row.lane);
    const plan::StepId step{static_cast<std::uint32_t>(after - timeline_.first_lane.begin()) - 1};
    const auto lane = static_cast<std::uint32_t>(row.lane - timeline_.first_lane[step.value]);
    const LaneTimes& times = timeline_.lanes[row.lane];
    std::erase(by_end_, LaneRef{times.end, step, lane, times.start});
    add({row.ended, step, lane, times.start});
    add({times.end, step, lane, row.undo_start});
  }

  // Replaces the lane by the one that released it; false where there is none.
  bool before(LaneRef& at) {
    const base::Instant start = at.start;
    if (start.ms == 0) return false;
    const bool gate = plan_.steps[at.step].gate_of.valid();
    const bool with_step = !gate && timeline_.steps[at.step.value].start == start;
    const plan::TargetId target = plan::lane_target(plan_, at.step, at.lane);
    auto candidate =
        std::lower_bound(by_end_.begin(), by_end_.end(), LaneRef{start, plan::StepId{0}, 0, {}});
    for (; candidate != by_end_.end() && candidate->end == start; ++candidate) {
      const bool released =
          with_step ? is_ancestor(candidate->step, at.step)
                    : family(candidate->step) == family(at.step) || held(*candidate, at, target);
      if (!released) continue;
      at = *candidate;
      return true;
    }
    return false;
  }

  // A step and the gates between its batches release each other's lanes.
  plan::StepId family(plan::StepId step) const {
    const plan::StepId of = plan_.steps[step].gate_of;
    return of.valid() ? of : step;
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
    const std::size_t first = path.size();
    const auto add_part = [&](std::uint32_t task, Part part, const TaskTimes& times) {
      if (times.end == base::Instant::never() || times.start == times.end) return;
      if (times.start < at.start || at.end < times.end) return;  // of its other time at work
      path.push_back({at.step, at.lane, task, part, times.start, times.end});
    };
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[at.step].tasks.size());
    for (std::uint32_t task = 0; task < tasks; ++task) {
      add_part(task, Part::Run, timeline_.task(plan_, at.step, at.lane, task));
    }
    for (const PartTimes& row : timeline_.parts_of(at.step, at.lane)) {
      add_part(row.task, row.part, row.times);
    }
    std::sort(path.begin() + static_cast<std::ptrdiff_t>(first), path.end(),
              [](const PathPart& a, const PathPart& b) { return a.start < b.start; });
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
