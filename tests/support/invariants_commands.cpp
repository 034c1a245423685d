// What each command may be, and what must have been said by the end of a call.
#include <fmt/format.h>

#include <algorithm>

#include "support/invariants.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;

void Invariants::follow(const Command& command) {
  require(!ended_, "said after the end");
  if (command.action.part == Part::Census) return follow_census(command);
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
      return evaluate(command);
    case Command::Kind::AskOperator:
      return ask(command);
    case Command::Kind::SetTimer:
      return set_timer(command);
    case Command::Kind::StepBegan:
      return begin_step(command);
    case Command::Kind::LaneBegan:
      return command.action.part == Part::Undo ? begin_undo(command) : begin_lane(command);
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

void Invariants::begin_lane(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  Lane& lane = lane_of(command.action);
  const bool gate = plan_.steps[id].gate_of.valid();
  const bool goes_on = is_beginning(id);  // a batch in lockstep, which begins as a whole
  require(!paused_, "in a pause");
  require(step.begun && !step.ended, "its step does not run");
  require((step.stop == Reason::None || goes_on) && !step.to_undo, "its step begins no more");
  require(step.questions == 0 || goes_on, "a person is asked about another target");
  require(now_ >= step.not_before, "too soon after the last one");
  require(step.live < plan_.steps[id].window.value, "the window is full");
  require(lane.stage == Stage::NotBegun, "it has begun before or was left out");
  if (gate) {
    begin_gate(command);
  } else {
    const auto first = first_admissible(id);
    require(first == command.action.lane,
            fmt::format("lane {} was the first that could be admitted", first.value_or(~0U)));
  }
  if (plan_.steps[id].stagger.ms > 0) step.not_before = now_ + plan_.steps[id].stagger;
  // A target is given to the first step in the file that could use it.
  for (std::uint32_t other = 0; other < id.value && !gate; ++other) {
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
  step.begun_lanes.push_back(command.action.lane);
}

void Invariants::begin_undo(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  Lane& lane = lane_of(command.action);
  require(step.to_undo.has_value() && may_admit(id), "its step undoes nothing, or not now");
  if (!violation_.empty()) return;
  require(lane.stage == Stage::Ended, "it has not ended, or was never begun");
  require(first_admissible(id) == command.action.lane, "not the first that could be undone");
  limits_.begin_lane(command.action);
  std::erase(*step.to_undo, command.action.lane);
  lane.stage = Stage::Live;
  lane.slot = command.action.slot;
  lane.rolled_back = true;
  for (const std::uint32_t task : lane.begun) {
    if (plan_.steps[id].tasks[task].undo) lane.to_undo.push_back(task);
  }
  ++step.live;
}

// Its lanes are undone in their turn, where that is asked for and there is something to undo.
void Invariants::roll_back(plan::StepId id) {
  const plan::Step& rules = plan_.steps[id];
  Step& step = step_of(id);
  const bool over = step.begun && !step.ended && step.live == 0 && !gate_is_live(id) &&
                    (step.stop != Reason::None || never_begun(id) == 0);
  const bool halted = step.failures > rules.tolerate.value || step.stop == Reason::GateFailed;
  if (rules.on_failure != plan::OnFailure::RollbackAll || !over || !halted || step.cut ||
      step.to_undo) {
    return;
  }
  std::vector<std::uint32_t> lanes;
  for (auto lane = step.begun_lanes.rbegin(); lane != step.begun_lanes.rend(); ++lane) {
    const std::set<std::uint32_t>& begun = step.lanes[*lane].begun;
    const bool any = std::any_of(begun.begin(), begun.end(), [&](std::uint32_t task) {
      return rules.tasks[task].undo.has_value();
    });
    if (any && !step.lanes[*lane].left_behind) lanes.push_back(*lane);
  }
  if (!lanes.empty()) step.to_undo = std::move(lanes);
}

void Invariants::end_lane(const Command& command) {
  const plan::StepId id = command.action.step;
  expect(command, Due::Kind::EndLane);
  if (!violation_.empty()) return;
  Lane& lane = lane_of(command.action);
  limits_.end_lane(command.action);
  lane.stage = Stage::Ended;
  lane.state = command.state;
  if (lane.rolled_back && !lane.failed) record(id, lane, Reason::FailedBefore);
  --step_of(id).live;
  roll_back(id);
  if (plan_.steps[id].gate_of.valid()) gate_ended(id);
}

void Invariants::leave_out(const Command& command) {
  Lane& lane = lane_of(command.action);
  require(lane.stage == Stage::NotBegun, "it has begun");
  if (plan_.steps[command.action.step].gate_of.valid()) {
    require(gate_left_out_for(command.action.step, command.action.lane, command.reason),
            "a gate, and not for that reason");
    lane.stage = Stage::LeftOut;
    return;
  }
  const auto why = left_out(command.action.step, command.action.lane);
  require(why.has_value() && command.cause == why->cause && command.reason == why->reason,
          "not for that reason");
  require(command.state == State::Skipped, "in another state");
  lane.stage = Stage::LeftOut;
}

void Invariants::begin_step(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  require(!paused_, "in a pause");
  require(!step.begun && !step.ended, "twice");
  if (plan_.steps[id].gate_of.valid()) {
    const auto gate = due_gate(plan_.steps[id].gate_of);
    require(gate && gate->step == id && gate->left_out == Reason::None, "it is not due");
    step.begun = true;
    return;
  }
  require(waited_for_ended(id), "what it waits for has not ended");
  require(skip_reason(id).reason == Reason::None, "its condition does not hold");
  require(!asks_for_step(id) || step.truth.has_value(), "nobody has said whether it holds");
  step.begun = true;
  const plan::Step& rules = plan_.steps[id];
  const auto truth = asks_for_step(id)    ? step.truth
                     : asks_for_lanes(id) ? scheduler::Truth::True
                                          : own_truth(rules.condition, id, 0);
  if (truth == scheduler::Truth::Unknown) step.stop = Reason::NotKnown;
}

void Invariants::end_step(const Command& command) {
  const plan::StepId id = command.action.step;
  Step& step = step_of(id);
  const plan::Step& rules = plan_.steps[id];
  require(!step.ended, "twice");
  const bool own_end = step.live == 0 && (step.stop != Reason::None || never_begun(id) == 0);
  if (rules.gate_of.valid() && !(step.begun && own_end)) return close_gate(command);
  require(waited_for_ended(id), "what it waits for has not ended");
  require(step.live == 0 && !gate_is_live(id), "lanes of it are at work");
  const bool undoes = step.to_undo && !step.cut && !step.to_undo->empty();
  if (command.reason == Reason::Stuck && (step.stop == Reason::None || undoes)) allow_stuck(id);
  const bool stuck = undoes && step.stop == Reason::Stuck;
  require(!undoes || stuck, "lanes of it are to be undone");
  const std::uint32_t waiting = never_begun(id);
  if (!step.begun) {
    const LeftOut why = skip_reason(id);
    require(why.reason != Reason::None, "skipped, though its condition holds");
    require(command.state == State::Skipped && command.reason == why.reason, "for another reason");
    require(command.cause == why.cause, "by another step");
  } else {
    const auto any = [&](auto of) { return std::any_of(step.lanes.begin(), step.lanes.end(), of); };
    const bool cancelled = any([](const Lane& lane) { return lane.state == State::Cancelled; });
    const bool degraded = any([](const Lane& lane) {
      return lane.failed || lane.degraded || lane.excluded || lane.left_behind;
    });
    const bool needed =
        any([](const Lane& lane) { return lane.stage == Stage::Ended && !lane.unneeded; });
    const Reason reason = waiting > 0 || stuck ? step.stop
                          : cancelled          ? Reason::Aborted
                                               : Reason::None;
    require(waiting == 0 || step.stop != Reason::None, "lanes of it have not begun");
    const bool failed = step.failures > rules.tolerate.value || reason != Reason::None;
    const bool skipped = !failed && !degraded && !needed;
    require(command.state == (failed     ? State::Failed
                              : degraded ? State::Degraded
                              : skipped  ? State::Skipped
                                         : State::Succeeded),
            "in another state");
    require(command.reason == (skipped ? Reason::Condition : reason), "for another reason");
  }
  step.ended = true;
  step.stagger_awaited = false;
  step.state = command.state;
  step.reason = command.reason;
  step.skipped = command.state == State::Skipped ? command.reason : Reason::None;
}

void Invariants::end_deployment(const Command& command) {
  open_census();
  State worst = State::Succeeded;
  bool left_out = false;
  for (const Step& step : steps_) {
    require(step.ended, "a step has not ended");
    if (step.state == State::Failed) worst = State::Failed;
    if (step.state == State::Degraded && worst == State::Succeeded) worst = State::Degraded;
    left_out = left_out || step.skipped == Reason::Deadline;
    for (const Lane& lane : step.lanes) {
      const bool told = lane.stage == Stage::Ended || lane.stage == Stage::LeftOut ||
                        lane.stage == Stage::NotBegun;
      require(told, "a lane is still at work");
    }
  }
  // What ends at the deadline is in time.
  if (late_ && (left_out || steps_ended_at_.ms > plan_.deadline->ms)) worst = State::Failed;
  if (worst == State::Succeeded && census_missed_) worst = State::Degraded;
  require(command.state == (aborted_ ? State::Aborted : worst), "in another state");
  if (census_) {
    for (const Probe& probe : *census_) {
      require(!probe.at_work && (aborted_ || probe.tasks.empty()), "the census is not taken");
    }
  }
  ended_ = true;
}

void Invariants::check_complete(const scheduler::Scheduler& scheduler) {
  require(cancels_.empty(), "an action was not cancelled");
  require(timeouts_.empty(), "a timeout was not set");
  require(limits_.broken().empty(), "broken: " + limits_.broken());
  std::uint32_t live = 0;
  bool all_ended = true;
  bool evaluating = false;
  bool staggered = false;
  for (const plan::StepId id : plan_.steps.ids()) {
    check_step_complete(id);
    staggered = staggered || step_of(id).stagger_awaited;
    live += step_of(id).live;
    all_ended = all_ended && step_of(id).ended;
    evaluating = evaluating || (step_of(id).evaluating && !step_of(id).ended);
  }
  if (all_ended) open_census();
  check_census();
  const bool probes = census_ && std::any_of(census_->begin(), census_->end(),
                                             [](const Probe& probe) { return probe.at_work; });
  require(scheduler.in_flight() == live, "it counts its lanes otherwise");
  const bool pauses = staggered && !paused_ && !ended_;
  require(scheduler.at_rest() == (live == 0 && !evaluating && !probes && !pauses),
          "it is at rest, or not, otherwise");
  require(scheduler.ended() == ended_, "the deployment's end is not said");
  require(ended_ || live > 0 || paused_ || evaluating || probes || staggered,
          "nothing is at work that could ever end");
  if (!ended_) {
    require(scheduler.state() == (paused_ ? State::Paused : State::Running), "another state");
  }
}

void Invariants::check_step_complete(plan::StepId id) {
  Step& step = step_of(id);
  const std::string& name = plan_.steps[id].name;
  const plan::StepId of = plan_.steps[id].gate_of;
  require(!of.valid() || step.ended || !step_of(of).ended, "a gate goes on behind its step");
  if (!step.begun && !step.ended && waited_for_ended(id) && !of.valid()) {
    const bool evaluating = asks_for_step(id) && step.evaluating;
    require((paused_ || evaluating) && skip_reason(id).reason == Reason::None,
            fmt::format("{} neither began nor ended", name));
    require(!asks_for_step(id) || step.asked, fmt::format("{} was not asked for", name));
  }
  for (std::uint32_t i = 0; i < step.lanes.size(); ++i) {
    Lane& lane = step.lanes[i];
    lane.waiting = lane.stage == Stage::Live && lane.doing == Doing::Nothing;
    require(!lane.waiting || waits(id, lane), fmt::format("lane {} of {} does nothing", i, name));
    require(!step.begun || of.valid() || lane.stage != Stage::NotBegun || !left_out(id, i),
            fmt::format("lane {} of {} was not left out", i, name));
  }
  if (step.begun && !step.ended) {
    const bool undoes = step.to_undo && !step.to_undo->empty() && !step.cut;
    require(step.live > 0 || undoes || gate_is_live(id) ||
                (step.stop == Reason::None && never_begun(id) > 0),
            fmt::format("{} is over and has not ended", name));
  }
  require(!is_staggered(id) || step.stagger_awaited, name + ": nobody wakes it after its pause");
  const bool gates = step.stop == Reason::None && step.questions == 0 && !paused_;
  require(!gates || gate_is_live(id) || !due_gate(id), "a gate of " + name + " did not begin");
  if (may_admit(id)) {
    require(!first_admissible(id), fmt::format("a lane of {} could begin and did not", name));
  }
}

}  // namespace sluice::test
