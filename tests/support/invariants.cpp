#include "support/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "support/script.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;
using scheduler::Reason;
using scheduler::State;

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
    return std::tie(a.kind, a.action, a.timer) < std::tie(b.kind, b.action, b.timer);
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

const plan::Task& Invariants::task_of(const Action& action) const {
  return plan_.steps[action.step].tasks.at(action.task);
}

Invariants::Lane& Invariants::lane_of(const Action& action) {
  return step_of(action.step).lanes.at(action.lane);
}

void Invariants::take(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      return;
    case Event::Kind::ActionFinished:
      return take_end(event);
    case Event::Kind::ConditionKnown:
    case Event::Kind::Answered:
      return require(false, "answered without a question");
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
  const plan::Task& task = task_of(event.action);
  lane.acting = false;
  Outcome outcome = event.outcome;
  if (lane.timed_out || (outcome == Outcome::Cancelled && !lane.cancelling)) {
    outcome = Outcome::Failed;
  }
  lane.result = outcome;
  lane.timed_out = false;
  lane.cancelling = false;
  if (outcome == Outcome::Failed && lane.attempt == task.retry.more + 1) {
    count_failure(event.action.step, lane);
  }
}

void Invariants::take_timer(const Event& event) {
  Lane& lane = lane_of(event.action);
  const bool wanted = lane.stage == Stage::Live && lane.task == event.action.task &&
                      lane.attempt == event.action.attempt;
  if (!wanted) return;
  if (event.timer == scheduler::TimerKind::RetryPause) {
    if (!lane.pausing) return;
    lane.pausing.reset();
    lane.resumes = true;
    return;
  }
  if (!lane.acting || lane.cancelling) return;
  lane.timed_out = true;
  lane.cancelling = true;
  cancels_.push_back(event.action);
  if (lane.attempt == task_of(event.action).retry.more + 1) {
    count_failure(event.action.step, lane);
  }
}

void Invariants::take_abort() {
  if (ended_) return;
  aborted_ = true;
  paused_ = false;
  for (const plan::StepId id : plan_.steps.ids()) {
    Step& step = step_of(id);
    if (!step.begun || step.ended) continue;
    step.cut = true;
    if (step.stop == Reason::None) step.stop = Reason::Aborted;
    for (std::uint32_t i = 0; i < step.lanes.size(); ++i) {
      Lane& lane = step.lanes[i];
      if (lane.pausing) {
        lane.pausing.reset();
        lane.resumes = true;
      }
      if (!lane.acting || lane.cancelling) continue;
      lane.cancelling = true;
      cancels_.push_back({id, i, lane.task, scheduler::Part::Run, lane.attempt, lane.slot});
    }
  }
}

void Invariants::count_failure(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  if (lane.failed || rules.tasks[lane.task].ignore_failure) return;
  lane.failed = true;
  Step& step = step_of(id);
  ++step.failures;
  if (!rules.on_controller) {
    const auto index = static_cast<std::uint32_t>(&lane - step.lanes.data());
    step.failed_targets.insert(plan::lane_target(plan_, id, index).value);
  }
  if (step.failures > rules.tolerate.value && rules.on_failure == plan::OnFailure::Halt &&
      step.stop == Reason::None) {
    step.stop = Reason::Halted;
  }
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

std::optional<plan::StepId> Invariants::failed_before(plan::StepId id, std::uint32_t lane) const {
  const plan::Step& rules = plan_.steps[id];
  if (rules.when != plan::When::Success || rules.on_controller) return std::nullopt;
  const std::uint32_t target = plan::lane_target(plan_, id, lane).value;
  for (const plan::StepId other : plan_.steps.ids()) {
    if (step_of(id).ancestors[other.value] && step_of(other).failed_targets.contains(target)) {
      return other;
    }
  }
  return std::nullopt;
}

// A lane may begin if no other step, not `shared`, is at work on its target.
bool Invariants::admissible(plan::StepId id, std::uint32_t lane) const {
  if (step_of(id).lanes[lane].stage != Stage::NotBegun || failed_before(id, lane)) return false;
  const plan::Step& rules = plan_.steps[id];
  if (!limits_.admits(id, lane)) return false;
  if (rules.shared || rules.on_controller) return true;
  const plan::TargetId target = plan::lane_target(plan_, id, lane);
  for (const plan::StepId other : plan_.steps.ids()) {
    if (plan_.steps[other].shared || plan_.steps[other].on_controller) continue;
    for (std::uint32_t i = 0; i < step_of(other).lanes.size(); ++i) {
      if (step_of(other).lanes[i].stage == Stage::Live &&
          plan::lane_target(plan_, other, i) == target) {
        return false;
      }
    }
  }
  return true;
}

std::optional<std::uint32_t> Invariants::first_admissible(plan::StepId id) const {
  for (std::uint32_t lane = 0; lane < step_of(id).lanes.size(); ++lane) {
    if (admissible(id, lane)) return lane;
  }
  return std::nullopt;
}

bool Invariants::may_admit(plan::StepId id) const {
  const Step& step = step_of(id);
  return step.begun && !step.ended && step.stop == Reason::None && !paused_ &&
         step.live < plan_.steps[id].window.value;
}

// Nothing is at work, and no step could begin a lane: they would wait for ever.
void Invariants::allow_stuck(plan::StepId id) {
  for (const plan::StepId other : plan_.steps.ids()) {
    if (step_of(other).live > 0) return;
    if (may_admit(other) && first_admissible(other)) return;
  }
  step_of(id).stop = Reason::Stuck;
}

Reason Invariants::skip_reason(plan::StepId id) const {
  const plan::Step& rules = plan_.steps[id];
  const Step& step = step_of(id);
  if (rules.disabled) return Reason::Disabled;
  if (step.lanes.empty()) return Reason::NoTargets;
  if (aborted_ && rules.when != plan::When::Always) return Reason::Aborted;
  const bool failed = failed_ancestor(id).has_value();
  if (failed && rules.when == plan::When::Success) return Reason::AfterFailure;
  if (!failed && rules.when == plan::When::Failure) return Reason::WithoutFailure;
  for (std::uint32_t lane = 0; lane < step.lanes.size(); ++lane) {
    if (!failed_before(id, lane)) return Reason::None;
  }
  return Reason::AfterFailure;
}

Reason Invariants::task_skip_reason(plan::StepId id, const Lane& lane) const {
  const plan::Task& task = plan_.steps[id].tasks[lane.task];
  if (task.disabled) return Reason::Disabled;
  if (task.when == plan::When::Success && lane.failed) return Reason::AfterFailure;
  if (task.when == plan::When::Failure && !lane.failed) return Reason::WithoutFailure;
  if (step_of(id).cut && task.when != plan::When::Always) return Reason::Aborted;
  return Reason::None;
}

std::uint32_t Invariants::never_begun(plan::StepId id) const {
  const auto& lanes = step_of(id).lanes;
  return static_cast<std::uint32_t>(std::count_if(
      lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.stage == Stage::NotBegun; }));
}

}  // namespace sluice::test
