// The scheduler's state and its rules, one member function a rule. machine.cpp takes events in,
// lanes.cpp takes a lane from work to work, failure.cpp says what a failure means, undo.cpp takes
// back, truth.cpp asks whether conditions hold, admission.cpp decides which lanes begin,
// conditions.cpp which steps, follow.cpp what needs no decision, and census.cpp looks where
// everything is in the end. It is told
// instants and events and never asks for them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/id.h"
#include "plan/batches.h"
#include "plan/plan.h"
#include "scheduler/failed_targets.h"
#include "scheduler/lane_bits.h"
#include "scheduler/limits.h"
#include "scheduler/locks.h"
#include "scheduler/pieces.h"
#include "scheduler/rules.h"
#include "scheduler/scheduler.h"
#include "scheduler/step_graph.h"
#include "scheduler/transitions.h"

namespace sluice::scheduler {

class Scheduler::Machine {
 public:
  Machine(const plan::Plan& plan, std::shared_ptr<const LaneDurations> durations);

  void apply(base::Instant now, std::span<const Event> events, Commands& commands);

  std::uint32_t plain_until(const Action& started) const;
  Action stride(const Action& started, std::uint32_t last);
  bool may_be_followed(const Action& action) const;
  Successor successor(std::uint32_t place) const;
  bool follow(base::Instant now, std::uint32_t place, const Successor& successor,
              std::uint32_t last);
  Procession procession(std::uint32_t place) const;
  void proceed(base::Instant now, plan::StepId step, const Procession& begun,
               std::span<const Move> moves);

  bool ended() const { return ended_; }
  bool at_rest() const {
    const bool still = paused_ || ended_ || staggered_steps_ == 0;
    return in_flight_ == 0 && evaluating_steps_ == 0 && probes_ == 0 && still;
  }
  State state() const;
  State would_be() const;
  std::uint32_t in_flight() const { return in_flight_; }

 private:
  // Lanes wait at a lock with their place in the order of their step; those that wait to be undone
  // with this as well, for lanes that will never begin may still stand there.
  static constexpr std::uint32_t undo_mark = 0x8000'0000;

  // What came of the last attempt, for the decision that follows from it.
  enum class Verdict : std::uint8_t {
    None,  // none was made: the lane has just begun
    Succeeded,
    Failed,     // for good
    Again,      // failed, and attempts are left
    PauseOver,  // as Again, and its pause has passed, or a person says so
    Cancelled,
    Known,     // whether a condition holds
    Ignored,   // failed for good, and a person says to go on
    Excluded,  // failed for good, and a person takes the target out
    Rejected,  // failed for good, and so it stays: a person, an abort or the deadline says so
    Waited,    // none was made: it waited in its slot, and an abort or the deadline came
  };

  // What a slot is there for.
  enum class Duty : std::uint8_t {
    Forward,   // the step's tasks, in order
    Undo,      // in between: what it began is taken back
    RollBack,  // its lane has ended, and is taken back as a whole
    Census,    // its target is asked what is in place; it holds no slot of its step
  };

  // What a lane does next.
  enum class Next : std::uint8_t {
    Start,  // the attempt that its slot says
    Wait,   // for an answer
    End,
  };

  // A lane at work, or the place of one that has ended and waits to be used again.
  struct Slot {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::uint32_t task = 0;
    std::uint32_t attempt = 0;  // of `task`; 0 before its first
    Part part = Part::Run;
    LanePhase phase = LanePhase::NotBegun;
    Verdict verdict = Verdict::None;
    Duty duty = Duty::Forward;
    Truth truth = Truth::True;  // Known
    bool timed_out = false;     // Ending: the attempt has failed, whatever it reports
    bool failed = false;        // a task failed for good
    bool degraded = false;      // a task's failure was ignored
    bool cut_short = false;     // an abort ended a task, or kept one from running
    bool asking = false;        // a person is to be asked, or is: counted in its step's questions
    bool excluded = false;
    bool out_of_reach = false;  // the last attempt did not reach its target
    bool left_behind = false;
    bool in_place = false;        // its work was there before
    bool unneeded = false;        // its condition does not hold
    bool not_known = false;       // nobody could tell whether its task's condition holds
    bool lane_not_known = false;  // nor its step's, for this lane
    bool undo_tried = false;
    bool undone = false;         // at least one task was taken back
    bool undo_failed = false;    // and one could not be
    bool keeps_place = false;    // its target counts as out of service for contracts
    bool odd = false;            // something of it did not simply end well
    std::uint32_t resume = 0;    // the task to go on with after undoing
    std::uint32_t position = 0;  // in lockstep: of its tasks, the one that others see it at

