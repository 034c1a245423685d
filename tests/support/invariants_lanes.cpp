// A lane's course: from what has become of it, the one thing that must come next.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "plan/target_durations.h"
#include "scheduler/work.h"
#include "support/invariants.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Outcome;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;
using scheduler::Truth;

namespace {

// Worked out here once more, for the shapes that the tests' plans have; nothing: the driver's.
std::optional<Truth> truth_of(const plan::Plan& plan, const plan::Expression& condition,
                              plan::TargetId target) {
  if (condition.stage == plan::Stage::AtRunTime) return std::nullopt;
  const plan::Value* value = nullptr;
  if (condition.op == plan::Operator::Constant) value = &condition.value;
  if (condition.op == plan::Operator::TargetProperty && target.valid()) {
    for (const auto& property : plan.property_sets[plan.targets.properties(target)]) {
      if (property.name == condition.name) value = &property.value;
    }
  }
  const bool* holds = value != nullptr ? std::get_if<bool>(&value->content) : nullptr;
  if (holds == nullptr) return Truth::Unknown;
  return *holds ? Truth::True : Truth::False;
}

bool reads_its_target(const plan::Expression& condition) {
  if (condition.op == plan::Operator::TargetProperty) return true;
  if (condition.op == plan::Operator::StepOutput && !condition.source.single) return true;
  return std::any_of(condition.operands.begin(), condition.operands.end(), reads_its_target);
}

}  // namespace

std::optional<Truth> Invariants::own_truth(const base::Boxed<plan::Expression>& condition,
                                           plan::StepId step, std::uint32_t lane) const {
  if (!condition) return Truth::True;
  return truth_of(plan_, *condition, plan::lane_target(plan_, step, lane));
}

bool Invariants::asks_for_lanes(plan::StepId id) const {
  const plan::Step& step = plan_.steps[id];
  if (step.condition && step.gate_of.valid()) return true;
  return step.condition && !step.on_controller && reads_its_target(*step.condition);
}

bool Invariants::asks_for_step(plan::StepId id) const {
  const plan::Step& step = plan_.steps[id];
  return step.condition && !asks_for_lanes(id) && step.condition->stage == plan::Stage::AtRunTime;
}

Reason Invariants::task_skip_reason(plan::StepId id, const Lane& lane) const {
  const plan::Task& task = plan_.steps[id].tasks[lane.next];
  const bool trouble = lane.failed || lane.excluded;
  if (task.disabled) return Reason::Disabled;
  if (task.when == plan::When::Success && trouble) return Reason::AfterFailure;
  if (task.when == plan::When::Failure && !trouble) return Reason::WithoutFailure;
  if (step_of(id).cut && task.when != plan::When::Always) return Reason::Aborted;
  return Reason::None;
}

Invariants::Due Invariants::due(plan::StepId id, const Lane& lane) const {
  if (lane.at_work) return due_at_work(id, lane);
  if (!lane.to_undo.empty()) {
    return {Due::Kind::Start, lane.to_undo.back(), Part::Undo, 1, State::NotStarted, Reason::None};
  }
  if (lane.rolled_back)
    return {Due::Kind::EndLane, 0, Part::Undo, 0, end_state(lane), end_reason(lane)};
  return due_forward(id, lane);
}

// Asked of the plan each time, where the scheduler has a table.
base::Duration Invariants::duration_of(const plan::TargetDuration& duration,
                                       const Action& action) const {
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  return plan::duration_for(plan_, duration, target).value();
}

scheduler::Pauses Invariants::pauses_of(const Action& action) const {
  const plan::Retry& retry = scheduler::work_for(plan_, action).retry;
  scheduler::Pauses pauses{duration_of(retry.pause, action), retry.backoff, std::nullopt};
  if (retry.most_pause) pauses.most = duration_of(*retry.most_pause, action);
  return pauses;
}

