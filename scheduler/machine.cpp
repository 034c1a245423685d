// Taking events in: what each means for its lane, before anything is decided from it.
#include "scheduler/machine.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace sluice::scheduler {

namespace {

bool settled_before(const Event& a, const Event& b) {
  return std::tie(a.kind, a.action, a.timer, a.outcome, a.truth, a.answer) <
         std::tie(b.kind, b.action, b.timer, b.outcome, b.truth, b.answer);
}

}  // namespace

Scheduler::Machine::Machine(const plan::Plan& plan, std::shared_ptr<const LaneDurations> durations)
    : plan_(plan),
      graph_(plan),
      rules_(plan, graph_, std::move(durations)),
      locks_(rules_.any_locks ? plan.targets.size() : 0),
      limits_(plan, graph_),
      pieces_(plan, rules_.piece_kinds),
      touched_(rules_.any_left_behind ? plan.targets.size() : 0) {
  steps_.reserve(plan.steps.size());
  for (const plan::StepId step : plan.steps.ids()) {
    StepRules& rules = rules_.steps[step];
    rules.limited = limits_.holds(step);
    if (rules.lockstep != TaskRules::none) {
      lockstep_.emplace_back().lanes_at.resize(rules.tasks + std::size_t{1});
    }
    StepRow row;
    row.until = rules.lanes;
    steps_.add(std::move(row));
  }
  batches_.resize(rules_.batched_steps);
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
  const bool begins = !begun_;
  if (begins) begin_deployment();
  if (!std::is_sorted(events.begin(), events.end(), settled_before)) {
    sorted_.assign(events.begin(), events.end());
    std::sort(sorted_.begin(), sorted_.end(), settled_before);
    events = sorted_;
  }
  in_census_ = steps_ended_ == steps_.size();
  for (const Event& event : events) settle(event);
  if (cut_now_) withdraw_waiting_steps();
  if (begins) open_first_joins();  // what was said before counts
  // All that ends is settled before anything starts; what begins and ends in the same instant,
  // having nothing to run, is a further round.
  do {
    decide_lanes();
    open_joins();
    start_attempts();
    if (!paused_) admit_lanes();
    const bool settled = deciding_.empty() && ended_steps_.empty();
    const bool still = in_flight_ == 0 && evaluating_steps_ == 0 && staggered_steps_ == 0;
    if (still && !paused_ && settled) fail_stuck_steps();
  } while (!deciding_.empty() || !ended_steps_.empty());
  if (steps_ended_ < steps_.size() || ended_) return;
  // What ended at the deadline itself, with nothing left out for it, is in time.
  if (now_ == deadline_ && !cut_by_deadline_) deadline_passed_ = false;
  take_census();
}

void Scheduler::Machine::begin_deployment() {
  begun_ = true;
  if (plan_.deadline) {
    deadline_ = now_ + *plan_.deadline;
    Command& timer = say(Command::Kind::SetTimer, {});
    timer.timer = TimerKind::Deadline;
    timer.at = deadline_;
  }
}

State Scheduler::Machine::state() const {
  if (!begun_) return State::NotStarted;
  if (!ended_) return paused_ ? State::Paused : State::Running;
  return would_be();
}

State Scheduler::Machine::would_be() const {
  if (aborted_) return State::Aborted;
  if (deadline_passed_) return State::Failed;
  State worst = worst_;
  for (const plan::StepId step : steps_.ids()) {
    const StepRow& row = steps_[step];
    if (row.phase != StepPhase::Running) continue;
    if (row.failed > rules_.steps[step].tolerate) return State::Failed;
    const bool degraded = row.failed > 0 || row.degraded || row.gone > 0;
    if (degraded && worst == State::Succeeded) worst = State::Degraded;
  }
  return worst == State::Succeeded && census_missed_ ? State::Degraded : worst;
}

