// The timeline: what happened, or would happen, as a value: intervals, order, availability,
// downtime. A fold of events and commands that serves prediction and fact alike.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "scheduler/state.h"

namespace sluice::scheduler {

// Half open: [start, end). `end` is Instant::never() while it is open.
struct Interval {
  base::Instant start;
  base::Instant end;
  bool operator==(const Interval&) const = default;
};

// Never begun: start and end are Instant::never().
struct TaskTimes {
  base::Instant start = base::Instant::never();
  base::Instant end = base::Instant::never();
  std::uint32_t attempts = 0;
  State state = State::NotStarted;
  Reason reason = Reason::None;
  bool operator==(const TaskTimes&) const = default;
};

struct LaneTimes {
  base::Instant start = base::Instant::never();
  base::Instant end = base::Instant::never();
  State state = State::NotStarted;
  Reason reason = Reason::None;
  plan::StepId cause;
  bool operator==(const LaneTimes&) const = default;
};

struct StepTimes {
  base::Instant start = base::Instant::never();
  base::Instant end = base::Instant::never();
  State state = State::NotStarted;
  Reason reason = Reason::None;
  plan::StepId cause;
  std::uint32_t contract = Action::none;  // Stuck: the one that its lanes waited for
  // Lanes by how they stand; degraded ones count as succeeded, undone and cancelled ones as failed.
  std::uint32_t targets = 0, succeeded = 0, failed = 0, skipped = 0, excluded = 0, left_behind = 0,
                not_started = 0, running = 0;
  std::uint32_t undone = 0;  // of the failed
  bool operator==(const StepTimes&) const = default;
};

// In service, from an instant on.
struct Change {
  base::Instant at;
  std::uint32_t in_service = 0;
  bool operator==(const Change&) const = default;
};

struct RoleTimes {
  std::uint32_t targets = 0;
  std::uint32_t available_min = 0;
  base::Instant available_min_at;  // the first instant at which it was so low
  base::Duration downtime;         // in which fewer than the role's minimum were in service
  base::Duration out_of_service;   // summed over targets
  // Opens with (0, all), then one entry an instant at which the number changed.
  std::vector<Change> availability;
  bool operator==(const RoleTimes&) const = default;
};

// A `verify` or an `undo` that was carried out, for its task; of a task behind the step's last, the
// step's own `verify`.
struct PartTimes {
  plan::StepId step;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;
  Part part = Part::Verify;
  TaskTimes times;
  std::vector<Interval> attempts;
  bool operator==(const PartTimes&) const = default;
};

// A lane that had ended and was taken back with its step: at work again from `undo_start` on.
struct RolledBack {
  std::uint64_t lane = 0;  // position in `lanes`
  base::Instant ended;
  base::Instant undo_start;
  bool operator==(const RolledBack&) const = default;
};

// How a contract fared. Of several bounds (`per zone`) the one that came nearest to its limit, or
// went furthest beyond it.
struct ContractTimes {
  bool held = true;
  std::int64_t worst = 0;                     // targets, or milliseconds of a duration
  base::Instant at = base::Instant::never();  // when it was first so bad; of a duration: never
  std::uint32_t bound = 0;                    // position in the contract's bounds
  bool operator==(const ContractTimes&) const = default;
};

struct PathPart {
  plan::StepId step;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;
  Part part = Part::Run;
  base::Instant start;
  base::Instant end;
  bool operator==(const PathPart&) const = default;
};

// Each target that a step works on, in one class: verified is what ended well everywhere and was
// found in place wherever the census asked for it; unknown, what it could not ask.
struct Census {
  std::uint32_t verified = 0, failed = 0, skipped = 0, excluded = 0, left_behind = 0,
                not_started = 0, unknown = 0;
  bool operator==(const Census&) const = default;
};

// How much is kept of each lane. Summary: steps, roles and totals; Lanes: every interval.
enum class Detail { Summary, Lanes };

class Timeline {
 public:
  State outcome = State::NotStarted;  // of the deployment; Running or Paused while it goes on
  base::Duration duration;            // to the end of the last step, or to the last event so far
  base::Duration waiting;             // in which all lanes at work waited for people

  std::vector<StepTimes> steps;          // by StepId
  std::vector<RoleTimes> roles;          // by RoleId
  std::vector<ContractTimes> contracts;  // in the plan's order
  Census census;

