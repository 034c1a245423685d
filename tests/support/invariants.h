// A model of what the scheduler may do and must do, written from the rules and not from its code:
// it is told every event and command and finds the first that the rules do not allow, or that they
// ask for and that did not come. Slow and plain on purpose.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "scheduler/work.h"
#include "support/limit_model.h"

namespace sluice::test {

class Invariants {
 public:
  explicit Invariants(const plan::Plan& plan);

  // Every apply(), in order.
  void observe(base::Instant now, std::span<const scheduler::Event> events,
               const scheduler::Commands& commands, const scheduler::Scheduler& scheduler);
  // What was wrong first, and when; empty: nothing.
  const std::string& violation() const { return violation_; }

 private:
  enum class Stage { NotBegun, Live, Ended, LeftOut };
  // What is open of a lane at work.
  enum class Doing { Nothing, Acting, Pausing, Evaluating, Asked };
  struct Lane {
    Stage stage = Stage::NotBegun;
    scheduler::State state = scheduler::State::NotStarted;
    std::uint32_t slot = 0;
    // The work that it is at; attempt 0: none of its attempts was made.
    std::uint32_t task = 0;
    scheduler::Part part = scheduler::Part::Run;
    std::uint32_t attempt = 0;
    Doing doing = Doing::Nothing;
    bool at_work = false;  // at a work: else what comes next is to be found
    bool cancelling = false;
    bool timed_out = false;
    std::optional<scheduler::Outcome> result;  // of the last attempt, not yet answered
    bool for_good = false;                     // it failed, and no attempt is left
    bool resumes = false;                      // its pause is over, or a person says so
    std::optional<scheduler::Truth> truth;     // of the condition it asked for
    bool answered = false;                     // ignored, excluded or rejected
    bool question = false;                     // a person is to be asked, or is
    // What has become of it.
    bool failed = false, degraded = false, cut_short = false, excluded = false, left_behind = false,
         in_place = false, unneeded = false, not_known = false, undone = false, undo_failed = false,
         undo_tried = false;
    // What comes next.
    bool entered = false;                       // its step's condition and `skip verified` are over
    std::uint32_t next = 0;                     // the next task forward
    std::optional<scheduler::Reason> skip_all;  // all that is left, even what is always
    std::optional<scheduler::Reason> skip_next;  // the next task
    std::optional<scheduler::Part> next_part;    // of the next task, which is at work already
    std::set<std::uint32_t> begun;               // tasks
    std::vector<std::uint32_t> to_undo;          // the next one last
    bool undoing = false, rolled_back = false;
    std::set<std::uint32_t> not_needed;  // tasks whose condition did not hold
    std::uint32_t position = 0;          // in lockstep: of its tasks, the last that it started
    bool waiting = false;                // in its slot, since an earlier call
  };
  struct BatchRow {
    std::uint32_t begin = 0, end = 0;  // lanes
  };
  struct Step {
    bool begun = false, ended = false, evaluating = false, asked = false;
    scheduler::State state = scheduler::State::NotStarted;
    scheduler::Reason skipped = scheduler::Reason::None;
    std::optional<scheduler::Truth> truth;
    std::vector<Lane> lanes;
    std::vector<std::uint32_t> begun_lanes;  // in order
    std::uint32_t live = 0, failures = 0, questions = 0, left_behind = 0;
    bool cut = false;
    scheduler::Reason stop = scheduler::Reason::None;
    std::optional<std::vector<std::uint32_t>> to_undo;  // lanes, in order; there: it rolls back
    std::vector<bool> ancestors;
    std::vector<BatchRow> batches;                       // one of all lanes where the step has none
    scheduler::Reason reason = scheduler::Reason::None;  // why it ended so
    base::Instant not_before;                            // of its next begin
    bool stagger_awaited = false;
    // Targets that failed, were excluded or left behind here, and which of these.
    std::map<std::uint32_t, scheduler::Reason> bad_targets;
  };
  // A lane of a gate, and why it is left out, if it is.
  struct Gate {
    plan::StepId step;
    std::uint32_t lane = 0;
    scheduler::Reason left_out = scheduler::Reason::None;
  };
  // What must come next of a lane.
  struct Due {
    enum class Kind { Start, Pause, Evaluate, Ask, EndTask, EndLane };
    Kind kind = Kind::EndLane;
    std::uint32_t task = 0;
    scheduler::Part part = scheduler::Part::Run;
    std::uint32_t attempt = 0;
    scheduler::State state = scheduler::State::NotStarted;
    scheduler::Reason reason = scheduler::Reason::None;
    bool operator==(const Due&) const = default;
  };
  // A target that the census asks for, or is to ask for.
  struct Probe {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::vector<std::uint32_t> tasks;  // to ask for, the next one first
    bool at_work = false;
    Lane work;
  };

  // events
  void take(const scheduler::Event& event);
  void take_end(const scheduler::Event& event);
  void take_truth(const scheduler::Event& event);
  void take_answer(const scheduler::Event& event);
  void take_timer(const scheduler::Event& event);
  void take_abort();
  void take_deadline();
  void fail_for_good(plan::StepId step, Lane& lane);
  void count_failure(plan::StepId step, Lane& lane);
  void reject(plan::StepId step, Lane& lane);
  void record(plan::StepId step, const Lane& lane, scheduler::Reason reason);

