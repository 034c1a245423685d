// The fold from events and commands to a timeline.
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "scheduler/critical_path.h"
#include "scheduler/service.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

namespace {

constexpr base::Instant never = base::Instant::never();

// How a target stands after several lanes: the highest of what they say.
enum class Standing : std::uint8_t {
  Untouched,
  NotNeeded,  // skipped by a condition that asks for a failure, or disabled: nothing is missing
  Succeeded,
  Degraded,
  Skipped,  // after a failure: it should have been run
  NotStarted,
  Cancelled,
  Failed,
  Running,
};

Standing standing_of(State state, Reason reason) {
  switch (state) {
    case State::Succeeded:
      return Standing::Succeeded;
    case State::Degraded:
      return Standing::Degraded;
    case State::Failed:
    case State::Undone:
      return Standing::Failed;
    case State::Cancelled:
      return Standing::Cancelled;
    case State::Running:
      return Standing::Running;
    case State::Skipped: {
      const bool harmless = reason == Reason::WithoutFailure || reason == Reason::Disabled ||
                            reason == Reason::NoTargets;
      return harmless ? Standing::NotNeeded : Standing::Skipped;
    }
    default:
      return Standing::NotStarted;
  }
}

State state_of(Standing standing) {
  switch (standing) {
    case Standing::Succeeded:
      return State::Succeeded;
    case Standing::Degraded:
      return State::Degraded;
    case Standing::NotNeeded:
    case Standing::Skipped:
      return State::Skipped;
    case Standing::Cancelled:
      return State::Cancelled;
    case Standing::Failed:
      return State::Failed;
    case Standing::Running:
      return State::Running;
    case Standing::Untouched:
    case Standing::NotStarted:
      break;
  }
  return State::NotStarted;
}

void count(Census& census, Standing standing) {
  switch (standing) {
    case Standing::Untouched:
      return;
    case Standing::Succeeded:
    case Standing::Degraded:
      ++census.verified;
      return;
    case Standing::NotNeeded:
    case Standing::Skipped:
      ++census.skipped;
      return;
    case Standing::Cancelled:
    case Standing::Failed:
      ++census.failed;
      return;
    case Standing::Running:
      ++census.unknown;
      return;
    case Standing::NotStarted:
      ++census.not_started;
      return;
  }
}

}  // namespace

class TimelineBuilder::Fold {
 public:
  Fold(const plan::Plan& plan, Detail detail);

  void observe(base::Instant now, std::span<const Event> events, const Commands& commands);
  Timeline build(base::Instant now) const;

 private:
  // The task that a slot is at.
  struct SlotRow {
    std::vector<Interval> attempts;
    bool interrupting = false;
  };

  void end_attempt(const Action& action);
  void follow(const Command& command);
  void start_attempt(const Action& action);
  void end_task(const Command& command);
  void end_lane(const Command& command);
  void leave_out_lane(const Command& command);
  void end_step(const Command& command);
  void close_step(Timeline& timeline, std::vector<Standing>& standings, plan::StepId step,
                  State lane_state, Reason reason, plan::StepId cause) const;
  void stand(std::vector<Standing>& standings, plan::StepId step, std::uint32_t lane,
             Standing standing) const;
  std::vector<State>& lane_states(plan::StepId step);
  std::uint64_t task_row(const Action& action) const;
  SlotRow& slot(const Action& action);

  const plan::Plan& plan_;
  bool keep_lanes_;
  base::Instant now_;
  Timeline timeline_;
  ServiceTracker service_;
  std::vector<Standing> standings_;              // by target
  std::vector<std::vector<State>> lane_states_;  // by step; empty but while it is active
  std::vector<SlotRow> slots_;
};

TimelineBuilder::Fold::Fold(const plan::Plan& plan, Detail detail)
    : plan_(plan),
      keep_lanes_(detail == Detail::Lanes),
      service_(plan, detail == Detail::Lanes),
      standings_(plan.targets.size(), Standing::Untouched),
      lane_states_(plan.steps.size()) {
  timeline_.outcome = State::Running;
  timeline_.steps.resize(plan.steps.size());
  timeline_.target_planned.resize(plan.targets.size());
  std::uint64_t lanes = 0;
  std::uint64_t tasks = 0;
  std::vector<bool> seen_lists(plan.target_lists.size());
  for (const plan::StepId step : plan.steps.ids()) {
    const plan::Step& rules = plan.steps[step];
    const std::uint32_t count = plan::lane_count(plan, step);
    timeline_.steps[step.value].targets = count;
    timeline_.first_lane.push_back(lanes);
    timeline_.first_task.push_back(tasks);
    lanes += count;
    tasks += std::uint64_t{count} * rules.tasks.size();
    if (rules.on_controller || seen_lists[rules.targets.value]) continue;
    seen_lists[rules.targets.value] = true;
    plan.target_lists[rules.targets].for_each(
        [&](plan::TargetId target) { timeline_.target_planned[target.value] = true; });
  }
  if (!keep_lanes_) return;
  timeline_.lanes.resize(lanes);
  timeline_.tasks.resize(tasks);
}

