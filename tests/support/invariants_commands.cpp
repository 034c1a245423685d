// What each command may be, and what must have been said by the end of a call.
#include <fmt/format.h>

#include <algorithm>

#include "support/invariants.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Outcome;
using scheduler::Reason;
using scheduler::State;

void Invariants::follow(const Command& command) {
  require(!ended_, "said after the end");
  switch (command.kind) {
    case Command::Kind::StartAction:
      return start_action(command);
    case Command::Kind::CancelAction: {
      const auto wanted = std::find(cancels_.begin(), cancels_.end(), command.action);
      require(wanted != cancels_.end(), "cancelled without need");
      if (wanted != cancels_.end()) cancels_.erase(wanted);
      return;
    }
    case Command::Kind::EvaluateCondition:
    case Command::Kind::AskOperator:
      return require(false, "asked without need");
    case Command::Kind::SetTimer:
      return set_timer(command);
    case Command::Kind::StepBegan:
      return begin_step(command);
    case Command::Kind::LaneBegan:
      return begin_lane(command);
    case Command::Kind::TaskEnded:
      return end_task(command);
    case Command::Kind::LaneEnded:
      return end_lane(command);
    case Command::Kind::LaneLeftOut:
      return leave_out(command);
    case Command::Kind::StepEnded:
      return end_step(command);
    case Command::Kind::DeploymentEnded:
      return end_deployment(command);
  }
}

void Invariants::start_action(const Command& command) {
  const Action& action = command.action;
  Lane& lane = lane_of(action);
  const plan::Task& task = task_of(action);
  started_ = true;
  require(lane.stage == Stage::Live && !lane.acting && !lane.pausing,
          "the lane is not free to act");
  require(action.slot == lane.slot, "another slot than the lane's");
  require(action.task == lane.task, "out of order");
  require(action.attempt == lane.attempt + 1, "attempts are not counted one by one");
  require(action.attempt <= task.retry.more + 1, "more attempts than allowed");
  if (lane.attempt == 0) {
    require(!lane.result && task_skip_reason(action.step, lane) == Reason::None,
            "its condition does not hold");
  } else {
    const bool at_once = lane.result == Outcome::Failed && task.retry.pause.ms == 0;
    require(lane.resumes || at_once, "no retry is due");
    require(!step_of(action.step).cut, "a retry after an abort");
  }
  limits_.start(action);
  lane.attempt = action.attempt;
  lane.acting = true;
  lane.result.reset();
  lane.resumes = false;
  if (task.timeout) timeouts_.push_back(action);
}

void Invariants::set_timer(const Command& command) {
  const Action& action = command.action;
  Lane& lane = lane_of(action);
  const plan::Task& task = task_of(action);
  if (command.timer == scheduler::TimerKind::Timeout) {
    const auto wanted = std::find(timeouts_.begin(), timeouts_.end(), action);
    require(wanted != timeouts_.end(), "no timeout is needed");
    if (wanted != timeouts_.end()) timeouts_.erase(wanted);
    require(task.timeout && command.at == now_ + *task.timeout, "at another instant");
    return;
  }
  require(lane.stage == Stage::Live && lane.task == action.task && lane.attempt == action.attempt &&
              lane.slot == action.slot,
          "another attempt than the last");
  require(lane.result == Outcome::Failed && lane.attempt <= task.retry.more, "no retry is due");
  require(task.retry.pause.ms > 0 && command.at == now_ + task.retry.pause, "at another instant");
  require(!step_of(action.step).cut, "a retry after an abort");
  lane.pausing = command.at;
  lane.result.reset();
}