  // a lane's course
  base::Duration duration_of(const plan::TargetDuration& duration,
                             const scheduler::Action& action) const;
  scheduler::Pauses pauses_of(const scheduler::Action& action) const;
  Due due(plan::StepId step, const Lane& lane) const;
  Due due_at_work(plan::StepId step, const Lane& lane) const;
  Due due_forward(plan::StepId step, const Lane& lane) const;
  Due due_condition(plan::StepId step, const Lane& lane) const;
  void expect(const scheduler::Command& command, Due::Kind kind);
  void start_action(const scheduler::Command& command);
  void set_timer(const scheduler::Command& command);
  void evaluate(const scheduler::Command& command);
  void ask(const scheduler::Command& command);
  void end_task(const scheduler::Command& command);
  void skipped(plan::StepId step, Lane& lane, scheduler::Reason reason);
  void succeeded(plan::StepId step, Lane& lane);
  void failed(plan::StepId step, Lane& lane);
  void cancelled(plan::StepId step, Lane& lane);
  scheduler::State end_state(const Lane& lane) const;
  scheduler::Reason end_reason(const Lane& lane) const;
  std::optional<scheduler::Truth> own_truth(const base::Boxed<plan::Expression>& condition,
                                            plan::StepId step, std::uint32_t lane) const;
  scheduler::Reason task_skip_reason(plan::StepId step, const Lane& lane) const;

  // steps and their lanes
  void follow(const scheduler::Command& command);
  void begin_lane(const scheduler::Command& command);
  void begin_undo(const scheduler::Command& command);
  void end_lane(const scheduler::Command& command);
  void leave_out(const scheduler::Command& command);
  void begin_step(const scheduler::Command& command);
  void end_step(const scheduler::Command& command);
  void end_deployment(const scheduler::Command& command);
  void roll_back(plan::StepId step);
  // what must have come
  void check_complete(const scheduler::Scheduler& scheduler);
  void check_step_complete(plan::StepId step);

  // batches, gates, lockstep, pieces
  void split_batches(plan::StepId step);
  bool is_over_for(plan::StepId step, std::uint32_t lane) const;
  std::uint32_t open_batch(plan::StepId step) const;
  bool gate_is_live(plan::StepId step) const;
  std::optional<Gate> due_gate(plan::StepId step) const;
  bool batch_admits(plan::StepId step, std::uint32_t lane) const;
  std::optional<std::uint32_t> first_in_lockstep(plan::StepId step) const;
  bool is_beginning(plan::StepId step) const;
  void begin_gate(const scheduler::Command& command);
  bool gate_left_out_for(plan::StepId step, std::uint32_t lane, scheduler::Reason reason) const;
  void gate_ended(plan::StepId gate);
  void close_gate(const scheduler::Command& command);
  bool is_staggered(plan::StepId step) const;
  void set_stagger(const scheduler::Command& command);
  std::uint32_t position_of(plan::StepId step, const Lane& lane) const;
  bool waits_for_batch(plan::StepId step, const Lane& lane) const;
  bool pieces_are_free(const scheduler::Action& action) const;
  bool waits(plan::StepId step, const Lane& lane) const;
  void take_pieces(const scheduler::Action& action);
  void give_back_pieces(const scheduler::Action& action);
  void stop_waiting(plan::StepId step, Lane& lane);

  // the census
  void open_census();
  void follow_census(const scheduler::Command& command);
  void check_census();
  bool is_probed(plan::StepId step, std::uint32_t lane, std::uint32_t task) const;

  struct LeftOut {
    plan::StepId cause;
    scheduler::Reason reason;
  };
  bool waited_for_ended(plan::StepId step) const;
  std::optional<plan::StepId> failed_ancestor(plan::StepId step) const;
  std::optional<LeftOut> left_out(plan::StepId step, std::uint32_t lane) const;
  bool is_locked(plan::StepId step, std::uint32_t lane) const;
  bool admissible(plan::StepId step, std::uint32_t lane) const;
  std::optional<std::uint32_t> first_admissible(plan::StepId step) const;
  bool may_admit(plan::StepId step) const;
  void allow_stuck(plan::StepId step);
  LeftOut skip_reason(plan::StepId step) const;
  bool asks_for_step(plan::StepId step) const;
  bool asks_for_lanes(plan::StepId step) const;
  std::uint32_t never_begun(plan::StepId step) const;
  std::uint32_t index_of(plan::StepId step, const Lane& lane) const;
  Lane& lane_of(const scheduler::Action& action);
  Step& step_of(plan::StepId step) { return steps_[step.value]; }
  const Step& step_of(plan::StepId step) const { return steps_[step.value]; }
  void require(bool holds, const std::string& what);

  const plan::Plan& plan_;
  std::vector<Step> steps_;
  LimitModel limits_;
  std::string violation_;
  std::string at_;
  base::Instant now_;
  bool started_ = false;  // an attempt, in this call
  bool paused_ = false, aborted_ = false, ended_ = false, late_ = false;
  base::Instant steps_ended_at_ = base::Instant::never();
  std::set<std::uint32_t> touched_;               // targets
  std::map<std::uint32_t, std::uint32_t> taken_;  // by resource: pieces
  std::optional<std::vector<Probe>> census_;
  bool census_missed_ = false;
  std::vector<scheduler::Action> cancels_;   // that must be said in this call
  std::vector<scheduler::Action> timeouts_;  // timers that must be set in this call
};

}  // namespace sluice::test
