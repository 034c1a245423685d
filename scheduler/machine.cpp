// Taking events in: what each means for its lane, before anything is decided from it.
#include "scheduler/machine.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace sluice::scheduler {

namespace {

bool settled_before(const Event& a, const Event& b) {
  return std::tie(a.kind, a.action, a.timer, a.outcome) <
         std::tie(b.kind, b.action, b.timer, b.outcome);
}

}  // namespace

Scheduler::Machine::Machine(const plan::Plan& plan)
    : graph_(plan), rules_(plan, graph_), locks_(rules_.any_locks ? plan.targets.size() : 0) {
  steps_.reserve(plan.steps.size());
  for (std::uint32_t step = 0; step < plan.steps.size(); ++step) steps_.add({});
  ended_steps_.reserve(plan.steps.size());
  offered_steps_.reserve(plan.steps.size());
  joins_.reserve(plan.joins.size());
  for (const plan::Join& join : plan.joins) {
    JoinRow row;
    row.open_steps = static_cast<std::uint32_t>(join.steps.size());
    joins_.add(row);
  }
}

void Scheduler::Machine::apply(base::Instant now, std::span<const Event> events,
                               Commands& commands) {
  SLUICE_CHECK(now >= now_, "time went back");
  now_ = now;
  commands.clear();
  commands_ = &commands;
  if (!begun_) {
    begun_ = true;
    open_first_joins();
  }
  if (!std::is_sorted(events.begin(), events.end(), settled_before)) {
    sorted_.assign(events.begin(), events.end());
    std::sort(sorted_.begin(), sorted_.end(), settled_before);
    events = sorted_;
  }
  for (const Event& event : events) settle(event);
  // All that ends is settled before anything starts; what begins and ends in the same instant,
  // having nothing to run, is a further round.
  do {
    decide_lanes();
    open_joins();
    start_attempts();
    if (!paused_) admit_lanes();
    if (in_flight_ == 0 && !paused_) fail_stuck_steps();
  } while (!deciding_.empty() || !ended_steps_.empty());
  if (steps_ended_ == steps_.size() && !ended_) end_deployment();
}

State Scheduler::Machine::state() const {
  if (!begun_) return State::NotStarted;
  if (!ended_) return paused_ ? State::Paused : State::Running;
  return aborted_ ? State::Aborted : worst_;
}

void Scheduler::Machine::settle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      return;
    case Event::Kind::ActionFinished:
      return settle_end(event);
    case Event::Kind::ConditionKnown:
    case Event::Kind::Answered:
      return;  // nothing asks yet
    case Event::Kind::Pause:
      paused_ = !aborted_ && !ended_;
      return;
    case Event::Kind::Continue:
      paused_ = false;
      return;
    case Event::Kind::Abort:
      return settle_abort();
    case Event::Kind::TimerFired:
      return settle_timer(event);
  }
}

void Scheduler::Machine::settle_end(const Event& event) {
  const std::uint32_t place = event.action.slot;
  SLUICE_CHECK(place < slots_.size() && action_of(place) == event.action,
               "an action has ended that was never started");
  Slot& slot = slots_[place];
  SLUICE_CHECK(slot.phase == LanePhase::Acting || slot.phase == LanePhase::Ending,
               "an action has ended twice");
  if (slot.timed_out || event.outcome == Outcome::Failed ||
      (event.outcome == Outcome::Cancelled && slot.phase == LanePhase::Acting)) {
    const bool last = slot.attempt > task_rules(slot, slot.task).more;
    if (last) fail_lane(slot);
    return decide_later(place, last ? Verdict::Failed : Verdict::Again);
  }
  // What an abort was to end, and came through all the same, has succeeded.
  decide_later(place,
               event.outcome == Outcome::Succeeded ? Verdict::Succeeded : Verdict::Cancelled);
}

void Scheduler::Machine::settle_timer(const Event& event) {
  const std::uint32_t place = event.action.slot;
  if (place >= slots_.size() || action_of(place) != event.action) return;
  Slot& slot = slots_[place];
  if (event.timer == TimerKind::RetryPause) {
    if (slot.phase == LanePhase::Pausing) decide_later(place, Verdict::PauseOver);
    return;
  }
  if (slot.phase != LanePhase::Acting) return;
  // The attempt has failed now, and counts now; the lane goes on when it has ended.
  slot.timed_out = true;
  change(slot.phase, LanePhase::Ending);
  if (slot.attempt > task_rules(slot, slot.task).more) fail_lane(slot);
  say(Command::Kind::CancelAction, event.action);
}

void Scheduler::Machine::settle_abort() {
  if (ended_) return;
  aborted_ = true;
  paused_ = false;
  for (const plan::StepId step : steps_.ids()) abort_step(step);
  for (std::uint32_t place = 0; place < slots_.size(); ++place) abort_lane(place);
}

void Scheduler::Machine::abort_step(plan::StepId step) {
  StepRow& row = steps_[step];
  if (row.phase == StepPhase::Ready && rules_.steps[step].when != plan::When::Always) {
    return skip_step(step, Reason::Aborted, {});
  }
  if (row.phase != StepPhase::Running) return;
  row.cut = true;
  if (row.stop == Reason::None) row.stop = Reason::Aborted;
  if (is_over(step)) end_step(step);  // all that it still had was held back
}

void Scheduler::Machine::abort_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  if (slot.phase == LanePhase::Pausing) return decide_later(place, Verdict::PauseOver);
  if (slot.phase != LanePhase::Acting) return;
  change(slot.phase, LanePhase::Ending);
  say(Command::Kind::CancelAction, action_of(place));
}

void Scheduler::Machine::decide_later(std::uint32_t place, Verdict verdict) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Deciding);
  slot.verdict = verdict;
  slot.timed_out = false;
  deciding_.push_back(place);
}

// Its task has failed for good. A lane fails once, however many of its tasks do.
void Scheduler::Machine::fail_lane(Slot& slot) {
  if (slot.failed || task_rules(slot, slot.task).ignore_failure) return;
  slot.failed = true;
  const StepRules& rules = rules_.steps[slot.step];
  StepRow& row = steps_[slot.step];
  ++row.failed;
  if (rules.halts && row.failed > rules.tolerate && row.stop == Reason::None) {
    row.stop = Reason::Halted;
  }
  if (rules.targets != nullptr) {
    row.failed_targets = failed_targets_.record(row.failed_targets, rules.targets->at(slot.lane));
  }
}

// Nothing is at work that could free anything, and yet lanes wait: they would wait for ever.
void Scheduler::Machine::fail_stuck_steps() {
  if (steps_ended_ == steps_.size()) return;
  for (const plan::StepId step : steps_.ids()) {
    StepRow& row = steps_[step];
    if (row.phase != StepPhase::Running) continue;
    row.stop = Reason::Stuck;
    end_step(step);
  }
  SLUICE_CHECK(!ended_steps_.empty(), "no step runs, and yet some wait");
}

}  // namespace sluice::scheduler