  // Detail::Lanes only; the product of targets and tasks, in the plan's order.
  std::vector<LaneTimes> lanes;
  std::vector<TaskTimes> tasks;         // of each task's run
  std::vector<PartTimes> parts;         // by step, lane and start; not those of the census
  std::vector<RolledBack> rolled_back;  // by lane
  // In order of time, without a gap but where a `stagger` lets nothing begin.
  std::vector<PathPart> critical_path;

  // Where a step's lanes begin in `lanes`, and its tasks in `tasks` (lane-major).
  std::vector<std::uint64_t> first_lane;
  std::vector<std::uint64_t> first_task;

  const LaneTimes& lane(plan::StepId step, std::uint32_t lane) const;
  const TaskTimes& task(const plan::Plan& plan, plan::StepId step, std::uint32_t lane,
                        std::uint32_t task) const;
  // What else was carried out on a lane, in order of time.
  std::span<const PartTimes> parts_of(plan::StepId step, std::uint32_t lane) const;
  // Every attempt of a task, in order; all but the last failed.
  std::vector<Interval> attempts(const plan::Plan& plan, plan::StepId step, std::uint32_t lane,
                                 std::uint32_t task) const;
  // By TargetId; those that no step works on are NotStarted and stand in no census.
  std::vector<State> target_states;
  std::vector<bool> target_planned;  // some step works on it
  std::vector<bool> target_out;      // out of service when it ended; empty: none was ever out
  // Merged where they touch; only targets that were ever out have any.
  std::vector<Interval> out_of_service(plan::TargetId target) const;

  // Filled by the builder; read through the functions above.
  struct AttemptRow {
    std::uint64_t task;  // position in `tasks`
    Interval interval;
    bool operator==(const AttemptRow&) const = default;
  };
  std::vector<AttemptRow> repeated_attempts;  // of tasks with more than one, by task, then time
  struct OutRow {
    plan::TargetId target;
    Interval interval;
    bool operator==(const OutRow&) const = default;
  };
  std::vector<OutRow> out_rows;  // by target, then time

  bool operator==(const Timeline&) const = default;
};

// An attempt has ended well and another one started in its slot, as Scheduler::follow() has it; of
// tasks gone through in one, the first that started and the last that ended.
struct Followed {
  plan::StepId step;
  std::uint32_t slot = 0;
  std::uint32_t ended_lane = 0;
  std::uint32_t ended_task = 0;
  std::uint32_t lane = 0;  // another one: the lane has ended, and this one has begun
  std::uint32_t task = 0;
};

// Folds what the scheduler was told and what it decided. Give it every apply(), in order.
class TimelineBuilder {
 public:
  TimelineBuilder(const plan::Plan& plan, Detail detail);
  ~TimelineBuilder();
  TimelineBuilder(TimelineBuilder&&) noexcept;
  TimelineBuilder& operator=(TimelineBuilder&&) noexcept;

  void observe(base::Instant now, std::span<const Event> events, const Commands& commands);
  void follow(base::Instant now, const Followed& followed);
  // Whether proceed() may be told of this step: its targets stand in the same roles, and no
  // interval is kept.
  bool proceeds(plan::StepId step) const;
  // As Scheduler::proceed() has it.
  void proceed(base::Instant now, plan::StepId step, const Scheduler::Procession& begun,
               std::span<const Scheduler::Move> moves);
  // What has been seen so far, closed at `now` where the deployment has not ended: a run that is
  // still going on has open intervals.
  Timeline build(base::Instant now) const;

  // So many of the role's targets are in service after the last instant.
  std::uint32_t in_service(plan::RoleId role) const;
  // Of those that this bound of this contract of the plan is about; not of Contract::Duration.
  std::uint32_t in_service(std::size_t contract, std::size_t bound) const;

 private:
  class Fold;
  std::unique_ptr<Fold> fold_;
};

// "an earlier step failed: `Migrate`", for people and for the `reason` of the JSON. `contract`: the
// one that a stuck step's lanes waited for.
std::string reason_text(const plan::Plan& plan, Reason reason, plan::StepId cause,
                        std::uint32_t contract = Action::none);

}  // namespace sluice::scheduler
