// The plan as the scheduler reads it: small rows of numbers, one after the other, so that an event
// touches no name, no expression and no string. It knows nothing of what happens.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/lane_durations.h"
#include "scheduler/scheduler.h"
#include "scheduler/step_graph.h"

namespace sluice::scheduler {

// How a work is tried.
struct WorkRules {
  static constexpr base::Duration no_timeout{-1};
  static constexpr base::Duration by_lane{-2};  // it stands in Rules::lane_rules

  base::Duration timeout = no_timeout;  // of one attempt
  base::Duration pause;                 // after the first attempt that failed
  std::uint32_t more = 0;               // attempts after the first
  bool grows = false;                   // the pause does, or has a cap: retry_pause() knows it
  bool manual = false;                  // a person carries it out
  std::uint32_t pieces = no_pieces;     // that an attempt takes: in Rules::piece_kinds
  std::uint32_t lane_rules = no_lanes;  // what hangs on the target: in Rules::lane_rules

  static constexpr std::uint32_t no_pieces = 0xffff'ffff;
  static constexpr std::uint32_t no_lanes = 0xffff'ffff;
};

// Of a work, by lane; null: the same for all of them.
struct LaneRules {
  const base::Duration* timeout = nullptr;
  const base::Duration* pause = nullptr;
  const base::Duration* most_pause = nullptr;
};

// Who can work a condition out, and when.
enum class Asks : std::uint8_t {
  Nothing,  // there is none, or it always holds
  Self,     // the scheduler, from constants and the target's properties
  Driver,   // it reads what the run alone can know
};

struct TaskRules {
  WorkRules run;
  std::uint32_t verify = none;  // in Rules::works
  std::uint32_t undo = none;
  plan::When when = plan::When::Success;
  Asks condition = Asks::Nothing;
  bool disabled = false;
  bool ignore_failure = false;
  bool before = false;      // `skip verified`
  bool remembered = false;  // that it began: it may have to be undone
  // The last task that is reached from here, as long as all goes well, with nothing in between that
  // anybody could tell: itself where there is none such.
  std::uint32_t plain_until = 0;
  Follows follows = Follows::More;  // what may follow an attempt of it that ends well
  plan::ServiceEffect effect;

  static constexpr std::uint32_t none = 0xffff'ffff;
};

struct StepRules {
  std::uint32_t lanes = 0;
  std::uint32_t window = 0;
  std::uint32_t tolerate = 0;
  std::uint32_t first_task = 0;  // in Rules::tasks
  std::uint32_t tasks = 0;
  std::uint32_t verify = TaskRules::none;    // the step's own, in Rules::works
  std::uint32_t most_left_behind = 0;        // targets out of reach that do not fail
  std::uint32_t batches = TaskRules::none;   // its place among the steps with batches
  std::uint32_t lockstep = TaskRules::none;  // and among those in lockstep
  std::uint32_t gates = 0;                   // that stand behind it in the table
  base::Duration stagger;                    // at least so long between two begins
  plan::StepId gate_of;                      // it is one
  plan::When when = plan::When::Success;
  plan::OnFailure on_failure = plan::OnFailure::Halt;
  Asks condition = Asks::Nothing;       // of the step as a whole
  Asks lane_condition = Asks::Nothing;  // of each lane
  bool disabled = false;
  bool locks = false;    // its lanes take their targets' locks
  bool limited = false;  // Limits has a say in which of its lanes begin
  bool before = false;   // `skip verified`, with a `verify` of its own
  bool single = false;   // it has no child steps
  bool in_census = false;
  bool remembers = false;       // which tasks began
  bool unneeded_lanes = false;  // the census must know which works were not needed where
  plan::JoinId join;
  const plan::TargetList* targets = nullptr;  // null: the controller

  // More failures than tolerated: no further lane begins.
  bool halts() const { return on_failure != plan::OnFailure::Continue; }
};

struct Rules {
  Rules(const plan::Plan& plan, const StepGraph& graph,
        std::shared_ptr<const LaneDurations> durations);

  base::Duration timeout(const WorkRules& work, std::uint32_t lane) const {
    return work.timeout == WorkRules::by_lane ? lane_rules[work.lane_rules].timeout[lane]
                                              : work.timeout;
  }
  base::Duration first_pause(const WorkRules& work, std::uint32_t lane) const {
    return work.pause == WorkRules::by_lane ? lane_rules[work.lane_rules].pause[lane] : work.pause;
  }

  base::Dense<plan::StepId, StepRules> steps;
  std::vector<TaskRules> tasks;
  std::vector<WorkRules> works;  // of `verify` and `undo`
  // What works use of counted resources, each combination once.
  std::vector<std::vector<plan::Use>> piece_kinds;
  std::vector<LaneRules> lane_rules;  // of those works that have any
  bool any_locks = false;
  bool any_left_behind = false;  // a step leaves targets out of reach behind
  std::uint32_t batched_steps = 0;
  std::uint32_t lockstep_steps = 0;

 private:
  void add_tasks(const plan::Step& step, StepRules& rules);
  void find_plain_tasks(const plan::Step& step, const StepRules& rules);
  Follows follows(const plan::Step& step, const StepRules& rules, std::uint32_t task) const;
  std::uint32_t add_work(const base::Boxed<plan::Work>& work);
  WorkRules rules_of(const plan::Work& work);

  void add_lane_rules(const plan::Work& work, WorkRules& rules);

  std::shared_ptr<const LaneDurations> durations_;                    // lane_rules point into it
  std::map<std::vector<std::uint32_t>, std::uint32_t> known_pieces_;  // resource, pieces, …
};

// A condition that reads its target, or that target's own outputs, is asked for each lane.
bool reads_its_lane(const plan::Expression& condition);

}  // namespace sluice::scheduler