// Its attempt has ended, or it may be tried again.
Invariants::Due Invariants::due_at_work(plan::StepId id, const Lane& lane) const {
  const bool cut = step_of(id).cut && lane.part != Part::Census;
  Due next{Due::Kind::EndTask, lane.task, lane.part, lane.attempt, State::Failed, Reason::None};
  if (lane.attempt == 0) next.reason = Reason::NotKnown;
  if (lane.result == Outcome::Unreachable) next.reason = Reason::OutOfReach;
  if (lane.answered) return next;
  const Due cancel{Due::Kind::EndTask, lane.task,        lane.part,
                   lane.attempt,       State::Cancelled, Reason::Aborted};
  if (lane.resumes || (lane.result && *lane.result != Outcome::Succeeded && !lane.for_good &&
                       *lane.result != Outcome::Cancelled)) {
    if (cut) return cancel;
    if (lane.attempt == 0) return due_condition(id, lane);
    const Action action{id, index_of(id, lane), lane.task, lane.part, lane.attempt, 0};
    next.reason = Reason::None;
    const bool pauses = !lane.resumes && pauses_of(action).first.ms > 0;
    const bool manual = scheduler::work_for(plan_, action).action.kind == "manual";
    if (late_ && manual && !pauses) return next;  // nobody is asked any more
    next.state = State::NotStarted;
    next.kind = pauses ? Due::Kind::Pause : Due::Kind::Start;
    if (next.kind == Due::Kind::Start) ++next.attempt;
    return next;
  }
  if (!lane.result) return next;  // nothing has ended: no command fits
  if (*lane.result == Outcome::Cancelled) return cancel;
  if (*lane.result == Outcome::Succeeded) {
    next.state = State::Succeeded;
    return next;
  }
  if (lane.question && !step_of(id).cut && !late_) next.kind = Due::Kind::Ask;
  return next;
}

Invariants::Due Invariants::due_forward(plan::StepId id, const Lane& lane) const {
  const plan::Step& rules = plan_.steps[id];
  const auto tasks = static_cast<std::uint32_t>(rules.tasks.size());
  const auto skip = [&](Reason reason) {
    return Due{Due::Kind::EndTask, lane.next, Part::Run, 0, State::Skipped, reason};
  };
  const Due end{Due::Kind::EndLane, 0, Part::Run, 0, end_state(lane), end_reason(lane)};
  if (lane.skip_all) return lane.next < tasks ? skip(*lane.skip_all) : end;
  if (lane.skip_next) return skip(*lane.skip_next);
  const bool manual = lane.next < tasks && rules.tasks[lane.next].action.kind == "manual";
  if (lane.next_part == Part::Run && late_ && manual) {
    return {Due::Kind::EndTask, lane.next, Part::Run, 0, State::Failed, Reason::Deadline};
  }
  if (lane.next_part) {
    return {Due::Kind::Start, lane.next, *lane.next_part, 1, State::NotStarted, Reason::None};
  }
  if (!lane.entered) {
    if (asks_for_lanes(id)) {
      const auto truth =
          lane.truth ? lane.truth : own_truth(rules.condition, id, index_of(id, lane));
      if (!truth) return {Due::Kind::Evaluate, Action::none, Part::Run, 0, State::NotStarted, {}};
      if (*truth == Truth::False) return skip(Reason::Condition);
      if (*truth == Truth::Unknown) return skip(Reason::NotKnown);
    }
    if (rules.verify && rules.skip_verified && !step_of(id).cut) {
      return {Due::Kind::Start, tasks, Part::Before, 1, State::NotStarted, Reason::None};
    }
  }
  if (lane.next < tasks) {
    const Reason reason = task_skip_reason(id, lane);
    return reason != Reason::None ? skip(reason) : due_condition(id, lane);
  }
  const bool trouble = lane.failed || lane.excluded;
  if (lane.next > tasks || !rules.verify || trouble) return end;
  if (!step_of(id).cut) {
    return {Due::Kind::Start, tasks, Part::Verify, 1, State::NotStarted, Reason::None};
  }
  Lane cut = lane;
  cut.cut_short = true;
  return {Due::Kind::EndLane, 0, Part::Run, 0, end_state(cut), end_reason(cut)};
}

