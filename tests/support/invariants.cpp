#include "support/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "scheduler/work.h"
#include "support/script.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Answer;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;
using scheduler::Truth;

namespace {

void add_ancestors(const plan::Plan& plan, plan::StepId step, std::vector<bool>& ancestors) {
  for (const plan::StepId above : plan.joins[plan.steps[step].join].steps) {
    if (ancestors[above.value]) continue;
    ancestors[above.value] = true;
    add_ancestors(plan, above, ancestors);
  }
}

}  // namespace

Invariants::Invariants(const plan::Plan& plan)
    : plan_(plan), steps_(plan.steps.size()), limits_(plan) {
  for (const plan::StepId step : plan.steps.ids()) {
    step_of(step).lanes.resize(plan::lane_count(plan, step));
    step_of(step).ancestors.resize(plan.steps.size());
    add_ancestors(plan, step, step_of(step).ancestors);
    split_batches(step);
  }
}

void Invariants::require(bool holds, const std::string& what) {
  if (!holds && violation_.empty()) violation_ = fmt::format("{}: {}", at_, what);
}

void Invariants::observe(base::Instant now, std::span<const Event> events,
                         const scheduler::Commands& commands,
                         const scheduler::Scheduler& scheduler) {
  if (!violation_.empty()) return;
  now_ = now;
  started_ = false;
  cancels_.clear();
  timeouts_.clear();
  at_ = fmt::format("at {}, events", now.ms);
  std::vector<Event> sorted(events.begin(), events.end());
  std::sort(sorted.begin(), sorted.end(), [](const Event& a, const Event& b) {
    return std::tie(a.kind, a.action, a.timer, a.outcome, a.truth, a.answer) <
           std::tie(b.kind, b.action, b.timer, b.outcome, b.truth, b.answer);
  });
  for (const Event& event : sorted) take(event);
  for (const Command& command : commands) {
    at_ = fmt::format("at {}, `{}`", now.ms, command_text(plan_, command));
    follow(command);
    if (!violation_.empty()) return;
  }
  at_ = fmt::format("at {}, after all", now.ms);
  check_complete(scheduler);
}

// A probe's work is in no lane of its step.
Invariants::Lane& Invariants::lane_of(const Action& action) {
  if (action.part == Part::Census && census_) {
    for (Probe& probe : *census_) {
      if (probe.step == action.step && probe.lane == action.lane) return probe.work;
    }
    require(false, "a probe of what is not to be asked for");
  }
  return step_of(action.step).lanes.at(action.lane);
}

std::uint32_t Invariants::index_of(plan::StepId id, const Lane& lane) const {
  return static_cast<std::uint32_t>(&lane - step_of(id).lanes.data());
}

void Invariants::take(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      return;
    case Event::Kind::ActionFinished:
      return take_end(event);
    case Event::Kind::ConditionKnown:
      return take_truth(event);
    case Event::Kind::Answered:
      return take_answer(event);
    case Event::Kind::Pause:
      paused_ = !aborted_ && !ended_;
      return;
    case Event::Kind::Continue:
      paused_ = false;
      return;
    case Event::Kind::Abort:
      return take_abort();
    case Event::Kind::TimerFired:
      return take_timer(event);
  }
}

void Invariants::take_end(const Event& event) {
  Lane& lane = lane_of(event.action);
  give_back_pieces(event.action);
  const plan::Work& work = scheduler::work_for(plan_, event.action);
  const bool reached = event.outcome != Outcome::Unreachable || lane.timed_out;
  const bool looks = event.action.part == Part::Before || event.action.part == Part::Census;
  if (reached && !looks && !plan_.steps[event.action.step].on_controller) {
    touched_.insert(plan::lane_target(plan_, event.action.step, event.action.lane).value);
  }
  Outcome outcome = event.outcome;
  if (lane.timed_out || (outcome == Outcome::Cancelled && !lane.cancelling)) {
    outcome = Outcome::Failed;
  }
  lane.doing = Doing::Nothing;
  lane.result = outcome;
  lane.timed_out = lane.cancelling = false;
  const bool late_manual = late_ && work.action.kind == "manual";
  lane.for_good = (outcome == Outcome::Failed || outcome == Outcome::Unreachable) &&
                  (lane.attempt > work.retry.more || late_manual);
  if (lane.for_good) fail_for_good(event.action.step, lane);
}