void Scheduler::Machine::settle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ActionStarted:
      return;
    case Event::Kind::ActionFinished:
      return settle_end(event);
    case Event::Kind::ConditionKnown:
      return settle_truth(event);
    case Event::Kind::Answered:
      return settle_answer(event);
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
  if (pieces_.any()) give_back_pieces(slot);
  slot.out_of_reach = event.outcome == Outcome::Unreachable && !slot.timed_out;
  if (!slot.out_of_reach) touch(slot);
  if (slot.timed_out || event.outcome == Outcome::Failed || event.outcome == Outcome::Unreachable ||
      (event.outcome == Outcome::Cancelled && slot.phase == LanePhase::Acting)) {
    const WorkRules& rules = work_rules(slot);
    const bool last = slot.attempt > rules.more || (rules.manual && deadline_passed_);
    if (last) fail_work(slot);
    return decide_later(place, last ? Verdict::Failed : Verdict::Again);
  }
  // What an abort was to end, and came through all the same, has succeeded.
  decide_later(place,
               event.outcome == Outcome::Succeeded ? Verdict::Succeeded : Verdict::Cancelled);
}

void Scheduler::Machine::settle_timer(const Event& event) {
  switch (event.timer) {
    case TimerKind::Deadline:
      return pass_deadline();
    case TimerKind::Stagger:
      return settle_stagger(event.action.step);
    case TimerKind::Timeout:
    case TimerKind::RetryPause:
      break;
  }
  const std::uint32_t place = event.action.slot;
  if (place >= slots_.size() || action_of(place) != event.action) return;
  Slot& slot = slots_[place];
  if (event.timer == TimerKind::Timeout) return settle_timeout(place);
  if (slot.phase == LanePhase::Pausing) decide_later(place, Verdict::PauseOver);
}

// The attempt has failed now, and counts now; the lane goes on when it has ended.
void Scheduler::Machine::settle_timeout(std::uint32_t place) {
  Slot& slot = slots_[place];
  if (slot.phase != LanePhase::Acting) return;
  slot.timed_out = true;
  slot.out_of_reach = false;
  change(slot.phase, LanePhase::Ending);
  if (slot.attempt > work_rules(slot).more) fail_work(slot);
  say(Command::Kind::CancelAction, action_of(place));
}

void Scheduler::Machine::settle_abort() {
  if (ended_) return;
  aborted_ = true;
  paused_ = false;
  cut_now_ = true;
  for (const plan::StepId step : steps_.ids()) abort_step(step);
  for (std::uint32_t place = 0; place < slots_.size(); ++place) abort_lane(place);
}

void Scheduler::Machine::abort_step(plan::StepId step) {
  StepRow& row = steps_[step];
  if (row.phase != StepPhase::Running) return;
  row.cut = true;
  if (!rules_.steps[step].gate_of.valid()) return stop_step(step, Reason::Aborted);
  // A gate ends with its step, but one that was being taken back, of which no more is.
  if (!row.rolling_back || !is_over(step)) return;
  finish_step(step);
  gate_ended(step);
}

void Scheduler::Machine::abort_lane(std::uint32_t place) {
  Slot& slot = slots_[place];
  if (slot.phase == LanePhase::Pausing) return decide_later(place, Verdict::PauseOver);
  if (slot.phase == LanePhase::Asking) return reject(place);
  if (slot.phase == LanePhase::Waiting) return stop_waiting(place);
  if (slot.phase != LanePhase::Acting) return;
  change(slot.phase, LanePhase::Ending);
  say(Command::Kind::CancelAction, action_of(place));
}

void Scheduler::Machine::decide_later(std::uint32_t place, Verdict verdict) {
  Slot& slot = slots_[place];
  change(slot.phase, LanePhase::Deciding);
  slot.verdict = verdict;
  slot.odd = slot.odd || verdict != Verdict::Succeeded;
  slot.timed_out = false;
  deciding_.push_back(place);
}

// Nothing is at work that could free anything, and yet lanes wait: they would wait for ever.
void Scheduler::Machine::fail_stuck_steps() {
  if (steps_ended_ == steps_.size()) return;
  for (const plan::StepId step : steps_.ids()) {
    StepRow& row = steps_[step];
    if (row.phase != StepPhase::Running || rules_.steps[step].gate_of.valid()) continue;
    row.stop = Reason::Stuck;
    end_step(step);
  }
  SLUICE_CHECK(!ended_steps_.empty(), "no step runs, and yet some wait");
}

}  // namespace sluice::scheduler