    // Conditions of later tasks see a failure.
    bool troubled() const { return failed || excluded; }
  };

  struct StepRow {
    StepPhase phase = StepPhase::Waiting;
    Reason stop = Reason::None;     // why no further lane begins: Halted, Aborted or Stuck
    bool cut = false;               // an abort found it running: only `when always` goes on
    bool offered = false;           // in offered_steps_
    bool degraded = false;          // a lane of it was
    bool cancelled = false;         // a lane of it was
    bool rolling_back = false;      // its lanes are undone, the last begun first
    Reason skipped = Reason::None;  // why it was skipped
    std::uint32_t next = 0;         // the first lane that was never looked at; not where limited
    std::uint32_t until = 0;        // no lane from here on may begin yet
    plan::StepId failed_gate;       // why it stopped: GateFailed
    bool stagger_awaited = false;   // the timer for:
    base::Instant not_before;       // of the next begin
    std::uint32_t begun = 0;
    std::uint32_t live = 0;         // lanes that hold a slot
    std::uint32_t failed = 0;       // lanes that failed
    std::uint32_t questions = 0;    // lanes that a person is, or will be, asked about
    std::uint32_t gone = 0;         // lanes that were excluded or left behind
    std::uint32_t left_behind = 0;  // of those
    std::uint32_t unneeded = 0;     // begun, and then their condition did not hold
    std::uint32_t failed_targets = FailedTargets::none;
    std::uint32_t next_left_out = 0;
    std::vector<FailedTargets::Lane> left_out;  // ascending
    std::vector<std::uint32_t> returned;        // min-heap: held back once, and free again
    LaneBits begun_tasks;                       // of those that may have to be undone
    LaneBits unneeded_tasks;                    // whose condition did not hold: not in the census
    // Where all of them may have to be undone:
    LaneBits failed_lanes;
    std::vector<std::uint32_t> begun_lanes;  // in order; then those to undo, in theirs
    std::uint32_t next_undo = 0;             // place of the first that was never looked at
    std::uint32_t to_undo = 0;               // that have not begun to be
  };

  // Of a step with batches; or, when it is taken back, of lanes that may be taken back at once.
  struct BatchRow {
    plan::Batch at;
    std::uint32_t open = 0;        // lanes of it that have not ended
    std::uint32_t left_out = 0;    // in the step's, those up to its end
    std::uint32_t gate = 0;        // of those behind it, the next to run
    std::uint32_t undo_until = 0;  // places in the order of taking back
    bool has_lanes = false;        // not all of it are left out
    bool gate_at_work = false;
  };

  // Of a batch in lockstep: how far its lanes at work have come.
  struct LockstepRow {
    std::vector<std::uint32_t> lanes_at;  // by task
    std::vector<std::uint32_t> waiting;   // slots
    bool touched = false;
  };

  struct JoinRow {
    std::uint32_t open_steps = 0;
    plan::StepId failed;  // the first step in the file's order that failed, at any distance
    FailedTargets::StepSet failed_targets = FailedTargets::none;
  };

  // machine.cpp: taking events in
  void begin_deployment();
  void settle(const Event& event);
  void settle_end(const Event& event);
  void settle_truth(const Event& event);
  void settle_answer(const Event& event);
  void settle_timer(const Event& event);
  void settle_timeout(std::uint32_t place);
  void settle_abort();
  void abort_step(plan::StepId step);
  void abort_lane(std::uint32_t place);
  void decide_later(std::uint32_t place, Verdict verdict);
  void fail_stuck_steps();

  // lanes.cpp: from work to work
  void decide_lanes();
  void decide(std::uint32_t place);
  Next decided(Slot& slot, std::uint32_t place);
  Next enter_lane(Slot& slot, std::uint32_t place);
  Next next_task(Slot& slot, std::uint32_t place, std::uint32_t from);
  Next start_task(Slot& slot, std::uint32_t place);
  Next after_success(Slot& slot, std::uint32_t place);
  Next after_cancel(Slot& slot, std::uint32_t place);
  Next is_in_place(Slot& slot, std::uint32_t place);
  Next skip_tasks(Slot& slot, std::uint32_t place, std::uint32_t from, Reason reason);
  void go_on(std::uint32_t place, Next next);
  void start_attempts();
  void start_attempt(std::uint32_t place);
  void carry_out(std::uint32_t place);
  base::Duration retry_pause_of(const Slot& slot, const Action& action) const;
  void pause_lane(std::uint32_t place);
  void end_lane(std::uint32_t place);
  LanePhase end_phase(const Slot& slot) const;
  Reason end_reason(const Slot& slot) const;
  void say_task(std::uint32_t place, std::uint32_t task, Part part, std::uint32_t attempts,
                State state, Reason reason);