void Invariants::take_truth(const Event& event) {
  if (event.action.lane == Action::none) {
    Step& step = step_of(event.action.step);
    if (!step.evaluating || step.ended) return;
    step.evaluating = false;
    step.truth = event.truth;
    return;
  }
  Lane& lane = lane_of(event.action);
  if (lane.doing != Doing::Evaluating || lane.slot != event.action.slot) return;
  lane.doing = Doing::Nothing;
  lane.truth = event.truth;
}

void Invariants::take_answer(const Event& event) {
  const plan::StepId id = event.action.step;
  Lane& lane = lane_of(event.action);
  const bool open = lane.doing == Doing::Asked && lane.slot == event.action.slot &&
                    lane.task == event.action.task && lane.part == event.action.part &&
                    lane.attempt == event.action.attempt;
  if (!open) return;
  if (event.answer == Answer::Abort) return take_abort();
  lane.doing = Doing::Nothing;
  lane.question = false;
  --step_of(id).questions;
  if (event.answer == Answer::Retry) {
    lane.resumes = true;
    lane.for_good = false;
    lane.result.reset();
    return;
  }
  lane.answered = true;
  if (event.answer == Answer::Ignore) lane.degraded = true;
  if (event.answer != Answer::Exclude) return;
  lane.excluded = true;
  record(id, lane, Reason::ExcludedBefore);
}

void Invariants::take_timer(const Event& event) {
  if (event.timer == scheduler::TimerKind::Deadline) return take_deadline();
  if (event.timer == scheduler::TimerKind::Stagger) {
    step_of(event.action.step).stagger_awaited = false;
    return;
  }
  const bool census = event.action.part == Part::Census;
  Lane& lane = lane_of(event.action);
  const bool wanted = (census || lane.stage == Stage::Live) && lane.slot == event.action.slot &&
                      lane.task == event.action.task && lane.part == event.action.part &&
                      lane.attempt == event.action.attempt;
  if (!wanted) return;
  if (event.timer == scheduler::TimerKind::RetryPause) {
    if (lane.doing != Doing::Pausing) return;
    lane.doing = Doing::Nothing;
    lane.resumes = true;
    return;
  }
  if (lane.doing != Doing::Acting || lane.cancelling) return;
  lane.timed_out = true;
  lane.cancelling = true;
  cancels_.push_back(event.action);
  if (lane.attempt > scheduler::work_for(plan_, event.action).retry.more) {
    fail_for_good(event.action.step, lane);
  }
}

void Invariants::take_abort() {
  if (ended_) return;
  aborted_ = true;
  paused_ = false;
  for (const plan::StepId id : plan_.steps.ids()) {
    Step& step = step_of(id);
    if (!step.begun || step.ended) continue;
    for (Lane& lane : step.lanes) {
      if (lane.waiting) stop_waiting(id, lane);
    }
    step.cut = true;
    const bool gate = plan_.steps[id].gate_of.valid();
    if (step.stop == Reason::None && !gate) step.stop = Reason::Aborted;
  }
  const auto end = [&](plan::StepId id, std::uint32_t index, Lane& lane) {
    if (lane.doing == Doing::Asked) return reject(id, lane);
    if (lane.doing == Doing::Pausing) {
      lane.doing = Doing::Nothing;
      lane.resumes = true;
    }
    if (lane.doing != Doing::Acting || lane.cancelling) return;
    lane.cancelling = true;
    cancels_.push_back({id, index, lane.task, lane.part, lane.attempt, lane.slot});
  };
  for (const plan::StepId id : plan_.steps.ids()) {
    std::vector<Lane>& lanes = step_of(id).lanes;
    for (std::uint32_t i = 0; i < lanes.size(); ++i) end(id, i, lanes[i]);
  }
  if (!census_) return;
  for (Probe& probe : *census_) end(probe.step, probe.lane, probe.work);
}

