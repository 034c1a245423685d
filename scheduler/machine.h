// The scheduler's state and its rules, one member function a rule. machine.cpp takes events in,
// lanes.cpp takes a lane from task to task, admission.cpp decides which lanes begin, and
// conditions.cpp which steps. It is told instants and events and never asks for them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/id.h"
#include "plan/plan.h"
#include "scheduler/failed_targets.h"
#include "scheduler/locks.h"
#include "scheduler/rules.h"
#include "scheduler/scheduler.h"
#include "scheduler/step_graph.h"
#include "scheduler/transitions.h"

namespace sluice::scheduler {

class Scheduler::Machine {
 public:
  explicit Machine(const plan::Plan& plan);

  void apply(base::Instant now, std::span<const Event> events, Commands& commands);

  bool ended() const { return ended_; }
  bool at_rest() const { return in_flight_ == 0; }
  State state() const;
  std::uint32_t in_flight() const { return in_flight_; }

 private:
  // What came of the last attempt, for the decision that follows from it.
  enum class Verdict : std::uint8_t {
    None,  // none was made: the lane has just begun
    Succeeded,
    Failed,     // for good
    Again,      // failed, and attempts are left
    PauseOver,  // as Again, and its pause has passed
    Cancelled,
  };

  // A lane at work, or the place of one that has ended and waits to be used again.
  struct Slot {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::uint32_t task = 0;
    std::uint32_t attempt = 0;  // of `task`; 0 before its first
    LanePhase phase = LanePhase::NotBegun;
    Verdict verdict = Verdict::None;
    bool timed_out = false;  // Ending: the attempt has failed, whatever it reports
    bool failed = false;     // a task failed for good
    bool degraded = false;   // a task's failure was ignored
    bool cut_short = false;  // an abort ended a task, or kept one from running
  };

  struct StepRow {
    StepPhase phase = StepPhase::Waiting;
    Reason stop = Reason::None;  // why no further lane begins: Halted, Aborted or Stuck
    bool cut = false;            // an abort found it running: only `when always` goes on
    bool offered = false;        // in offered_steps_
    bool degraded = false;       // a lane of it was
    bool cancelled = false;      // a lane of it was
    std::uint32_t next = 0;      // the first lane that was never looked at
    std::uint32_t begun = 0;
    std::uint32_t live = 0;    // lanes that hold a slot
    std::uint32_t failed = 0;  // lanes that failed
    std::uint32_t failed_targets = FailedTargets::none;
    std::uint32_t next_left_out = 0;
    std::vector<FailedTargets::Lane> left_out;  // ascending
    std::vector<std::uint32_t> returned;        // min-heap: held back once, and free again
  };

  struct JoinRow {
    std::uint32_t open_steps = 0;
    plan::StepId failed;  // the first step in the file's order that failed, at any distance
    FailedTargets::StepSet failed_targets = FailedTargets::none;
  };

  // machine.cpp: taking events in
  void settle(const Event& event);
  void settle_end(const Event& event);
  void settle_timer(const Event& event);
  void settle_abort();
  void abort_step(plan::StepId step);
  void abort_lane(std::uint32_t place);
  void decide_later(std::uint32_t place, Verdict verdict);
  void fail_lane(Slot& slot);
  void fail_stuck_steps();

  // lanes.cpp: from task to task
  void decide_lanes();
  void decide(std::uint32_t place);
  bool find_task(Slot& slot, std::uint32_t place, std::uint32_t from);
  void start_attempts();
  void start_attempt(std::uint32_t place);
  void pause_lane(std::uint32_t place);
  void end_lane(std::uint32_t place);
  void say_task(std::uint32_t place, std::uint32_t task, std::uint32_t attempts, State state,
                Reason reason);

  // admission.cpp: which lanes begin
  void offer(plan::StepId step);
  void admit_lanes();
  void admit(plan::StepId step);
  bool next_lane(plan::StepId step, std::uint32_t& lane);
  bool held_back(plan::StepId step, std::uint32_t lane);
  void begin_lane(plan::StepId step, std::uint32_t lane);
  void release_target(const Slot& slot);

  // conditions.cpp: which steps begin, and how they end
  void open_first_joins();
  void open_joins();
  void open(plan::JoinId join);
  void make_ready(plan::StepId step);
  Reason why_skipped(plan::StepId step) const;
  void begin_step(plan::StepId step);
  bool is_over(plan::StepId step) const;
  void end_step(plan::StepId step);
  void skip_step(plan::StepId step, Reason reason, plan::StepId cause);
  void close_step(plan::StepId step, StepPhase phase, Reason reason, plan::StepId cause);
  void say_left_out(plan::StepId step);
  std::uint32_t never_begun(plan::StepId step) const;
  void end_deployment();

  const TaskRules& task_rules(const Slot& slot, std::uint32_t task) const {
    return rules_.tasks[rules_.steps[slot.step].first_task + task];
  }
  Action action_of(std::uint32_t place) const {
    const Slot& slot = slots_[place];
    return {slot.step, slot.lane, slot.task, Part::Run, slot.attempt, place};
  }
  // Inline, so that an action is put together where it is needed and not copied over: loading whole
  // what was just stored in parts costs more than all the rest of an event.
  Command& say(Command::Kind kind, const Action& action) {
    Command& command = commands_->emplace_back();
    command.kind = kind;
    command.action = action;
    return command;
  }

  StepGraph graph_;
  Rules rules_;
  Locks locks_;
  FailedTargets failed_targets_;
  base::Dense<plan::StepId, StepRow> steps_;
  base::Dense<plan::JoinId, JoinRow> joins_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;

  // Work of this instant; empty between calls, but for offered_steps_ while paused.
  std::vector<std::uint32_t> deciding_;      // slots whose lane is Deciding
  std::vector<std::uint32_t> starting_;      // of those, the ones with an attempt to start
  std::vector<plan::StepId> ended_steps_;    // whose joins are not yet told
  std::vector<plan::StepId> offered_steps_;  // that may have a lane, or themselves, to begin
  std::vector<Event> sorted_;

  Commands* commands_ = nullptr;
  base::Instant now_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t steps_ended_ = 0;
  State worst_ = State::Succeeded;  // of the steps that have ended
  bool begun_ = false;
  bool paused_ = false;
  bool aborted_ = false;
  bool ended_ = false;
};

}  // namespace sluice::scheduler
