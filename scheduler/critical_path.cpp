#include "scheduler/critical_path.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "plan/batches.h"
#include "scheduler/work.h"

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

bool takes_pieces(const plan::Work& work) {
  return std::any_of(work.uses.begin(), work.uses.end(),
                     [](const plan::Use& use) { return use.pieces > 0; });
}

// Lanes of it may wait in their slots for other lanes.
bool waits_in_slots(const plan::Step& step) {
  const auto takes = [](const base::Boxed<plan::Work>& work) {
    return work && takes_pieces(*work);
  };
  return step.batches.lockstep || takes(step.verify) ||
         std::any_of(step.tasks.begin(), step.tasks.end(), [&](const plan::Task& task) {
           return takes_pieces(task) || takes(task.verify) || takes(task.undo);
         });
}

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
    std::vector<std::vector<PathPart>> chain;
    if (!by_end_.empty()) {
      LaneRef at = *std::lower_bound(by_end_.begin(), by_end_.end(),
                                     LaneRef{by_end_.back().end, plan::StepId{0}, 0, {}});
      bool more = true;
      while (more) {
        std::vector<PathPart>& parts = chain.emplace_back(parts_of(at));
        more = before_wait(at, parts) || before(at) || before_by_limit(at) || before_stagger(at);
      }
    }
    std::vector<PathPart> path;
    for (auto parts = chain.rbegin(); parts != chain.rend(); ++parts) {
      path.insert(path.end(), parts->begin(), parts->end());
    }
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

  // The lane up to the end of one of its attempts.
  struct Attempt {
    LaneRef lane;
    std::uint32_t task = 0;
    Part part = Part::Run;
  };

  // Of all steps, by their ends; made where they are asked for first.
  const std::vector<Attempt>& attempts() {
    if (!attempts_.empty()) return attempts_;
    for (const plan::StepId step : plan_.steps.ids()) add_attempts(step);
    std::sort(attempts_.begin(), attempts_.end(),
              [](const Attempt& a, const Attempt& b) { return a.lane < b.lane; });
    return attempts_;
  }

  void add_attempts(plan::StepId step) {
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
    const std::uint32_t lanes = plan::lane_count(plan_, step);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const base::Instant begun = timeline_.lane(step, lane).start;
      const std::uint64_t place = timeline_.first_lane[step.value] + lane;
      const auto back =
          std::lower_bound(timeline_.rolled_back.begin(), timeline_.rolled_back.end(), place,
                           [](const RolledBack& row, std::uint64_t of) { return row.lane < of; });
      const bool split = back != timeline_.rolled_back.end() && back->lane == place;
      const auto add = [&](std::uint32_t task, Part part, const Interval& times) {
        if (times.end == base::Instant::never() || times.start == times.end) return;
        const bool undone = split && back->undo_start <= times.start;
        attempts_.push_back(
            {{times.end, step, lane, undone ? back->undo_start : begun}, task, part});
      };
      for (std::uint32_t task = 0; task < tasks; ++task) {
        for (const Interval& row : timeline_.attempts(plan_, step, lane, task)) {
          add(task, Part::Run, row);
        }
      }
      for (const PartTimes& row : timeline_.parts_of(step, lane)) {
        for (const Interval& attempt : row.attempts) add(row.task, row.part, attempt);
      }
    }
  }

  // Where the lane waited in its slot for another one of its batch, or for pieces, the path goes on
  // with that one: drops the parts before the wait, and replaces the lane.
  bool before_wait(LaneRef& at, std::vector<PathPart>& parts) {
    if (!waits_in_slots(plan_.steps[at.step])) return false;
    for (std::size_t i = parts.size(); i-- > 0;) {
      const base::Instant since = i > 0 ? parts[i - 1].end : at.start;
      if (parts[i].start <= since) continue;
      const Attempt* found = released_by(parts[i]);
      if (found == nullptr) continue;
      parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(i));
      at = found->lane;
      return true;
    }
    return false;
  }

  const Attempt* released_by(const PathPart& waited) {
    return first_attempt(waited.start, [&](const Attempt& candidate) {
      const bool own = candidate.lane.step == waited.step && candidate.lane.lane == waited.lane;
      return !own && (same_batch(candidate, waited) || same_pieces(candidate, waited));
    });
  }

  // The first that ended at that instant and fits.
  template <class Fits>
  const Attempt* first_attempt(base::Instant end, Fits fits) {
    const std::vector<Attempt>& rows = attempts();
    auto row = std::lower_bound(
        rows.begin(), rows.end(), end,
        [](const Attempt& before, base::Instant at) { return before.lane.end < at; });
    for (; row != rows.end() && row->lane.end == end; ++row) {
      if (fits(*row)) return &*row;
    }
    return nullptr;
  }

  // A limit over several steps, or a contract: whoever ended its lane then, or came back into
  // service.
  bool before_by_limit(LaneRef& at) {
    if (at.start.ms == 0 || (!plan_.at_most && plan_.contracts.empty())) return false;
    const auto lane =
        std::lower_bound(by_end_.begin(), by_end_.end(), LaneRef{at.start, plan::StepId{0}, 0, {}});
    if (lane != by_end_.end() && lane->end == at.start) {
      at = *lane;
      return true;
    }
    const Attempt* back = first_attempt(at.start, [&](const Attempt& candidate) {
      const plan::ServiceEffect effect = effect_of(
          plan_, {.step = candidate.lane.step, .task = candidate.task, .part = candidate.part});
      return effect.restores || effect.interrupts;
    });
    if (back == nullptr) return false;
    at = back->lane;
    return true;
  }

  // It waited for the pause between two begins: the path goes on with the one that began before, as
  // far as that was at work.
  bool before_stagger(LaneRef& at) {
    const plan::Step& step = plan_.steps[at.step];
    if (step.stagger.ms == 0 || at.start.ms < step.stagger.ms) return false;
    if (begins_.empty()) {
      for (const LaneRef& lane : by_end_) {
        if (plan_.steps[lane.step].stagger.ms > 0) begins_[{lane.step, lane.start}] = lane;
      }
    }
    const auto begun = begins_.find({at.step, base::Instant{at.start.ms - step.stagger.ms}});
    if (begun == begins_.end()) return false;
    const base::Instant end = std::min(at.start, begun->second.end);
    at = begun->second;
    at.end = end;
    return true;
  }

  bool same_batch(const Attempt& candidate, const PathPart& waited) const {
    const plan::Step& step = plan_.steps[waited.step];
    if (candidate.lane.step != waited.step || !step.batches.lockstep) return false;
    return plan::batch_number(plan_, waited.step, candidate.lane.lane) ==
           plan::batch_number(plan_, waited.step, waited.lane);
  }

  bool same_pieces(const Attempt& candidate, const PathPart& waited) const {
    const plan::Work& gave = work_for(
        plan_, {.step = candidate.lane.step, .task = candidate.task, .part = candidate.part});
    const plan::Work& took =
        work_for(plan_, {.step = waited.step, .task = waited.task, .part = waited.part});
    return std::any_of(gave.uses.begin(), gave.uses.end(), [&](const plan::Use& use) {
      return use.pieces > 0 &&
             std::any_of(took.uses.begin(), took.uses.end(),
                         [&](const plan::Use& own) { return own.resource == use.resource; });
    });
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

  // In order of time, up to the lane's end.
  std::vector<PathPart> parts_of(const LaneRef& at) const {
    std::vector<PathPart> path;
    const auto add_part = [&](std::uint32_t task, Part part, const TaskTimes& times) {
      if (times.end == base::Instant::never() || times.start == times.end) return;
      if (times.start < at.start || at.end <= times.start) return;  // of its other time at work
      path.push_back({at.step, at.lane, task, part, times.start, std::min(times.end, at.end)});
    };
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[at.step].tasks.size());
    for (std::uint32_t task = 0; task < tasks; ++task) {
      add_part(task, Part::Run, timeline_.task(plan_, at.step, at.lane, task));
    }
    for (const PartTimes& row : timeline_.parts_of(at.step, at.lane)) {
      add_part(row.task, row.part, row.times);
    }
    std::sort(path.begin(), path.end(),
              [](const PathPart& a, const PathPart& b) { return a.start < b.start; });
    return path;
  }

  const plan::Plan& plan_;
  const Timeline& timeline_;
  std::vector<LaneRef> by_end_;
  std::vector<Attempt> attempts_;                                     // by end
  std::map<std::pair<plan::StepId, base::Instant>, LaneRef> begins_;  // of steps with a stagger
  std::vector<std::vector<bool>> ancestors_;
};

}  // namespace

std::vector<PathPart> critical_path(const plan::Plan& plan, const Timeline& timeline) {
  return PathFinder(plan, timeline).find();
}

}  // namespace sluice::scheduler
