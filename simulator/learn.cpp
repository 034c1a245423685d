#include "simulator/learn.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "simulator/connecting.h"

namespace sluice::simulator {

namespace {

History::Row& row_of(History& history, const std::string& step, const std::string& task) {
  const auto before = [](const History::Row& row, const auto& wanted) {
    return std::tie(row.step, row.task) < wanted;
  };
  auto found =
      std::lower_bound(history.rows.begin(), history.rows.end(), std::tie(step, task), before);
  if (found == history.rows.end() || found->step != step || found->task != task) {
    found = history.rows.insert(found, {step, task, {}});
  }
  return *found;
}

bool was_at_work(const scheduler::Interval& attempt, const std::vector<base::Instant>& instants) {
  return std::any_of(instants.begin(), instants.end(),
                     [&](base::Instant at) { return attempt.start < at && at <= attempt.end; });
}

}  // namespace

void Learner::learn(const plan::Plan& plan, const scheduler::Timeline& timeline,
                    const std::vector<base::Instant>& taken_up) {
  if (timeline.lanes.empty()) return;
  Connecting connecting(plan);
  connecting.begin_all(timeline);
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    const std::uint32_t lanes = plan::lane_count(plan, id);
    for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
      History::Row& row = row_of(history_, step.name, step.tasks[task].name);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        if (timeline.task(plan, id, lane, task).state != scheduler::State::Succeeded) continue;
        const auto attempts = timeline.attempts(plan, id, lane, task);
        if (attempts.empty() || was_at_work(attempts.back(), taken_up)) continue;
        row.durations.push_back(connecting.connected(id, lane, task, attempts.back()));
      }
    }
  }
}

History Learner::finish() && {
  std::erase_if(history_.rows, [](const History::Row& row) { return row.durations.empty(); });
  for (History::Row& row : history_.rows) std::sort(row.durations.begin(), row.durations.end());
  return std::move(history_);
}

}  // namespace sluice::simulator