// The next task runs, if its condition holds.
Invariants::Due Invariants::due_condition(plan::StepId id, const Lane& lane) const {
  const plan::Step& rules = plan_.steps[id];
  const plan::Task& task = rules.tasks[lane.next];
  const bool lane_asked = asks_for_lanes(id) && !lane.entered;
  const std::optional<Truth> known = lane_asked ? std::nullopt : lane.truth;
  const auto truth = known ? known : own_truth(task.condition, id, index_of(id, lane));
  Due next{Due::Kind::Evaluate, lane.next, Part::Run, 0, State::NotStarted, Reason::None};
  if (!truth) return next;
  if (*truth == Truth::False) {
    return {Due::Kind::EndTask, lane.next, Part::Run, 0, State::Skipped, Reason::Condition};
  }
  if (*truth == Truth::True && !(late_ && task.action.kind == "manual")) {
    next.kind = Due::Kind::Start;
    next.part = task.skip_verified && task.verify ? Part::Before : Part::Run;
    next.attempt = 1;
    return next;
  }
  const bool asks = rules.on_failure == plan::OnFailure::Ask && !task.ignore_failure &&
                    !lane.failed && !lane.excluded && !step_of(id).cut && !late_;
  next.kind = asks ? Due::Kind::Ask : Due::Kind::EndTask;
  next.state = State::Failed;
  next.reason = *truth == Truth::Unknown ? Reason::NotKnown : Reason::Deadline;
  return next;
}

namespace {

std::string due_text(int kind, std::uint32_t task, int part, std::uint32_t attempt, State state) {
  constexpr std::string_view kinds[] = {"start", "pause",    "evaluate",
                                        "ask",   "end task", "end lane"};
  return fmt::format("{} (task {}, part {}, attempt {}, {}) was due", kinds[kind], task, part,
                     attempt, scheduler::state_name(state));
}

}  // namespace

void Invariants::expect(const Command& command, Due::Kind kind) {
  const Action& action = command.action;
  const Lane& lane = lane_of(action);
  require(lane.stage == Stage::Live && lane.doing == Doing::Nothing && lane.slot == action.slot,
          "the lane is not there, or not free");
  if (!violation_.empty()) return;
  const Due due_now = due(action.step, lane);
  bool fits = due_now.kind == kind;
  if (kind == Due::Kind::EndLane) {
    fits = fits && due_now.state == command.state && due_now.reason == command.reason &&
           due_now.part == action.part;
  } else {
    fits = fits && due_now.task == action.task && due_now.part == action.part &&
           due_now.attempt == action.attempt;
    if (kind == Due::Kind::EndTask) {
      fits = fits && due_now.state == command.state && due_now.reason == command.reason;
    }
  }
  require(fits, due_text(static_cast<int>(due_now.kind), due_now.task,
                         static_cast<int>(due_now.part), due_now.attempt, due_now.state));
}

void Invariants::start_action(const Command& command) {
  const Action& action = command.action;
  if (action.part != Part::Census) expect(command, Due::Kind::Start);
  if (!violation_.empty()) return;
  Lane& lane = lane_of(action);
  if (action.part != Part::Census) {
    require(!waits_for_batch(action.step, lane), "its batch has not come so far");
    const bool forward = action.part != Part::Undo && !lane.rolled_back;
    if (forward) lane.position = position_of(action.step, lane);
  }
  take_pieces(action);
  started_ = true;
  lane.entered = true;
  lane.task = action.task;
  lane.part = action.part;
  lane.attempt = action.attempt;
  lane.doing = Doing::Acting;
  lane.at_work = true;
  lane.result.reset();
  lane.truth.reset();
  lane.next_part.reset();
  lane.resumes = false;
  if (action.part == Part::Run) lane.begun.insert(action.task);
  if (action.part != Part::Census) limits_.start(action);
  if (scheduler::work_for(plan_, action).timeout) timeouts_.push_back(action);
}

void Invariants::set_timer(const Command& command) {
  const Action& action = command.action;
  if (command.timer == scheduler::TimerKind::Deadline) {
    return require(plan_.deadline && command.at == now_ + *plan_.deadline, "another deadline");
  }
  if (command.timer == scheduler::TimerKind::Stagger) return set_stagger(command);
  const plan::Work& work = scheduler::work_for(plan_, action);
  if (command.timer == scheduler::TimerKind::Timeout) {
    const auto wanted = std::find(timeouts_.begin(), timeouts_.end(), action);
    require(wanted != timeouts_.end(), "no timeout is needed");
    if (wanted != timeouts_.end()) timeouts_.erase(wanted);
    return require(work.timeout && command.at == now_ + duration_of(*work.timeout, action),
                   "at another instant");
  }
  Lane& lane = lane_of(action);
  if (action.part != Part::Census) expect(command, Due::Kind::Pause);
  require(command.at == now_ + scheduler::retry_pause(pauses_of(action), action.attempt),
          "at another instant");
  lane.doing = Doing::Pausing;
  lane.result.reset();
}

