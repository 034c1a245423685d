#include "scheduler/asked.h"

#include <algorithm>

#include "scheduler/work.h"

namespace sluice::scheduler {

namespace {

class Questions {
 public:
  Questions(const plan::Plan& plan, const Timeline& timeline) : plan_(plan), timeline_(timeline) {}

  std::vector<Asked> all() {
    for (const plan::StepId step : plan_.steps.ids()) {
      const bool any = asks_approval(step) || plan_.steps[step].on_failure == plan::OnFailure::Ask;
      const std::uint32_t lanes = any ? plan::lane_count(plan_, step) : 0;
      for (std::uint32_t lane = 0; lane < lanes; ++lane) look_at(step, lane);
    }
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Asked& a, const Asked& b) { return a.at < b.at; });
    return std::move(rows_);
  }

 private:
  bool asks_approval(plan::StepId id) const {
    const plan::Step& step = plan_.steps[id];
    return (step.verify && is_manual(*step.verify)) ||
           std::any_of(step.tasks.begin(), step.tasks.end(), [](const plan::Task& task) {
             return is_manual(task) || (task.verify && is_manual(*task.verify)) ||
                    (task.undo && is_manual(*task.undo));
           });
  }

  void look_at(plan::StepId step, std::uint32_t lane) {
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
    Asked last{Asked::Question::Decide, {}, step, lane, 0, Part::Run};
    base::Instant failed;
    const auto look = [&](std::uint32_t task, Part part, const TaskTimes& times,
                          const std::vector<Interval>& attempts) {
      const Action action{.step = step, .lane = lane, .task = task, .part = part};
      const bool asks = !attempts.empty() && is_manual(work_for(plan_, action));
      for (const Interval& attempt : attempts) {
        if (asks) {
          rows_.push_back({Asked::Question::Approve, attempt.start, step, lane, task, part});
        }
      }
      if (times.state != State::Failed || times.end < failed) return;
      failed = times.end;
      last.task = task;
      last.part = part;
    };
    for (std::uint32_t task = 0; task < tasks; ++task) {
      const TaskTimes& times = timeline_.task(plan_, step, lane, task);
      if (times.start == base::Instant::never()) continue;
      look(task, Part::Run, times, timeline_.attempts(plan_, step, lane, task));
    }
    for (const PartTimes& row : timeline_.parts_of(step, lane)) {
      look(row.task, row.part, row.times, row.attempts);
    }
    const LaneTimes& times = timeline_.lane(step, lane);
    const bool decided = plan_.steps[step].on_failure == plan::OnFailure::Ask &&
                         times.state == State::Excluded && times.start != base::Instant::never();
    if (!decided) return;
    last.at = times.end;
    rows_.push_back(last);
  }

  const plan::Plan& plan_;
  const Timeline& timeline_;
  std::vector<Asked> rows_;
};

}  // namespace

std::vector<Asked> asked_of(const plan::Plan& plan, const Timeline& timeline) {
  return Questions(plan, timeline).all();
}

}  // namespace sluice::scheduler
