// The fold from events and commands to a timeline.
#include <algorithm>
#include <optional>
#include <tuple>

#include "base/check.h"
#include "scheduler/critical_path.h"
#include "scheduler/service.h"
#include "scheduler/standing.h"
#include "scheduler/timeline.h"
#include "scheduler/work.h"

namespace sluice::scheduler {

namespace {

constexpr base::Instant never = base::Instant::never();

// A step as the fold reads it: an event looks at no name and at no list of a single run.
struct StepRow {
  const plan::TargetList* targets = nullptr;     // null: the controller
  std::uint32_t first = plan::TargetId{}.value;  // where they are a single run
  std::uint32_t first_task = 0;
  std::uint32_t tasks = 0;
  bool proceeds = false;  // a lane leaves its target as in service as it was
  bool goes_out = false;  // and not so in between

  plan::TargetId target(std::uint32_t lane) const {
    if (targets == nullptr) return {};
    const bool single = first != plan::TargetId{}.value;
    return single ? plan::TargetId{first + lane} : targets->at(lane);
  }
};

}  // namespace

class TimelineBuilder::Fold {
 public:
  Fold(const plan::Plan& plan, Detail detail);

  void observe(base::Instant now, std::span<const Event> events, const Commands& commands);
  void follow(base::Instant now, const Followed& followed);
  bool proceeds(plan::StepId step) const;
  void proceed(base::Instant now, plan::StepId step, const Scheduler::Procession& begun,
               std::span<const Scheduler::Move> moves);
  Timeline build(base::Instant now) const;
  const ServiceTracker& service() const { return service_; }

 private:
  // The work that a slot is at.
  struct SlotRow {
    Action action;  // with lanes only, as its attempts
    std::vector<Interval> attempts;
    bool open = false;  // begun, and its end was not told yet
    bool interrupting = false;
    bool asked = false;   // a person is, what is to come of its failure
    bool manual = false;  // a person carries it out
  };

  void follow_lanes(const Followed& followed);
  void serve(const Followed& followed);
  void pass_time(base::Instant now);
  void end_attempt(const Action& action);
  void follow(const Command& command);
  void start_attempt(const Action& action);
  void begin_lane(const Action& action);
  void ask(const Action& action);
  void close_question(SlotRow& row);
  void end_task(const Command& command);
  void end_part(const Command& command, const SlotRow& row);
  void add_open_part(const SlotRow& row, Timeline& timeline) const;
  void find_in_census(const Command& command);
  void end_lane(const Command& command);
  void leave_out_lane(const Command& command);
  void end_step(const Command& command);
  void close_step(Timeline& timeline, std::vector<Standing>& standings, plan::StepId step,
                  State lane_state, Reason reason, plan::StepId cause) const;
  void stand(std::vector<Standing>& standings, plan::StepId step, std::uint32_t lane,
             Standing standing) const;
  // How such a lane stands is known when its step has ended.
  bool may_be_undone(plan::StepId step, State state) const {
    return state == State::Failed && plan_.steps[step].on_failure == plan::OnFailure::RollbackAll;
  }
  std::vector<State>& lane_states(plan::StepId step);
  std::uint64_t task_row(const Action& action) const;
  SlotRow& slot(const Action& action);
  void read_steps();
  void keep_attempt(SlotRow& row, const Action& action);
  bool is_manual(const Action& action) const;
  plan::ServiceEffect effect(const Action& action) const {
    if (action.part != Part::Run) return effect_of(plan_, action);
    return effects_[steps_[action.step.value].first_task + action.task];
  }