void Invariants::evaluate(const Command& command) {
  const Action& action = command.action;
  if (action.lane == Action::none) {
    Step& step = step_of(action.step);
    require(waited_for_ended(action.step) && asks_for_step(action.step) && !step.asked &&
                !step.ended && skip_reason(action.step).reason == Reason::None,
            "evaluated without need");
    step.asked = step.evaluating = true;
    return;
  }
  expect(command, Due::Kind::Evaluate);
  Lane& lane = lane_of(action);
  lane.task = action.task;
  lane.part = Part::Run;
  lane.attempt = 0;
  lane.doing = Doing::Evaluating;
  lane.at_work = lane.resumes = false;
  lane.result.reset();
  lane.truth.reset();
  if (action.task != Action::none) lane.entered = true;
}

void Invariants::ask(const Command& command) {
  expect(command, Due::Kind::Ask);
  Lane& lane = lane_of(command.action);
  if (command.action.attempt == 0) {  // nobody could tell whether its condition holds
    lane.entered = lane.at_work = true;
    lane.task = command.action.task;
    lane.part = Part::Run;
    lane.attempt = 0;
    lane.truth.reset();
    lane.question = true;
    ++step_of(command.action.step).questions;
  }
  lane.doing = Doing::Asked;
  lane.resumes = false;
}

void Invariants::end_task(const Command& command) {
  const Action& action = command.action;
  const plan::StepId id = action.step;
  expect(command, Due::Kind::EndTask);
  if (!violation_.empty()) return;
  Lane& lane = lane_of(action);
  require(action.attempt == 0 || !started_ || lane.answered,
          "an attempt's end is settled after another one's start");
  limits_.end_task(command);
  if (command.state == State::Skipped) return skipped(id, lane, command.reason);
  if (!lane.at_work) {  // it has failed without an attempt
    lane.next_part.reset();
    lane.task = action.task;
    lane.part = Part::Run;
    lane.attempt = 0;
    const bool ignored = plan_.steps[id].tasks[action.task].ignore_failure;
    if (!ignored && !lane.failed && !lane.excluded) count_failure(id, lane);
  } else if (lane.question) {
    count_failure(id, lane);  // nobody is asked any more
  } else if (command.state == State::Failed && late_ && !lane.for_good && !lane.answered) {
    lane.result.reset();
    fail_for_good(id, lane);  // a person's, and late
  }
  const bool answered = lane.answered;
  lane.at_work = lane.answered = lane.resumes = false;
  lane.truth.reset();
  lane.entered = true;
  if (command.state == State::Succeeded) {
    succeeded(id, lane);
  } else if (command.state == State::Cancelled) {
    cancelled(id, lane);
  } else if (answered) {
    lane.next = lane.task + 1;
  } else {
    failed(id, lane);
  }
  lane.result.reset();
}

void Invariants::skipped(plan::StepId id, Lane& lane, Reason reason) {
  const auto truth =
      lane.truth ? lane.truth : own_truth(plan_.steps[id].condition, id, index_of(id, lane));
  const bool of_lane = !lane.entered && asks_for_lanes(id) && truth == Truth::False;
  if (reason == Reason::Condition && of_lane) {
    lane.unneeded = true;
    lane.skip_all = reason;
    for (std::uint32_t task = 0; task <= plan_.steps[id].tasks.size(); ++task) {
      lane.not_needed.insert(task);
    }
  } else if (!lane.entered && reason == Reason::NotKnown) {
    lane.not_known = true;
    lane.skip_all = reason;
    count_failure(id, lane);
  } else if (reason == Reason::Condition && !lane.unneeded) {
    lane.not_needed.insert(lane.next);
  }
  if (reason == Reason::Aborted) lane.cut_short = true;
  lane.entered = true;
  lane.truth.reset();
  lane.skip_next.reset();
  ++lane.next;
}