void Invariants::end_task(const Command& command) {
  const Action& action = command.action;
  Lane& lane = lane_of(action);
  const plan::Task& task = task_of(action);
  require(lane.stage == Stage::Live && !lane.acting && !lane.pausing, "the lane is not there");
  require(action.task == lane.task && action.attempt == lane.attempt && action.slot == lane.slot,
          "another task or number of attempts than the lane's");
  if (lane.attempt == 0) {
    const Reason reason = task_skip_reason(action.step, lane);
    require(reason != Reason::None, "skipped, though its condition holds");
    require(command.state == State::Skipped && command.reason == reason, "for another reason");
    lane.cut_short = lane.cut_short || reason == Reason::Aborted;
  } else {
    require(!started_, "an attempt's end is settled after another one's start");
    State expected = State::Succeeded;
    if (lane.result != Outcome::Succeeded) {
      const bool for_good = lane.result == Outcome::Failed && lane.attempt == task.retry.more + 1;
      expected = for_good ? State::Failed : State::Cancelled;
    }
    require(lane.result || lane.resumes, "its attempt has not ended");
    require(command.state == expected, "in another state");
    require(expected != State::Cancelled || step_of(action.step).cut, "cancelled without an abort");
    require(command.reason == (expected == State::Cancelled ? Reason::Aborted : Reason::None),
            "for another reason");
    lane.degraded = lane.degraded || (expected == State::Failed && task.ignore_failure);
    lane.cut_short = lane.cut_short || expected == State::Cancelled;
  }
  limits_.end_task(command);
  ++lane.task;
  lane.attempt = 0;
  lane.result.reset();
  lane.resumes = false;
}

void Invariants::begin_lane(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  Lane& lane = lane_of(command.action);
  require(!paused_, "in a pause");
  require(step.begun && !step.ended, "its step does not run");
  require(step.stop == Reason::None, "its step was halted or aborted");
  require(step.live < plan_.steps[id].window.value, "the window is full");
  require(lane.stage == Stage::NotBegun, "it has begun before or was left out");
  const auto first = first_admissible(id);
  require(first == command.action.lane,
          fmt::format("lane {} was the first that could be admitted", first.value_or(~0U)));
  // A target is given to the first step in the file that could use it.
  for (std::uint32_t other = 0; other < id.value; ++other) {
    require(!may_admit({other}) || !first_admissible({other}), "a step above could begin a lane");
  }
  for (const Step& other : steps_) {
    for (const Lane& at_work : other.lanes) {
      require(at_work.stage != Stage::Live || at_work.slot != command.action.slot,
              "its slot is in use");
    }
  }
  limits_.begin_lane(command.action);
  lane.stage = Stage::Live;
  lane.slot = command.action.slot;
  ++step.live;
}

void Invariants::end_lane(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  Lane& lane = lane_of(command.action);
  require(lane.stage == Stage::Live && !lane.acting && !lane.pausing, "it is not there, or acts");
  require(lane.task == plan_.steps[id].tasks.size(), "its tasks have not all ended");
  const State expected = lane.failed      ? State::Failed
                         : lane.cut_short ? State::Cancelled
                         : lane.degraded  ? State::Degraded
                                          : State::Succeeded;
  require(command.state == expected, "in another state");
  require(command.reason == (expected == State::Cancelled ? Reason::Aborted : Reason::None),
          "for another reason");
  limits_.end_lane(command.action);
  lane.stage = Stage::Ended;
  lane.state = command.state;
  --step.live;
}

void Invariants::leave_out(const Command& command) {
  Lane& lane = lane_of(command.action);
  const auto cause = failed_before(command.action.step, command.action.lane);
  require(lane.stage == Stage::NotBegun, "it has begun");
  require(cause.has_value() && command.cause == *cause, "its target has not failed there");
  require(command.state == State::Skipped && command.reason == Reason::FailedBefore, "otherwise");
  lane.stage = Stage::LeftOut;
}

void Invariants::begin_step(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  require(!paused_, "in a pause");
  require(!step.begun && !step.ended, "twice");
  require(waited_for_ended(id), "what it waits for has not ended");
  require(skip_reason(id) == Reason::None, "its condition does not hold");
  step.begun = true;
}