  const plan::Plan& plan_;
  bool keep_lanes_;
  base::Instant now_;
  Timeline timeline_;
  ServiceTracker service_;
  std::vector<Standing> standings_;  // by target
  std::vector<Finding> findings_;    // by target; empty while all is in place
  std::uint32_t live_ = 0;           // lanes at work
  std::uint32_t people_ = 0;         // of them, those that wait for a person
  bool has_manual_ = false;
  std::vector<StepRow> steps_;
  std::vector<plan::ServiceEffect> effects_;     // of the tasks' runs, step by step
  std::vector<std::vector<State>> lane_states_;  // by step; empty but while it is active
  std::vector<SlotRow> slots_;
};

TimelineBuilder::Fold::Fold(const plan::Plan& plan, Detail detail)
    : plan_(plan),
      keep_lanes_(detail == Detail::Lanes),
      service_(plan, detail == Detail::Lanes),
      standings_(plan.targets.size(), Standing::Untouched),
      lane_states_(plan.steps.size()) {
  read_steps();
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

void TimelineBuilder::Fold::read_steps() {
  for (const plan::Step& step : plan_.steps) {
    StepRow& row = steps_.emplace_back();
    row.first_task = static_cast<std::uint32_t>(effects_.size());
    row.tasks = static_cast<std::uint32_t>(step.tasks.size());
    for (const plan::Task& task : step.tasks) {
      effects_.push_back(task.effect);
      has_manual_ = has_manual_ || scheduler::is_manual(task);
    }
    if (step.on_controller) continue;
    row.targets = &plan_.target_lists[step.targets];
    if (row.targets->runs().size() == 1) row.first = row.targets->runs().front().first;
    if (step.tasks.empty()) continue;
    const plan::ServiceEffect& first = step.tasks.front().effect;
    const plan::ServiceEffect& last = step.tasks.back().effect;
    const bool swaps = first.drains && last.restores && !first.interrupts && !last.interrupts;
    const bool blinks = first == plan::ServiceEffect{.interrupts = true} && step.tasks.size() == 1;
    const bool stays = first == plan::ServiceEffect{} && last == plan::ServiceEffect{};
    row.goes_out = !stays;
    row.proceeds = !keep_lanes_ && (stays || swaps || blinks) && service_.alike(*row.targets);
  }
}

void TimelineBuilder::Fold::observe(base::Instant now, std::span<const Event> events,
                                    const Commands& commands) {
  pass_time(now);
  service_.advance(now);
  for (const Event& event : events) {
    if (event.kind == Event::Kind::ActionFinished) end_attempt(event.action);
    if (is_end(timeline_.outcome)) continue;  // nothing is said that changes it any more
    if (event.kind == Event::Kind::Pause) timeline_.outcome = State::Paused;
    if (event.kind == Event::Kind::Continue) timeline_.outcome = State::Running;
    if (event.kind == Event::Kind::Abort) timeline_.outcome = State::Running;
  }
  for (const Command& command : commands) follow(command);
}

// As observe() of the attempt's end and of the commands that it brings about.
void TimelineBuilder::Fold::follow(base::Instant now, const Followed& followed) {
  pass_time(now);
  if (keep_lanes_) return follow_lanes(followed);
  serve(followed);
  if (followed.lane == followed.ended_lane) return;
  std::vector<State>& states = lane_states(followed.step);
  states[followed.ended_lane] = State::Succeeded;
  states[followed.lane] = State::Running;
  ++timeline_.steps[followed.step.value].succeeded;
  stand(standings_, followed.step, followed.ended_lane, Standing::Succeeded);
}

// Nobody but the lanes at work is out, so that those between would not be seen.
bool TimelineBuilder::Fold::proceeds(plan::StepId step) const {
  const StepRow& row = steps_[step.value];
  return row.proceeds &&
         (!row.goes_out || service_.targets_out() == timeline_.steps[step.value].running);
}

// What began and ended in between has left no trace but in the counts, and where it stands.
void TimelineBuilder::Fold::proceed(base::Instant now, plan::StepId step,
                                    const Scheduler::Procession& begun,
                                    std::span<const Scheduler::Move> moves) {
  pass_time(now);
  std::vector<State>& states = lane_states(step);
  const StepRow& row = steps_[step.value];
  for (const Scheduler::Move& move : moves) {
    states[move.from] = State::Succeeded;
    stand(standings_, step, move.from, Standing::Succeeded);
    states[move.to] = State::Running;
    serve({step, move.slot, move.from, row.tasks - 1, move.to, 0});
  }
  for (std::uint32_t lane = begun.first; lane < begun.first + begun.count; ++lane) {
    if (states[lane] == State::Running) continue;
    states[lane] = State::Succeeded;
    stand(standings_, step, lane, Standing::Succeeded);
  }
  timeline_.steps[step.value].succeeded += begun.count;
}

void TimelineBuilder::Fold::serve(const Followed& followed) {
  const StepRow& step = steps_[followed.step.value];
  const plan::ServiceEffect& ended = effects_[step.first_task + followed.ended_task];
  const plan::ServiceEffect& begun = effects_[step.first_task + followed.task];
  if (!ended.restores && !ended.interrupts && !begun.drains && !begun.interrupts) return;
  service_.advance(now_);
  const plan::TargetId before = step.target(followed.ended_lane);
  const plan::TargetId target = step.target(followed.lane);
  if (!target.valid()) return;
  if (ended.restores && begun.drains && !ended.interrupts && !begun.interrupts) {
    return service_.hand_over(before, target);
  }
  if (ended.interrupts) service_.end_interruption(before, true);
  if (ended.restores) service_.restore(before);
  if (begun.drains) service_.drain(target);
  if (begun.interrupts) service_.begin_interruption(target);
  if (ended.interrupts || begun.interrupts) slots_[followed.slot].interrupting = begun.interrupts;
}

void TimelineBuilder::Fold::follow_lanes(const Followed& followed) {
  service_.advance(now_);
  Command ended;
  ended.kind = Command::Kind::TaskEnded;
  ended.state = State::Succeeded;
  ended.action = {followed.step, followed.ended_lane, followed.ended_task, Part::Run, 1,
                  followed.slot};
  end_attempt(ended.action);
  end_task(ended);
  if (followed.lane != followed.ended_lane) {
    end_lane(ended);
    begin_lane({.step = followed.step, .lane = followed.lane, .slot = followed.slot});
  }
  start_attempt({followed.step, followed.lane, followed.task, Part::Run, 1, followed.slot});
}

void TimelineBuilder::Fold::pass_time(base::Instant now) {
  if (live_ > 0 && people_ == live_) timeline_.waiting = timeline_.waiting + (now - now_);
  now_ = now;
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
      return begin_lane(command.action);
    case Command::Kind::DeploymentEnded:
      timeline_.outcome = command.state;
      return;
    case Command::Kind::AskOperator:
      return ask(command.action);
    case Command::Kind::EvaluateCondition:
      if (command.action.lane != Action::none) close_question(slot(command.action));
      return;
    case Command::Kind::CancelAction:
    case Command::Kind::SetTimer:
      return;
  }
}

// Anew, where it had ended and is taken back with its step.
void TimelineBuilder::Fold::begin_lane(const Action& action) {
  StepTimes& times = timeline_.steps[action.step.value];
  State& state = lane_states(action.step)[action.lane];
  const bool undoes = action.part == Part::Undo;
  if (undoes) --counter(times, state);
  state = State::Running;
  ++times.running;
  ++live_;
  if (!keep_lanes_) return;
  const std::uint64_t place = timeline_.first_lane[action.step.value] + action.lane;
  LaneTimes& lane = timeline_.lanes[place];
  if (undoes) {
    timeline_.rolled_back.push_back({place, lane.end, now_});
    lane.end = never;
  } else {
    lane.start = now_;
  }
  lane.state = State::Running;
  lane.reason = Reason::None;
}

void TimelineBuilder::Fold::ask(const Action& action) {
  slot(action).asked = true;
  ++people_;
}

void TimelineBuilder::Fold::close_question(SlotRow& row) {
  if (row.asked) --people_;
  row.asked = false;
}

void TimelineBuilder::Fold::start_attempt(const Action& action) {
  SlotRow& row = slot(action);
  close_question(row);
  if (keep_lanes_) keep_attempt(row, action);
  row.open = true;
  if (has_manual_ && is_manual(action)) {
    row.manual = true;
    ++people_;
  }
  plan::ServiceEffect does = effect(action);
  does.interrupts = does.interrupts && action.attempt == 1;
  if (!does.drains && !does.interrupts) return;
  const plan::TargetId target = steps_[action.step.value].target(action.lane);
  if (!target.valid()) return;
  if (does.drains) service_.drain(target);
  if (does.interrupts) service_.begin_interruption(target);
  row.interrupting = row.interrupting || does.interrupts;
}

void TimelineBuilder::Fold::keep_attempt(SlotRow& row, const Action& action) {
  if (action.attempt == 1) row.attempts.clear();
  row.attempts.push_back({now_, never});
  row.action = action;
  if (action.part != Part::Run) return;
  TaskTimes& task = timeline_.tasks[task_row(action)];
  if (action.attempt == 1) task.start = now_;
  task.end = never;
  task.attempts = action.attempt;
  task.state = State::Running;
}

bool TimelineBuilder::Fold::is_manual(const Action& action) const {
  return scheduler::is_manual(work_for(plan_, action));
}

void TimelineBuilder::Fold::end_attempt(const Action& action) {
  SlotRow& row = slot(action);
  SLUICE_CHECK(row.open, "an attempt ended that never began");
  if (keep_lanes_) row.attempts.back().end = now_;
  if (row.manual) --people_;
  row.manual = false;
}

void TimelineBuilder::Fold::end_task(const Command& command) {
  const Action& action = command.action;
  const bool well = command.state == State::Succeeded;
  SlotRow& row = slot(action);
  close_question(row);
  if (action.part == Part::Census) find_in_census(command);
  const bool restores = well && action.attempt > 0 && effect(action).restores;
  if (action.attempt > 0 && (row.interrupting || restores)) {
    const plan::TargetId target = steps_[action.step.value].target(action.lane);
    if (row.interrupting) service_.end_interruption(target, well);
    row.interrupting = false;
    if (restores && target.valid()) service_.restore(target);
  }
  if (action.attempt > 0) row.open = false;
  if (!keep_lanes_) return;
  if (action.part != Part::Run) return end_part(command, row);
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

void TimelineBuilder::Fold::end_part(const Command& command, const SlotRow& row) {
  const Action& action = command.action;
  if (action.part == Part::Census) return;
  PartTimes part{action.step, action.lane, action.task, action.part, {}, row.attempts};
  part.times = {row.attempts.front().start, row.attempts.back().end, action.attempt, command.state,
                command.reason};
  timeline_.parts.push_back(std::move(part));
}

void TimelineBuilder::Fold::find_in_census(const Command& command) {
  const plan::TargetId target = plan::lane_target(plan_, command.action.step, command.action.lane);
  if (command.state == State::Succeeded || !target.valid()) return;
  if (findings_.empty()) findings_.resize(plan_.targets.size(), Finding::InPlace);
  const bool asked = command.state == State::Failed && command.reason != Reason::OutOfReach;
  Finding& finding = findings_[target.value];
  finding = std::max(finding, asked ? Finding::Missing : Finding::Unknown);
}

void TimelineBuilder::Fold::end_lane(const Command& command) {
  const plan::StepId step = command.action.step;
  const std::uint32_t lane = command.action.lane;
  lane_states(step)[lane] = command.state;
  StepTimes& times = timeline_.steps[step.value];
  --times.running;
  --live_;
  count_end(times, command.state);
  if (!may_be_undone(step, command.state)) {
    stand(standings_, step, lane, standing_of(command.state, command.reason));
  }
  if (!keep_lanes_) return;
  LaneTimes& row = timeline_.lanes[timeline_.first_lane[step.value] + lane];
  row.end = now_;
  row.state = command.state;
  row.reason = command.reason;
  // Nothing of it was run.
  if (command.state == State::Skipped && command.reason == Reason::Condition) {
    row.start = row.end = never;
  }
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
  times.contract = command.contract;
  const bool skipped = command.state == State::Skipped;
  if (skipped) {
    times.start = never;  // also where it had begun, and was needed on no target
  } else {
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
  const std::uint32_t seen = times.succeeded + times.failed + times.skipped + times.excluded +
                             times.left_behind + times.running;
  const std::uint32_t missing = times.targets - seen;
  (lane_state == State::Skipped ? times.skipped : times.not_started) += missing;
  const std::vector<State>& states = lane_states_[step.value];
  for (std::uint32_t lane = 0; lane < states.size(); ++lane) {
    if (may_be_undone(step, states[lane])) stand(standings, step, lane, Standing::Failed);
  }
  if (missing == 0) return;
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
  const plan::TargetId target = steps_[step.value].target(lane);
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

// One that goes on, or waits before its next attempt.
void TimelineBuilder::Fold::add_open_part(const SlotRow& row, Timeline& timeline) const {
  const bool shown = row.action.part != Part::Run && row.action.part != Part::Census;
  if (!keep_lanes_ || !row.open || !shown) return;
  const Action& action = row.action;
  PartTimes part{action.step, action.lane, action.task, action.part, {}, row.attempts};
  part.times = {row.attempts.front().start, never, action.attempt, State::Running, Reason::None};
  timeline.parts.push_back(std::move(part));
}

Timeline TimelineBuilder::Fold::build(base::Instant now) const {
  Timeline timeline = timeline_;
  std::vector<Standing> standings = standings_;
  if (!is_end(timeline.outcome)) {
    timeline.duration = now - base::Instant{0};
    if (live_ > 0 && people_ == live_) timeline.waiting = timeline.waiting + (now - now_);
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
    count(timeline.census, standings[target],
          findings_.empty() ? Finding::InPlace : findings_[target]);
  }
  for (const SlotRow& row : slots_) add_open_part(row, timeline);
  std::stable_sort(
      timeline.parts.begin(), timeline.parts.end(), [](const PartTimes& a, const PartTimes& b) {
        return std::tie(a.step, a.lane, a.times.start) < std::tie(b.step, b.lane, b.times.start);
      });
  std::sort(timeline.rolled_back.begin(), timeline.rolled_back.end(),
            [](const RolledBack& a, const RolledBack& b) { return a.lane < b.lane; });
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

void TimelineBuilder::follow(base::Instant now, const Followed& followed) {
  fold_->follow(now, followed);
}
bool TimelineBuilder::proceeds(plan::StepId step) const {
  return fold_->proceeds(step);
}
void TimelineBuilder::proceed(base::Instant now, plan::StepId step,
                              const Scheduler::Procession& begun,
                              std::span<const Scheduler::Move> moves) {
  fold_->proceed(now, step, begun, moves);
}

Timeline TimelineBuilder::build(base::Instant now) const {
  return fold_->build(now);
}

std::uint32_t TimelineBuilder::in_service(plan::RoleId role) const {
  return fold_->service().in_service(role);
}

std::uint32_t TimelineBuilder::in_service(std::size_t contract, std::size_t bound) const {
  return fold_->service().in_service(contract, bound);
}

}  // namespace sluice::scheduler