void TimelineBuilder::Fold::observe(base::Instant now, std::span<const Event> events,
                                    const Commands& commands) {
  now_ = now;
  service_.advance(now);
  for (const Event& event : events) {
    if (event.kind == Event::Kind::ActionFinished) end_attempt(event.action);
    if (event.kind == Event::Kind::Pause) timeline_.outcome = State::Paused;
    if (event.kind == Event::Kind::Continue) timeline_.outcome = State::Running;
    if (event.kind == Event::Kind::Abort) timeline_.outcome = State::Running;
  }
  for (const Command& command : commands) follow(command);
}

void TimelineBuilder::Fold::follow(const Command& command) {
  const plan::StepId step = command.action.step;
  switch (command.kind) {
    case Command::Kind::StartAction:
      return start_attempt(command.action);
    case Command::Kind::TaskEnded:
      return end_task(command);
    case Command::Kind::LaneEnded:
      return end_lane(command);
    case Command::Kind::LaneLeftOut:
      return leave_out_lane(command);
    case Command::Kind::StepEnded:
      return end_step(command);
    case Command::Kind::StepBegan:
      timeline_.steps[step.value].start = now_;
      timeline_.steps[step.value].state = State::Running;
      return;
    case Command::Kind::LaneBegan:
      lane_states(step)[command.action.lane] = State::Running;
      ++timeline_.steps[step.value].running;
      if (keep_lanes_) {
        LaneTimes& lane = timeline_.lanes[timeline_.first_lane[step.value] + command.action.lane];
        lane.start = now_;
        lane.state = State::Running;
      }
      return;
    case Command::Kind::DeploymentEnded:
      timeline_.outcome = command.state;
      return;
    case Command::Kind::CancelAction:
    case Command::Kind::SetTimer:
    case Command::Kind::EvaluateCondition:
    case Command::Kind::AskOperator:
      return;
  }
}

void TimelineBuilder::Fold::start_attempt(const Action& action) {
  SlotRow& row = slot(action);
  if (action.attempt == 1) row.attempts.clear();
  row.attempts.push_back({now_, never});
  if (keep_lanes_) {
    TaskTimes& task = timeline_.tasks[task_row(action)];
    if (action.attempt == 1) task.start = now_;
    task.end = never;
    task.attempts = action.attempt;
    task.state = State::Running;
  }
  if (action.attempt > 1) return;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  const plan::ServiceEffect& effect = plan_.steps[action.step].tasks[action.task].effect;
  if (!target.valid()) return;
  if (effect.drains) service_.drain(target);
  if (effect.interrupts) service_.begin_interruption(target);
  row.interrupting = effect.interrupts;
}

void TimelineBuilder::Fold::end_attempt(const Action& action) {
  SlotRow& row = slot(action);
  SLUICE_CHECK(!row.attempts.empty(), "an attempt ended that never began");
  row.attempts.back().end = now_;
}

void TimelineBuilder::Fold::end_task(const Command& command) {
  const Action& action = command.action;
  const bool well = command.state == State::Succeeded;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  SlotRow& row = slot(action);
  if (target.valid() && action.attempt > 0) {
    if (row.interrupting) service_.end_interruption(target, well);
    row.interrupting = false;
    if (well && plan_.steps[action.step].tasks[action.task].effect.restores) {
      service_.restore(target);
    }
  }
  if (!keep_lanes_) return;
  TaskTimes& task = timeline_.tasks[task_row(action)];
  task.state = command.state;
  task.reason = command.reason;
  task.attempts = action.attempt;
  if (action.attempt == 0) return;
  task.end = row.attempts.back().end;
  if (row.attempts.size() < 2) return;
  for (const Interval& attempt : row.attempts) {
    timeline_.repeated_attempts.push_back({task_row(action), attempt});
  }
}

void TimelineBuilder::Fold::end_lane(const Command& command) {
  const plan::StepId step = command.action.step;
  const std::uint32_t lane = command.action.lane;
  lane_states(step)[lane] = command.state;
  StepTimes& times = timeline_.steps[step.value];
  --times.running;
  const bool good = command.state == State::Succeeded || command.state == State::Degraded;
  ++(good ? times.succeeded : times.failed);
  stand(standings_, step, lane, standing_of(command.state, Reason::None));
  if (!keep_lanes_) return;
  LaneTimes& row = timeline_.lanes[timeline_.first_lane[step.value] + lane];
  row.end = now_;
  row.state = command.state;
}

void TimelineBuilder::Fold::leave_out_lane(const Command& command) {
  const plan::StepId step = command.action.step;
  const std::uint32_t lane = command.action.lane;
  lane_states(step)[lane] = State::Skipped;
  ++timeline_.steps[step.value].skipped;
  stand(standings_, step, lane, standing_of(State::Skipped, command.reason));
  if (!keep_lanes_) return;
  LaneTimes& row = timeline_.lanes[timeline_.first_lane[step.value] + lane];
  row.state = State::Skipped;
  row.reason = command.reason;
  row.cause = command.cause;
}

