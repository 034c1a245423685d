// The scheduler: what starts when. A pure, deterministic state machine: events of one instant in,
// commands out. It knows no clock, no thread, no file and no target; the simulator drives it in
// virtual time, the runtime in real time, and both get the same commands for the same events.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/state.h"

namespace sluice::scheduler {

// Which of a task's works an action carries out.
enum class Part : std::uint8_t {
  Run,
  Before,  // its `verify`, asked first (`skip verified`)
  Verify,  // its `verify`, after it
  Undo,
  Census,  // its `verify`, when all steps have ended; it holds no slot
};

// One attempt of one work of one task on one lane: the identity of everything that is ever carried
// out, the same in simulator, journal, output and on the target's disk. A lane is one target's way
// through one step: `lane` is the target's position in the step's target list (0 on the controller,
// the batch of a gate, from 0). The `verify` of a step with child steps counts as a task behind
// its last: `task` is the number of its tasks.
struct Action {
  static constexpr std::uint32_t none = 0xffff'ffff;

  plan::StepId step;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;  // position in the step's tasks
  Part part = Part::Run;
  std::uint32_t attempt = 1;  // from 1, of this part
  std::uint32_t slot = 0;  // the scheduler's handle for the lane at work; give it back as it came

  auto operator<=>(const Action&) const = default;
};

enum class TimerKind : std::uint8_t {
  Timeout,
  RetryPause,
  Stagger,   // action.step: another lane of it may begin now
  Deadline,  // of the deployment
};

// What an operator says of a lane whose task failed (`on failure ask`).
enum class Answer : std::uint8_t {
  Retry,    // one more attempt
  Ignore,   // it goes on as after a success; degraded
  Exclude,  // the lane ends, its target not counted as failed
  Abort,    // the deployment is aborted
};

// Whether a condition holds; Unknown: it cannot be worked out (an output was never written), which
// fails whoever asked.
enum class Truth : std::uint8_t { False, True, Unknown };

// Simultaneous events are settled in the order of these kinds, then by action, whatever the order
// in which they are handed in: so an action that ends at its deadline is in time. An attempt that
// reports Cancelled though nothing asked for it has failed. After DeploymentEnded only timers and
// the operator's events may still come; they are ignored.
struct Event {
  enum class Kind : std::uint8_t {
    ActionStarted,  // it is known to have begun on the target; changes nothing, kept in the journal
    ActionFinished,  // outcome: how. Answers every StartAction exactly once, cancelled or not
    ConditionKnown,  // truth; action as in EvaluateCondition
    Answered,        // operator: answer; action as in AskOperator. The first one counts
    Pause,           // operator: no target and no step begins; begun lanes go through
    Continue,        // operator: takes a pause back
    Abort,           // operator: what runs is cancelled, then only what is `when always` runs.
                     // Takes a pause back; another one cancels what runs by then
    TimerFired,      // timer, action: as in SetTimer. One that is no longer wanted is ignored
  };
  Kind kind = Kind::ActionFinished;
  Action action;
  Outcome outcome = Outcome::Succeeded;
  TimerKind timer = TimerKind::Timeout;
  Truth truth = Truth::True;
  Answer answer = Answer::Retry;

  bool operator==(const Event&) const = default;
};

struct Command {
  enum class Kind : std::uint8_t {
    // to be carried out
    StartAction,   // action
    CancelAction,  // action: end it; its ActionFinished is still awaited
    SetTimer,      // timer, action, at: TimerFired with the same timer and action at that instant.
                   // RetryPause: the attempt that failed; a retry without a pause sets none
    // The condition of action.task; where that is Action::none, of the step for this lane; where
    // the lane is Action::none too, of the step as a whole. ConditionKnown answers it, at the same
    // instant or later. Only of conditions that read what the run alone can know.
    EvaluateCondition,
    AskOperator,  // action: the attempt that failed. Answered answers it
    // facts, for whoever listens
    StepBegan,        // action.step. Never of a step that is skipped: see StepEnded
    LaneBegan,        // action.step, lane, part: Run, or Undo where a lane that has ended before is
                      // taken back (`rollback all`); then its LaneEnded says Undo as well
    TaskEnded,        // action (part; attempt: how many were made), state; reason where not run or
                      // cut. Of a part other than Run only where it was carried out. Those of the
                      // census come when all steps have ended, and stand in no lane
    LaneEnded,        // action.step, lane, part, state; reason where not Succeeded, Degraded or
                      // Failed by a task
    LaneLeftOut,      // action.step, lane, state Skipped, reason, cause: it will never begin. Right
                      // after StepBegan; right before StepEnded where all lanes are left out
    StepEnded,        // action.step, state, reason, cause. Skipped: why, and so are its lanes but
                      // those left out. Else: why lanes never began, which are NotStarted, or were
                      // cancelled (Halted, Aborted, Deadline, NotKnown, Stuck), None where there
                      // are no such lanes
    DeploymentEnded,  // state: Succeeded, Degraded, Failed or Aborted
  };
  // The small members stand together: a command is 48 bytes, and two go out for each event.
  Kind kind = Kind::StartAction;
  TimerKind timer = TimerKind::Timeout;
  State state = State::NotStarted;
  Reason reason = Reason::None;
  Action action;
  std::uint32_t contract = Action::none;  // StepEnded, Stuck: the one that its lanes waited for
  base::Instant at;
  plan::StepId cause;  // the step whose failure is the reason, where there is one