void Invariants::take_deadline() {
  if (ended_ || census_) return;
  late_ = true;
  for (const plan::StepId id : plan_.steps.ids()) {
    Step& step = step_of(id);
    if (!step.begun || step.ended) continue;
    const bool gate = plan_.steps[id].gate_of.valid();
    if (step.stop == Reason::None && !gate) step.stop = Reason::Deadline;
    for (std::uint32_t i = 0; i < step.lanes.size(); ++i) {
      Lane& lane = step.lanes[i];
      if (lane.doing == Doing::Asked) reject(id, lane);
      if (lane.doing != Doing::Acting || lane.cancelling) continue;
      const Action action{id, i, lane.task, lane.part, lane.attempt, lane.slot};
      if (scheduler::work_for(plan_, action).action.kind != "manual") continue;
      lane.timed_out = lane.cancelling = true;
      cancels_.push_back(action);
      fail_for_good(id, lane);
    }
  }
}

// What it means at once, though its lane may still have to end the attempt.
void Invariants::fail_for_good(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  Step& step = step_of(id);
  const bool forward = lane.part != Part::Undo && lane.part != Part::Census;
  if (!forward || lane.failed || lane.excluded || lane.question) return;
  if (lane.result == Outcome::Unreachable && rules.unreachable.skip && !rules.on_controller) {
    const std::uint32_t target = plan::lane_target(plan_, id, index_of(id, lane)).value;
    const bool room =
        !rules.unreachable.at_most || step.left_behind < rules.unreachable.at_most->value;
    if (room && !touched_.contains(target)) {
      lane.left_behind = true;
      ++step.left_behind;
      return record(id, lane, Reason::LeftBehindBefore);
    }
  }
  if (lane.part == Part::Before) return;
  if (lane.task < rules.tasks.size() && rules.tasks[lane.task].ignore_failure) return;
  if (rules.on_failure == plan::OnFailure::Ask && !step.cut && !late_) {
    lane.question = true;
    ++step.questions;
    return;
  }
  count_failure(id, lane);
}

void Invariants::count_failure(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  Step& step = step_of(id);
  if (lane.question) --step.questions;
  lane.question = false;
  lane.failed = true;
  ++step.failures;
  record(id, lane, Reason::FailedBefore);
  if (step.failures > rules.tolerate.value && rules.on_failure != plan::OnFailure::Continue &&
      step.stop == Reason::None) {
    step.stop = Reason::Halted;
  }
}

void Invariants::reject(plan::StepId id, Lane& lane) {
  count_failure(id, lane);
  lane.doing = Doing::Nothing;
  lane.answered = true;
}

void Invariants::record(plan::StepId id, const Lane& lane, Reason reason) {
  if (plan_.steps[id].on_controller) return;
  step_of(id).bad_targets[plan::lane_target(plan_, id, index_of(id, lane)).value] = reason;
}

bool Invariants::waited_for_ended(plan::StepId id) const {
  const auto& above = plan_.joins[plan_.steps[id].join].steps;
  return std::all_of(above.begin(), above.end(),
                     [&](plan::StepId step) { return step_of(step).ended; });
}

std::optional<plan::StepId> Invariants::failed_ancestor(plan::StepId id) const {
  for (const plan::StepId other : plan_.steps.ids()) {
    if (step_of(id).ancestors[other.value] && step_of(other).state == State::Failed) return other;
  }
  return std::nullopt;
}

// The lowest step in which its target failed or is gone, or that it is not needed there.
std::optional<Invariants::LeftOut> Invariants::left_out(plan::StepId id, std::uint32_t lane) const {
  const plan::Step& rules = plan_.steps[id];
  if (rules.on_controller) return std::nullopt;
  const std::uint32_t target = plan::lane_target(plan_, id, lane).value;
  for (const plan::StepId other : plan_.steps.ids()) {
    const auto& bad = step_of(other).bad_targets;
    const auto found = bad.find(target);
    if (!step_of(id).ancestors[other.value] || found == bad.end()) continue;
    if (rules.when == plan::When::Success || found->second != Reason::FailedBefore) {
      return LeftOut{other, found->second};
    }
  }
  if (asks_for_lanes(id) && own_truth(rules.condition, id, lane) == Truth::False) {
    return LeftOut{{}, Reason::Condition};
  }
  return std::nullopt;
}