void Invariants::succeeded(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  const auto tasks = static_cast<std::uint32_t>(rules.tasks.size());
  switch (lane.part) {
    case Part::Run: {
      const plan::Task& task = rules.tasks[lane.task];
      lane.next = lane.task + 1;
      if (!task.verify) return;
      if (step_of(id).cut && task.when != plan::When::Always) {
        lane.cut_short = true;
        return;
      }
      lane.next = lane.task;
      lane.next_part = Part::Verify;
      return;
    }
    case Part::Before:
      lane.next = lane.task == tasks ? 0 : lane.task;
      if (lane.task == tasks) {
        lane.in_place = true;
        lane.skip_all = Reason::Verified;
      } else {
        lane.in_place = !rules.has_child_steps;
        lane.skip_next = Reason::Verified;
      }
      return;
    case Part::Verify:
      lane.next = lane.task + 1;
      return;
    case Part::Undo:
      lane.undone = true;
      lane.to_undo.pop_back();
      return;
    case Part::Census:
      return;
  }
}

void Invariants::failed(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  const auto tasks = static_cast<std::uint32_t>(rules.tasks.size());
  if (lane.part == Part::Undo) {
    lane.undo_failed = true;
    lane.to_undo.clear();
    return;
  }
  if (lane.left_behind) {
    lane.skip_all = Reason::OutOfReach;
    lane.next = lane.task == tasks ? 0 : lane.part == Part::Before ? lane.task : lane.task + 1;
    return;
  }
  if (lane.part == Part::Before) {  // it is not in place: now it is done
    lane.next = lane.task == tasks ? 0 : lane.task;
    if (lane.task == tasks) return;
    const bool always = rules.tasks[lane.task].when == plan::When::Always;
    if (step_of(id).cut && !always) {
      lane.skip_next = Reason::Aborted;
    } else {
      lane.next_part = Part::Run;
    }
    return;
  }
  lane.next = lane.task + 1;
  if (lane.task < tasks && rules.tasks[lane.task].ignore_failure) lane.degraded = true;
  if (rules.on_failure != plan::OnFailure::Rollback || !lane.failed || lane.undo_tried ||
      step_of(id).cut) {
    return;
  }
  lane.undo_tried = true;
  for (const std::uint32_t task : lane.begun) {
    if (rules.tasks[task].undo) lane.to_undo.push_back(task);
  }
}

void Invariants::cancelled(plan::StepId id, Lane& lane) {
  const auto tasks = static_cast<std::uint32_t>(plan_.steps[id].tasks.size());
  lane.cut_short = true;
  switch (lane.part) {
    case Part::Undo:
      lane.undo_failed = true;
      lane.to_undo.clear();
      return;
    case Part::Before:
      lane.next = lane.task == tasks ? 0 : lane.task;
      if (lane.task < tasks) lane.skip_next = Reason::Aborted;
      return;
    default:
      lane.next = lane.task + 1;
  }
}

State Invariants::end_state(const Lane& lane) const {
  if (lane.rolled_back) return lane.undo_failed ? State::Failed : State::Undone;
  if (lane.excluded) return State::Excluded;
  if (lane.left_behind) return State::LeftBehind;
  if (lane.failed) return lane.undone && !lane.undo_failed ? State::Undone : State::Failed;
  if (lane.cut_short) return State::Cancelled;
  if (lane.in_place || lane.unneeded) return State::Skipped;
  return lane.degraded ? State::Degraded : State::Succeeded;
}

Reason Invariants::end_reason(const Lane& lane) const {
  switch (end_state(lane)) {
    case State::Cancelled:
      return Reason::Aborted;
    case State::LeftBehind:
      return Reason::OutOfReach;
    case State::Skipped:
      return lane.in_place ? Reason::Verified : Reason::Condition;
    case State::Failed:
      return lane.not_known ? Reason::NotKnown : Reason::None;
    case State::Undone:
      return lane.rolled_back && !lane.failed ? Reason::RolledBack : Reason::None;
    default:
      return Reason::None;
  }
}

}  // namespace sluice::test
