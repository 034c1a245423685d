// From a census' timeline to what it found on each target.
#include <algorithm>

#include "base/utf8.h"
#include "cli/census.h"
#include "scheduler/state.h"

namespace sluice::cli {

namespace {

using scheduler::Reason;
using scheduler::State;

class CensusReader {
 public:
  CensusReader(const plan::Plan& plan, const plan::CensusPlan& census,
               const scheduler::Timeline& timeline,
               const std::map<scheduler::Action, Failure>& failures)
      : plan_(plan), census_(census), timeline_(timeline), rows_(plan.targets.size() + 1) {
    for (const auto& [action, failure] : failures) {
      failures_[{action.step.value, action.lane, action.task}] = &failure;
    }
  }

  CensusReport read() {
    std::vector<bool> planned(rows_.size());
    for (const plan::StepId step : plan_.steps.ids()) {
      if (plan_.steps[step].gate_of.valid()) continue;
      for (std::uint32_t lane = 0; lane < plan::lane_count(plan_, step); ++lane) {
        planned[row_of(plan_, step, lane)] = true;
      }
    }
    for (const plan::StepId step : census_.plan.steps.ids()) read_step(step);
    for (const plan::CensusPlan::NotAsked& work : census_.not_asked) read_not_asked(work);
    CensusReport report;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      // The controller is no target: a mail or an approval there puts nothing in place.
      const bool is_target = i < plan_.targets.size();
      if (!planned[i] || (!is_target && !spoken_[i])) continue;
      CensusRow& row = rows_[i];
      if (!spoken_[i]) silent(row);
      if (is_target) row.target = plan::TargetId{i};
      report.rows.push_back(std::move(row));
    }
    return report;
  }

 private:
  // The controller's stands behind those of the targets.
  std::uint32_t row_of(const plan::Plan& plan, plan::StepId step, std::uint32_t lane) const {
    const plan::TargetId target = plan::lane_target(plan, step, lane);
    return target.valid() ? target.value : plan_.targets.size();
  }

  void add(std::uint32_t row, Asked asked) {
    spoken_[row] = true;
    rows_[row].found = std::max(rows_[row].found, asked.found);
    if (asked.found > Found::InPlace) rows_[row].asked.push_back(std::move(asked));
  }

  // No `verify` speaks of it.
  static void silent(CensusRow& row) {
    row.found = Found::NotKnown;
    row.asked.push_back(
        {"", Found::NotKnown, "no step that works on it says how that is verified", {}});
  }

  void read_step(plan::StepId id) {
    const plan::Step& step = census_.plan.steps[id];
    for (std::uint32_t lane = 0; lane < plan::lane_count(census_.plan, id); ++lane) {
      const std::uint32_t row = row_of(census_.plan, id, lane);
      for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
        Asked asked = ask(id, lane, task);
        const std::string& name = step.tasks[task].name;
        asked.name = base::printable(name == step.name ? name : step.name + "/" + name);
        add(row, std::move(asked));
      }
    }
  }

  Asked ask(plan::StepId id, std::uint32_t lane, std::uint32_t task) const {
    const scheduler::TaskTimes& times = timeline_.task(census_.plan, id, lane, task);
    const scheduler::LaneTimes& lane_times = timeline_.lane(id, lane);
    Asked asked;
    if (times.state == State::Succeeded) {
      asked.found = Found::InPlace;
      return asked;
    }
    const bool left_out = times.state == State::Skipped || lane_times.state == State::Skipped;
    const Reason reason = times.reason != Reason::None ? times.reason : lane_times.reason;
    if (left_out && (reason == Reason::Condition || reason == Reason::NoTargets)) {
      asked.found = Found::NotNeeded;
      return asked;
    }
    const auto failure = failures_.find({id.value, lane, task});
    const bool reached = times.state == State::Failed && times.reason != Reason::OutOfReach &&
                         lane_times.state != State::LeftBehind;
    asked.found = reached ? Found::NotInPlace : Found::NotKnown;
    if (failure != failures_.end()) {
      asked.reason = failure->second->what;
      asked.output = failure->second->output;
    } else {
      asked.reason = reason == Reason::None
                         ? "it was not asked"
                         : scheduler::reason_text(census_.plan, reason, lane_times.cause);
    }
    return asked;
  }

  void read_not_asked(const plan::CensusPlan::NotAsked& work) {
    for (std::uint32_t lane = 0; lane < plan::lane_count(plan_, work.step); ++lane) {
      add(row_of(plan_, work.step, lane),
          {base::printable(work.name), Found::NotKnown, "it reads what only a run knows", {}});
    }
  }

  using Place = std::array<std::uint32_t, 3>;  // step, lane, task

  const plan::Plan& plan_;
  const plan::CensusPlan& census_;
  const scheduler::Timeline& timeline_;
  std::map<Place, const Failure*> failures_;
  std::vector<CensusRow> rows_;
  std::vector<bool> spoken_ = std::vector<bool>(rows_.size());
};

}  // namespace

std::uint32_t CensusReport::counted(Found found) const {
  return static_cast<std::uint32_t>(std::count_if(
      rows.begin(), rows.end(), [&](const CensusRow& row) { return row.found == found; }));
}

CensusReport read_census(const plan::Plan& plan, const plan::CensusPlan& census,
                         const scheduler::Timeline& timeline,
                         const std::map<scheduler::Action, Failure>& failures) {
  return CensusReader(plan, census, timeline, failures).read();
}

}  // namespace sluice::cli