  bool operator==(const Command&) const = default;
};

// What comes of an attempt that ends well.
enum class Follows : std::uint8_t {
  More,  // whatever it is: apply() tells
  Task,  // its lane's next task starts, and nothing else happens
  Lane,  // its lane ends, and the step's next one begins in its slot with its first task
};
struct Successor {
  Follows follows = Follows::More;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;   // that starts
  std::uint32_t until = 0;  // plain_until() of that
};

// In the order in which they were decided. The caller keeps one and hands it in again, so that its
// memory is used again.
using Commands = std::vector<Command>;

class LaneDurations;

// The plan must outlive the scheduler and be sealed. A copy goes on by itself from where it was
// made.
class Scheduler {
 public:
  explicit Scheduler(const plan::Plan& plan);
  // For one of many runs: what is worked out once for all of them, of this very plan.
  Scheduler(const plan::Plan& plan, std::shared_ptr<const LaneDurations> durations);
  ~Scheduler();
  Scheduler(const Scheduler& other);
  Scheduler(Scheduler&&) noexcept;
  Scheduler& operator=(Scheduler&&) noexcept;

  // The first call, at instant 0 with no events, starts the deployment. Later ones come with a
  // `now` that never goes back; events at the same instant may come in several rounds (what ends
  // at the instant it began is a further round). `commands` is cleared first. Allocates nothing
  // once warm; costs O(log window) an event.
  void apply(base::Instant now, std::span<const Event> events, Commands& commands);

  // For who knows how attempts will end. `started` has just been, at its first attempt: the last
  // task of its lane up to which nobody could tell when one ends and the next begins, as long as
  // all of them succeed at their first attempts; its own where there is none such.
  std::uint32_t plain_until(const Action& started) const;
  // They will: `started` and what comes behind it, up to the task before `last`, which is at most
  // plain_until(). No command and no event speaks of them; what is under way from now on is the
  // first attempt of `last`, which is returned. Nothing may be aborted meanwhile.
  Action stride(const Action& started, std::uint32_t last);

  // For drivers that need no command. May an attempt, if it ends well, have nothing behind it but
  // one that starts in its slot?
  bool may_be_followed(const Action& action) const;
  // What follows the attempt under way in this slot if it ends well, as things stand; Follows::More
  // where it cannot be told by one successor.
  Successor successor(std::uint32_t slot) const;
  // It has ended well at this instant, and so has all of `successor` before `last`, which is at
  // most its `until` (as in stride()): the first attempt of `last` is under way. The same as
  // apply(), where nothing that does not go well is told of the same instant; nobody is told
  // anything. Returns what may_be_followed() says of that attempt.
  bool follow(base::Instant now, std::uint32_t slot, const Successor& successor,
              std::uint32_t last);

  // Lanes of the slot's step, in order, of which each may begin when one of its lanes at work ends
  // well, at whatever instant, and go through all its tasks in one stride: as follow() would have
  // it, as things stand. As far as was looked; count 0: none.
  struct Procession {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  Procession procession(std::uint32_t slot) const;
  // The first `count` of a procession have begun, each in the slot of one that ended well: the last
  // of that at `now`. `moves`: the slots, each once, with the lanes that are at work there now. All
  // of them are at their last tasks.
  struct Move {
    std::uint32_t slot = 0;
    std::uint32_t from = 0;  // the lane before
    std::uint32_t to = 0;
  };
  void proceed(base::Instant now, plan::StepId step, const Procession& begun,
               std::span<const Move> moves);

  bool ended() const;               // DeploymentEnded has been said
  bool at_rest() const;             // nothing runs and no timer is awaited: paused, or ended
  State state() const;              // Running, Paused, or how it ended
  State would_be() const;           // how it had ended if it ended now: `deployment.status`
  std::uint32_t in_flight() const;  // lanes that hold a slot

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace sluice::scheduler