void Invariants::end_step(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  const plan::Step& rules = plan_.steps[id];
  require(!step.ended, "twice");
  require(waited_for_ended(id), "what it waits for has not ended");
  require(step.live == 0, "lanes of it are at work");
  const std::uint32_t waiting = never_begun(id);
  if (command.reason == Reason::Stuck && step.stop == Reason::None) allow_stuck(id);
  if (!step.begun) {
    const Reason reason = skip_reason(id);
    require(reason != Reason::None, "skipped, though its condition holds");
    require(command.state == State::Skipped && command.reason == reason, "for another reason");
    if (reason == Reason::AfterFailure) {
      plan::StepId cause;
      for (std::uint32_t lane = 0; lane < step.lanes.size(); ++lane) {
        if (const auto before = failed_before(id, lane)) cause = std::min(cause, *before);
      }
      require(command.cause == failed_ancestor(id).value_or(cause), "by another step");
    }
  } else {
    const bool cancelled = std::any_of(step.lanes.begin(), step.lanes.end(), [](const Lane& lane) {
      return lane.state == State::Cancelled;
    });
    const bool degraded = std::any_of(step.lanes.begin(), step.lanes.end(), [](const Lane& lane) {
      return lane.state == State::Failed || lane.degraded;
    });
    const Reason reason = waiting > 0 ? step.stop : cancelled ? Reason::Aborted : Reason::None;
    require(waiting == 0 || step.stop != Reason::None, "lanes of it have not begun");
    const bool failed = step.failures > rules.tolerate.value || reason != Reason::None;
    require(command.state == (failed     ? State::Failed
                              : degraded ? State::Degraded
                                         : State::Succeeded),
            "in another state");
    require(command.reason == reason, "for another reason");
  }
  step.ended = true;
  step.state = command.state;
}

void Invariants::end_deployment(const Command& command) {
  State worst = State::Succeeded;
  for (const Step& step : steps_) {
    require(step.ended, "a step has not ended");
    if (step.state == State::Failed) worst = State::Failed;
    if (step.state == State::Degraded && worst == State::Succeeded) worst = State::Degraded;
    for (const Lane& lane : step.lanes) {
      const bool told = lane.stage == Stage::Ended || lane.stage == Stage::LeftOut ||
                        lane.stage == Stage::NotBegun;
      require(told, "a lane is still at work");
    }
  }
  require(command.state == (aborted_ ? State::Aborted : worst), "in another state");
  ended_ = true;
}

void Invariants::check_complete(const scheduler::Scheduler& scheduler) {
  require(cancels_.empty(), "an action was not cancelled");
  require(timeouts_.empty(), "a timeout was not set");
  require(limits_.broken().empty(), "broken: " + limits_.broken());
  std::uint32_t live = 0;
  bool all_ended = true;
  for (const plan::StepId id : plan_.steps.ids()) {
    check_step_complete(id);
    live += step_of(id).live;
    all_ended = all_ended && step_of(id).ended;
  }
  require(scheduler.in_flight() == live, "it counts its lanes otherwise");
  require(scheduler.at_rest() == (live == 0), "it is at rest, or not, otherwise");
  require(ended_ == all_ended && scheduler.ended() == ended_, "the deployment's end is not said");
  require(ended_ || live > 0 || paused_, "nothing is at work that could ever end");
  if (!ended_) {
    require(scheduler.state() == (paused_ ? State::Paused : State::Running), "another state");
  }
}

void Invariants::check_step_complete(plan::StepId id) {
  const Step& step = step_of(id);
  const std::string& name = plan_.steps[id].name;
  if (!step.begun && !step.ended && waited_for_ended(id)) {
    require(paused_ && skip_reason(id) == Reason::None,
            fmt::format("{} neither began nor ended", name));
  }
  for (std::uint32_t i = 0; i < step.lanes.size(); ++i) {
    const Lane& lane = step.lanes[i];
    require(lane.stage != Stage::Live || lane.acting || lane.pausing,
            fmt::format("lane {} of {} does nothing", i, name));
    require(!step.begun || lane.stage != Stage::NotBegun || !failed_before(id, i),
            fmt::format("lane {} of {} was not left out", i, name));
  }
  if (step.begun && !step.ended) {
    require(step.live > 0 || (step.stop == Reason::None && never_begun(id) > 0),
            fmt::format("{} is over and has not ended", name));
  }
  if (may_admit(id)) {
    require(!first_admissible(id), fmt::format("a lane of {} could begin and did not", name));
  }
}

}  // namespace sluice::test
