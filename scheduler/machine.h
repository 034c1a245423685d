// The scheduler's state and its rules, one member function a rule. It is told instants and events
// and never asks for them; machine.cpp settles what ended, admission.cpp decides what starts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/plan.h"
#include "scheduler/locks.h"
#include "scheduler/scheduler.h"
#include "scheduler/step_graph.h"
#include "scheduler/transitions.h"

namespace sluice::scheduler {

class Scheduler::Machine {
 public:
  explicit Machine(const plan::Plan& plan);

  void apply(base::Instant now, std::span<const Event> events, Commands& commands);

  bool ended() const { return ended_; }
  bool at_rest() const;
  State state() const;
  std::uint32_t in_flight() const { return in_flight_; }

 private:
  // Why an attempt that is still out has failed already.
  enum class GivenUp : std::uint8_t { No, TimedOut, Aborted };

  // A lane at work. What it waits for inside: nothing but its own actions and pauses.
  struct Slot {
    Action action;  // the task's attempt that runs, or comes next
    SlotPhase phase = SlotPhase::Free;
    GivenUp given_up = GivenUp::No;
    bool failure_settled = false;  // the attempt was the task's last, and its failure is counted
    bool failed = false;           // a task failed for good: the lane fails
    bool degraded = false;         // a task's failure was ignored
    bool stopped = false;          // by an abort: only what is `when always` goes on
  };
  struct StepRow {
    StepPhase phase = StepPhase::Waiting;
    std::uint32_t lanes = 0;
    std::uint32_t next = 0;               // the first lane that was never looked at
    std::uint32_t at_work = 0;            // lanes that hold a slot
    std::uint32_t over = 0;               // lanes that ended or were left out
    std::uint32_t failures = 0;           // lanes that failed
    bool ignored = false;                 // some failure was ignored
    bool halted = false;                  // more failures than tolerated
    bool stopped = false;                 // by an abort
    bool failed = false;                  // ended so
    plan::StepId failed_ancestor;         // the first step waited for, however far, that failed
    std::vector<std::uint32_t> returned;  // min-heap: lanes whose target was locked and is free
    std::vector<bool> left_out;           // by lane; empty where none is
  };

  // settling: machine.cpp
  void settle(const Event& event);
  void finish(const Event& event);
  void fire(const Event& event);
  void abort();
  void stop(Slot& slot);
  void attempt_failed(Slot& slot);
  void fail_task(Slot& slot);
  void go_on(Slot& slot, std::uint32_t from_task);
  Reason reason_to_skip(const Slot& slot, const plan::Task& task) const;
  void end_lane(Slot& slot);
  void end_step_if_over(plan::StepId step);
  void end_step(plan::StepId step, State state, Reason reason, plan::StepId cause);

  // starting: admission.cpp
  void decide_starts();
  void open_steps();
  void open(plan::StepId step);
  void leave_out_failed(plan::StepId step, plan::StepId& cause);
  void continue_lanes();
  void continue_lane(Slot& slot);
  void admit(plan::StepId step);
  bool next_lane(plan::StepId step, std::uint32_t& lane);
  void begin_lane(plan::StepId step, std::uint32_t lane);
  void start_attempt(Slot& slot);
  void fail_stuck_steps();
  void end_deployment_if_over();

  void make_ready(plan::StepId step);
  Slot* slot_of(const Action& action);
  const plan::Task& task_of(const Slot& slot) const;
  Command& say(Command::Kind kind, const Action& action);
  void say_task_ended(const Slot& slot, std::uint32_t task, std::uint32_t attempts, State state,
                      Reason reason);

  const plan::Plan& plan_;
  StepGraph graph_;
  Locks locks_;
  std::vector<StepRow> steps_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> continuing_;  // slots in phase Continuing, or out of it again
  std::vector<plan::StepId> ready_;        // min-heap of the steps in phase Ready
  std::vector<plan::StepId> active_;       // the steps in phase Active, ascending
  std::vector<plan::StepId> opened_;       // scratch
  std::vector<Locks::Waiter> waiters_;     // scratch
  std::vector<Event> sorted_;              // scratch
  struct TargetFailure {
    plan::TargetId target;
    plan::StepId step;
  };
  std::vector<TargetFailure> target_failures_;  // in the order in which they came
  Commands* commands_ = nullptr;
  base::Instant now_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t steps_ended_ = 0;
  bool changed_ = false;  // a lane or a step ended, so that others may start
  bool begun_ = false;
  bool paused_ = false;
  bool aborted_ = false;
  bool ended_ = false;
  bool any_failed_ = false;
  bool any_degraded_ = false;
};

}  // namespace sluice::scheduler