  // follow.cpp: what needs no decision
  Successor next_in_lane(const Slot& slot) const;
  Successor next_lane_after(const Slot& slot) const;
  void take_place(Slot& slot, const Successor& successor);
  void begin_next(StepRow& row, const StepRules& rules, const Procession& begun);
  std::uint32_t reach(plan::StepId step, std::uint32_t task) const;

  // failure.cpp: what a failure means
  void fail_work(Slot& slot);
  void count_failure(Slot& slot);
  void record_target(const Slot& slot, Reason reason);
  bool leaves_behind(const Slot& slot) const;
  void touch(const Slot& slot);
  Next after_failure(Slot& slot, std::uint32_t place);
  Next after_not_in_place(Slot& slot, std::uint32_t place);
  Next after_answer(Slot& slot, std::uint32_t place);
  void say_failed(const Slot& slot, std::uint32_t place);
  void reject(std::uint32_t place);
  void close_question(Slot& slot);
  bool waits_for_person(const Slot& slot) const;
  void pass_deadline();
  void stop_step(plan::StepId step, Reason reason);

  // undo.cpp: taking back
  bool undoes_in_slot(const Slot& slot) const;
  Next start_undo(Slot& slot, std::uint32_t place);
  Next next_undo(Slot& slot, std::uint32_t place, std::uint32_t before);
  Next after_undo(Slot& slot, std::uint32_t place, bool well);
  bool rolls_back(plan::StepId step) const;
  void roll_back(plan::StepId step);
  void finish_step(plan::StepId step);
  bool next_undo_lane(plan::StepId step, std::uint32_t& lane);
  void begin_undo(plan::StepId step, std::uint32_t lane);

  // truth.cpp: whether conditions hold
  Truth evaluated(const plan::Expression& condition, plan::StepId step, std::uint32_t lane) const;
  void leave_out_lanes(plan::StepId step);
  void skip_left_out(plan::StepId step);
  void ask_step(plan::StepId step);
  void step_known(plan::StepId step, Truth truth);
  Next ask_lane(Slot& slot, std::uint32_t place);
  Next ask_task(Slot& slot, std::uint32_t place);
  Next lane_known(Slot& slot, std::uint32_t place, Truth truth);
  Next task_known(Slot& slot, std::uint32_t place, Truth truth);
  void mark_unneeded(const Slot& slot, std::uint32_t task);

  // census.cpp: what is where in the end
  void take_census();
  bool is_needed(const base::Boxed<plan::Expression>& condition, plan::StepId step,
                 std::uint32_t lane) const;
  void begin_probe(plan::StepId step, std::uint32_t lane);
  Next next_probe(Slot& slot, std::uint32_t from) const;
  Next after_probe(Slot& slot, std::uint32_t place, bool well);
  void end_probe(std::uint32_t place);

  // admission.cpp: which lanes begin
  void offer(plan::StepId step);
  void admit_lanes();
  void admit(plan::StepId step);
  bool next_lane(plan::StepId step, std::uint32_t& lane);
  bool next_limited(plan::StepId step, std::uint32_t& lane);
  static std::uint32_t pop_returned(StepRow& row);
  bool held_back(plan::StepId step, std::uint32_t lane, std::uint32_t place);
  void begin_lane(plan::StepId step, std::uint32_t lane);
  void release_target(const Slot& slot);
  void release_places(const Slot& slot);
  void take_offers();
  void wake_lanes() {
    if (!limits_.any()) return;
    limits_.wake();
    take_offers();
  }

  // batches.cpp: batches, the gates between them, and the pauses between two begins
  void begin_batches(plan::StepId step);
  void open_batch(plan::StepId step);
  bool batch_is_open(plan::StepId step);
  bool begin_gate(plan::StepId step);
  void leave_out_gate(plan::StepId gate, std::uint32_t lane, Reason reason);
  void gate_ended(plan::StepId gate);
  void close_gates(plan::StepId step, Reason reason, plan::StepId cause);
  void close_gate(plan::StepId gate, Reason reason, plan::StepId cause);
  std::uint32_t undo_until(plan::StepId step);
  bool is_staggered(plan::StepId step);
  void settle_stagger(plan::StepId step);
  void stop_staggering(plan::StepId step);