// Another step, not `shared`, is at work on its target.
bool Invariants::is_locked(plan::StepId id, std::uint32_t lane) const {
  const plan::Step& rules = plan_.steps[id];
  if (rules.shared || rules.on_controller) return false;
  const plan::TargetId target = plan::lane_target(plan_, id, lane);
  for (const plan::StepId other : plan_.steps.ids()) {
    if (plan_.steps[other].shared || plan_.steps[other].on_controller) continue;
    for (std::uint32_t i = 0; i < step_of(other).lanes.size(); ++i) {
      if (step_of(other).lanes[i].stage == Stage::Live &&
          plan::lane_target(plan_, other, i) == target) {
        return true;
      }
    }
  }
  return false;
}

bool Invariants::admissible(plan::StepId id, std::uint32_t lane) const {
  if (step_of(id).lanes[lane].stage != Stage::NotBegun || left_out(id, lane)) return false;
  return batch_admits(id, lane) && limits_.admits(id, lane) && !is_locked(id, lane);
}

// The next lane that could begin, or be undone.
std::optional<std::uint32_t> Invariants::first_admissible(plan::StepId id) const {
  const Step& step = step_of(id);
  if (step.to_undo) {
    for (const std::uint32_t lane : *step.to_undo) {
      const bool admitted = limits_.admits(id, lane, true) && batch_admits(id, lane);
      if (admitted && !is_locked(id, lane)) return lane;
    }
    return std::nullopt;
  }
  if (plan_.steps[id].batches.lockstep) return first_in_lockstep(id);
  for (std::uint32_t lane = 0; lane < step.lanes.size(); ++lane) {
    if (admissible(id, lane)) return lane;
  }
  return std::nullopt;
}

bool Invariants::may_admit(plan::StepId id) const {
  const Step& step = step_of(id);
  if (!step.begun || step.ended || paused_ || step.live >= plan_.steps[id].window.value) {
    return false;
  }
  if (step.to_undo) return !step.cut;
  if (plan_.steps[id].gate_of.valid()) return false;  // its step lets it begin
  return step.stop == Reason::None && step.questions == 0 && now_ >= step.not_before;
}

// Nothing is at work, and no step could begin a lane: they would wait for ever.
void Invariants::allow_stuck(plan::StepId id) {
  for (const plan::StepId other : plan_.steps.ids()) {
    if (step_of(other).live > 0 || step_of(other).stagger_awaited) return;
    if (may_admit(other) && first_admissible(other)) return;
  }
  step_of(id).stop = Reason::Stuck;
}

Invariants::LeftOut Invariants::skip_reason(plan::StepId id) const {
  const plan::Step& rules = plan_.steps[id];
  const Step& step = step_of(id);
  const bool always = rules.when == plan::When::Always;
  if (rules.disabled) return {{}, Reason::Disabled};
  if (step.lanes.empty()) return {{}, Reason::NoTargets};
  // An answer at the very instant of an abort or of the deadline is in time.
  if (asks_for_step(id) && step.truth == Truth::False) return {{}, Reason::Condition};
  if (late_ && !(always && rules.on_controller)) return {{}, Reason::Deadline};
  if (aborted_ && !always) return {{}, Reason::Aborted};
  const auto failed = failed_ancestor(id);
  if (failed && rules.when == plan::When::Success) return {*failed, Reason::AfterFailure};
  if (!failed && rules.when == plan::When::Failure) return {{}, Reason::WithoutFailure};
  LeftOut blamed{{}, Reason::Condition};
  for (std::uint32_t lane = 0; lane < step.lanes.size(); ++lane) {
    const auto why = left_out(id, lane);
    if (!why) blamed.reason = Reason::None;
    if (!why) break;
    if (why->cause < blamed.cause) blamed = *why;
  }
  if (blamed.reason == Reason::FailedBefore) blamed.reason = Reason::AfterFailure;
  if (blamed.reason != Reason::None) return blamed;
  if (!rules.condition || asks_for_lanes(id)) return {{}, Reason::None};
  const auto truth = asks_for_step(id) ? step.truth : own_truth(rules.condition, id, 0);
  return {{}, truth == Truth::False ? Reason::Condition : Reason::None};
}

std::uint32_t Invariants::never_begun(plan::StepId id) const {
  const auto& lanes = step_of(id).lanes;
  return static_cast<std::uint32_t>(std::count_if(
      lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.stage == Stage::NotBegun; }));
}

}  // namespace sluice::test
