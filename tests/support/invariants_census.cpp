// The census: who must be asked for what, how many at once, and what that makes of the deployment.
#include <algorithm>

#include "scheduler/work.h"
#include "support/invariants.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Outcome;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;

bool Invariants::is_probed(plan::StepId id, std::uint32_t lane, std::uint32_t task) const {
  const plan::Step& rules = plan_.steps[id];
  if (rules.gate_of.valid()) return false;
  const Step& step = step_of(id);
  const auto left = left_out(id, lane);
  const bool unneeded =
      !asks_for_step(id) && own_truth(rules.condition, id, lane) == scheduler::Truth::False;
  if (unneeded || (left && left->reason == Reason::Condition)) return false;
  if (step.lanes[lane].not_needed.contains(task)) return false;
  if (task == rules.tasks.size()) return rules.verify.has_value();
  const plan::Task& row = rules.tasks[task];
  if (own_truth(row.condition, id, lane) == scheduler::Truth::False) return false;
  return row.verify && !row.disabled && row.when != plan::When::Failure;
}

// When all steps have ended.
void Invariants::open_census() {
  if (census_) return;
  steps_ended_at_ = now_;
  census_.emplace();
  for (const plan::StepId id : plan_.steps.ids()) {
    const Reason skipped = step_of(id).skipped;
    if (skipped == Reason::Disabled || skipped == Reason::NoTargets ||
        skipped == Reason::WithoutFailure || skipped == Reason::Condition) {
      continue;
    }
    for (std::uint32_t lane = 0; lane < step_of(id).lanes.size(); ++lane) {
      Probe probe{id, lane, {}, false, {}};
      for (std::uint32_t task = 0; task <= plan_.steps[id].tasks.size(); ++task) {
        if (is_probed(id, lane, task)) probe.tasks.push_back(task);
      }
      if (!probe.tasks.empty()) census_->push_back(std::move(probe));
    }
  }
}

void Invariants::follow_census(const Command& command) {
  const Action& action = command.action;
  open_census();
  const auto probe = std::find_if(census_->begin(), census_->end(), [&](const Probe& row) {
    return row.step == action.step && row.lane == action.lane;
  });
  require(probe != census_->end(), "a target that is not to be asked for");
  if (!violation_.empty()) return;
  Lane& work = probe->work;
  const bool again = work.resumes || (work.result && work.result != Outcome::Succeeded &&
                                      !work.for_good && pauses_of(action).first.ms == 0);
  switch (command.kind) {
    case Command::Kind::StartAction:
      require(work.doing == Doing::Nothing && !probe->tasks.empty() &&
                  probe->tasks.front() == action.task,
              "another task is to be asked for");
      require(!paused_ || probe->at_work, "in a pause");
      require(action.attempt == (work.at_work ? work.attempt + 1 : 1), "attempts are not counted");
      require(!work.at_work || again, "no retry is due");
      probe->at_work = true;
      work.slot = action.slot;
      return start_action(command);
    case Command::Kind::SetTimer:
      return set_timer(command);
    case Command::Kind::CancelAction:
      std::erase(cancels_, action);
      return;
    case Command::Kind::TaskEnded: {
      const bool cut = aborted_ && command.state == State::Cancelled;
      const bool well = work.result == Outcome::Succeeded;
      require(cut || (work.result && command.state == (well ? State::Succeeded : State::Failed)),
              "in another state");
      require(cut || well || work.for_good, "attempts are left");
      census_missed_ = census_missed_ || !well;
      probe->tasks.erase(probe->tasks.begin());
      if (cut) probe->tasks.clear();
      probe->at_work = !probe->tasks.empty();
      const std::uint32_t slot = work.slot;
      work = {};
      work.slot = slot;
      return;
    }
    default:
      return require(false, "a command that the census does not have");
  }
}

// As many at once as the step had, one step after the other, each lane in its turn.
void Invariants::check_census() {
  if (!census_ || ended_) return;
  bool waits = false;  // one that is not at work stands above
  std::uint32_t at_work = 0;
  plan::StepId asked;
  for (const Probe& probe : *census_) {
    const bool idle = probe.at_work && probe.work.doing == Doing::Nothing && !probe.tasks.empty();
    require(!idle || !pieces_are_free(
                         {.step = probe.step, .task = probe.tasks.front(), .part = Part::Census}),
            "a probe does nothing");
    if (probe.tasks.empty()) continue;
    if (!asked.valid()) asked = probe.step;
    if (probe.at_work) {
      require(!waits && probe.step == asked, "a probe has overtaken another");
      ++at_work;
    } else {
      waits = true;
    }
  }
  if (!asked.valid()) return;
  const std::uint32_t window = plan_.steps[asked].window.value;
  require(at_work <= window, "more probes than its step had at once");
  if (paused_ || aborted_) return;
  for (const Probe& probe : *census_) {
    const bool idle = probe.step == asked && !probe.tasks.empty() && !probe.at_work;
    require(!idle || at_work == window, "a probe could begin and did not");
  }
}

}  // namespace sluice::test