  // lockstep.cpp: batches in lockstep, pieces, and whoever waits for either in its slot
  void admit_batch(plan::StepId step);
  bool take_locks(plan::StepId step);
  void arrive(std::uint32_t place);
  void touch_batch(plan::StepId step);
  void release_batches();
  void release_batch(plan::StepId step);
  void leave_batch(const Slot& slot);
  void wait_for_pieces(std::uint32_t place);
  void start_with_pieces();
  void hand_out_pieces();
  void give_back_pieces(const Slot& slot);
  void stop_waiting(std::uint32_t place);
  Next nobody_asked(Slot& slot, std::uint32_t place);
  Next after_wait(Slot& slot, std::uint32_t place);

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
  void withdraw_waiting_steps();
  void withdraw_step(plan::StepId step, Reason reason);
  void close_step(plan::StepId step, StepPhase phase, Reason reason, plan::StepId cause);
  void say_left_out(plan::StepId step);
  std::uint32_t never_begun(plan::StepId step) const;
  void end_deployment();

  const TaskRules& task_rules(const Slot& slot, std::uint32_t task) const {
    return rules_.tasks[rules_.steps[slot.step].first_task + task];
  }
  const WorkRules& work_rules(const Slot& slot) const {
    if (slot.part == Part::Run) return task_rules(slot, slot.task).run;
    return part_rules(slot);
  }
  const WorkRules& part_rules(const Slot& slot) const;
  plan::TargetId lane_target(const Slot& slot) const {
    const plan::TargetList* targets = rules_.steps[slot.step].targets;
    return targets == nullptr ? plan::TargetId{} : targets->at(slot.lane);
  }
  Action action_of(std::uint32_t place) const {
    const Slot& slot = slots_[place];
    return {slot.step, slot.lane, slot.task, slot.part, slot.attempt, place};
  }
  std::uint32_t take_slot(plan::StepId step, std::uint32_t lane);
  // Inline, so that an action is put together where it is needed and not copied over: loading whole
  // what was just stored in parts costs more than all the rest of an event.
  Command& say(Command::Kind kind, const Action& action) {
    Command& command = commands_->emplace_back();
    command.kind = kind;
    command.action = action;
    return command;
  }
  // What its slot is at.
  Command& say_at(Command::Kind kind, std::uint32_t place) {
    const Slot& slot = slots_[place];
    Command& command = commands_->emplace_back();
    command.kind = kind;
    command.action.step = slot.step;
    command.action.lane = slot.lane;
    command.action.task = slot.task;
    command.action.part = slot.part;
    command.action.attempt = slot.attempt;
    command.action.slot = place;
    return command;
  }

  const plan::Plan& plan_;
  StepGraph graph_;
  Rules rules_;
  Locks locks_;
  Limits limits_;
  Pieces pieces_;
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
  std::vector<BatchRow> batches_;
  std::vector<LockstepRow> lockstep_;
  std::vector<plan::StepId> touched_batches_;  // in lockstep, where somebody came further
  std::vector<std::uint32_t> members_;         // of the batch that is looked at
  std::vector<bool> touched_;                  // by target, where some may be left behind

  Commands* commands_ = nullptr;
  base::Instant now_;
  base::Instant deadline_ = base::Instant::never();
  std::uint32_t in_flight_ = 0;
  std::uint32_t evaluating_steps_ = 0;
  std::uint32_t staggered_steps_ = 0;  // that await a timer
  bool in_census_ = false;             // all steps had ended before this instant
  std::uint32_t probes_ = 0;           // of the census, at work
  std::uint32_t census_step_ = 0;      // that is asked, and its next lane
  std::uint32_t census_lane_ = 0;
  std::uint32_t steps_ended_ = 0;
  State worst_ = State::Succeeded;  // of the steps that have ended
  bool begun_ = false;
  bool paused_ = false;
  bool aborted_ = false;
  bool deadline_passed_ = false;
  bool cut_now_ = false;          // in this instant, by an abort or the deadline
  bool cut_by_deadline_ = false;  // a step was left out for it
  bool census_missed_ = false;    // something that should be in place is not
  bool ended_ = false;
};

}  // namespace sluice::scheduler