void TimelineBuilder::Fold::end_step(const Command& command) {
  const plan::StepId step = command.action.step;
  StepTimes& times = timeline_.steps[step.value];
  times.state = command.state;
  times.reason = command.reason;
  times.cause = command.cause;
  const bool skipped = command.state == State::Skipped;
  if (!skipped) {
    times.end = now_;
    timeline_.duration = std::max(timeline_.duration, now_ - base::Instant{0});
  }
  close_step(timeline_, standings_, step, skipped ? State::Skipped : State::NotStarted,
             command.reason, command.cause);
  lane_states_[step.value] = {};
}

// What its lanes are that never began.
void TimelineBuilder::Fold::close_step(Timeline& timeline, std::vector<Standing>& standings,
                                       plan::StepId step, State lane_state, Reason reason,
                                       plan::StepId cause) const {
  StepTimes& times = timeline.steps[step.value];
  const std::uint32_t seen = times.succeeded + times.failed + times.skipped + times.running;
  const std::uint32_t missing = times.targets - seen;
  (lane_state == State::Skipped ? times.skipped : times.not_started) += missing;
  if (missing == 0) return;
  const std::vector<State>& states = lane_states_[step.value];
  const Standing standing = standing_of(lane_state, reason);
  for (std::uint32_t lane = 0; lane < times.targets; ++lane) {
    if (!states.empty() && states[lane] != State::NotStarted) continue;
    stand(standings, step, lane, standing);
    if (!keep_lanes_) continue;
    LaneTimes& row = timeline.lanes[timeline.first_lane[step.value] + lane];
    row.state = lane_state;
    row.reason = reason;
    row.cause = cause;
  }
}

void TimelineBuilder::Fold::stand(std::vector<Standing>& standings, plan::StepId step,
                                  std::uint32_t lane, Standing standing) const {
  const plan::TargetId target = plan::lane_target(plan_, step, lane);
  if (!target.valid()) return;
  standings[target.value] = std::max(standings[target.value], standing);
}

std::vector<State>& TimelineBuilder::Fold::lane_states(plan::StepId step) {
  std::vector<State>& states = lane_states_[step.value];
  if (states.empty()) states.resize(timeline_.steps[step.value].targets, State::NotStarted);
  return states;
}

std::uint64_t TimelineBuilder::Fold::task_row(const Action& action) const {
  const std::uint64_t per_lane = plan_.steps[action.step].tasks.size();
  return timeline_.first_task[action.step.value] + action.lane * per_lane + action.task;
}

TimelineBuilder::Fold::SlotRow& TimelineBuilder::Fold::slot(const Action& action) {
  if (slots_.size() <= action.slot) slots_.resize(action.slot + std::size_t{1});
  return slots_[action.slot];
}

Timeline TimelineBuilder::Fold::build(base::Instant now) const {
  Timeline timeline = timeline_;
  std::vector<Standing> standings = standings_;
  const bool ended = timeline.outcome != State::Running && timeline.outcome != State::Paused;
  if (!ended) {
    timeline.duration = now - base::Instant{0};
    for (const plan::StepId step : plan_.steps.ids()) {
      if (timeline.steps[step.value].end != never) continue;
      const State state = timeline.steps[step.value].state;
      if (state == State::Skipped) continue;
      const std::vector<State>& states = lane_states_[step.value];
      for (std::uint32_t lane = 0; lane < states.size(); ++lane) {
        if (states[lane] == State::Running) stand(standings, step, lane, Standing::Running);
      }
      close_step(timeline, standings, step, State::NotStarted, Reason::None, {});
    }
  }
  service_.fill(base::Instant{timeline.duration.ms}, timeline);
  timeline.target_states.resize(plan_.targets.size());
  for (std::size_t target = 0; target < standings.size(); ++target) {
    timeline.target_states[target] = state_of(standings[target]);
    count(timeline.census, standings[target]);
  }
  std::stable_sort(
      timeline.repeated_attempts.begin(), timeline.repeated_attempts.end(),
      [](const Timeline::AttemptRow& a, const Timeline::AttemptRow& b) { return a.task < b.task; });
  if (keep_lanes_) timeline.critical_path = critical_path(plan_, timeline);
  return timeline;
}

TimelineBuilder::TimelineBuilder(const plan::Plan& plan, Detail detail)
    : fold_(std::make_unique<Fold>(plan, detail)) {}
TimelineBuilder::~TimelineBuilder() = default;
TimelineBuilder::TimelineBuilder(TimelineBuilder&&) noexcept = default;
TimelineBuilder& TimelineBuilder::operator=(TimelineBuilder&&) noexcept = default;

void TimelineBuilder::observe(base::Instant now, std::span<const Event> events,
                              const Commands& commands) {
  fold_->observe(now, events, commands);
}

Timeline TimelineBuilder::build(base::Instant now) const {
  return fold_->build(now);
}

}  // namespace sluice::scheduler
