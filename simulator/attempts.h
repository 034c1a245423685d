// How long an attempt takes and how it ends: the plan's `takes`, `fails` and `offline`, and what
// was asked for (--fail, --slow, --unreachable), made ready for quick draws. Each draw is a pure
// function of seed, run and the names of what is attempted, so one prepared object serves all runs
// and all threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/lane_durations.h"
#include "scheduler/scheduler.h"
#include "simulator/distribution.h"
#include "simulator/drawn.h"
#include "simulator/quantile_table.h"
#include "simulator/settings.h"

namespace sluice::simulator {

struct Attempt {
  base::Duration takes;
  scheduler::Outcome outcome = scheduler::Outcome::Succeeded;
  bool operator==(const Attempt&) const = default;
};

// The work that an action carries out: a task's own, its `verify` or its `undo`, or the `verify` of
// a step with child steps.
const plan::Work& work_of(const plan::Plan& plan, const scheduler::Action& action);

// Neither on the controller nor on a host of `via`.
bool is_carried_out_on_target(const plan::Step& step, const plan::Work& work);

// It uses some of a rate: the simulator works out how long that takes.
bool moves_something(const plan::Plan& plan, const plan::Work& work);

class Attempts {
 public:
  // Plan and settings must outlive it. `runs`: how many will be drawn, which decides what is worth
  // its preparation and changes no number.
  Attempts(const plan::Plan& plan, const Settings& settings, std::uint32_t runs = 1);

  // Fails where a target lacks what its duration is worked out from. A `via` with several hosts
  // takes the longest of their draws, and fails or not as a whole.
  base::Result<Attempt> draw(const scheduler::Action& action, std::uint32_t run) const;

  // Of an attempt that is under way and lasts longer than `elapsed`: the one that draw() gives
  // where that does, else one of those that would. It takes `elapsed` where none would: it is
  // overdue.
  base::Result<Attempt> draw_rest(const scheduler::Action& action, std::uint32_t run,
                                  base::Duration elapsed) const;

  // No attempt lasts longer than that.
  bool is_overdue(const scheduler::Action& action, base::Duration elapsed) const;

  // What a lane takes where each of its tasks takes its median; a task of which that cannot be told
  // counts for nothing.
  base::Duration median(plan::StepId step, std::uint32_t lane) const;

  // Between what 19 of 20 attempts of a task take; nothing where that cannot be told, or where it
  // lasts as long as its transfer.
  std::optional<std::pair<base::Duration, base::Duration>> range(plan::StepId step,
                                                                 std::uint32_t lane,
                                                                 std::uint32_t task) const;

  // The first attempts of lanes' tasks, drawn together in less time: the same ones as draw() gives.
  // Of steps whose durations hang on properties at most and of which nothing is asked.
  static constexpr std::uint32_t block = DrawnLane::block;
  bool draws_lanes(plan::StepId step) const { return lanes_[step.value].targets != nullptr; }
  // Of the tasks from `first` on, as many as there are, but no more than `block`; of so many lanes
  // one after the other, from `lane` on.
  void draw_lanes(plan::StepId step, std::uint32_t lane, std::uint32_t first, std::uint32_t run,
                  std::span<DrawnLane> drawn) const;
  // How many lanes are best drawn at once, and how many there are.
  std::uint32_t lanes_at_once(plan::StepId step) const { return lanes_[step.value].at_once; }
  std::uint32_t lanes(plan::StepId step) const { return lanes_[step.value].targets->size(); }
  std::uint32_t tasks(plan::StepId step) const { return lanes_[step.value].tasks; }
  // How long an attempt of this task may take, on this lane, before it is timed out.
  base::Duration timeout(plan::StepId step, std::uint32_t lane, std::uint32_t task) const {
    const LaneRow& row = lanes_[step.value];
    const std::uint32_t at = row.first + task;
    const base::Duration* const by_lane = row.times_out_by_lane ? lane_timeouts_[at] : nullptr;
    return by_lane == nullptr ? timeouts_[at] : by_lane[lane];
  }
  // For the schedulers of all runs.
  const std::shared_ptr<const scheduler::LaneDurations>& lane_durations() const {
    return lane_durations_;
  }

 private:
  // One work of the plan.
  struct Model {
    const plan::Work* work = nullptr;
    std::string_view name;           // of the step or child step, for messages
    bool known = false;              // the same distribution for every target
    bool by_properties = false;      // the same for all targets that share their properties
    bool asked = false;              // --fail or --slow speak of it
    bool on_target = false;          // carried out on the target that it is for
    std::uint64_t identity = 0;      // of the names of step and task, and of the part
    Distribution distribution;       // where known
    std::vector<Distribution> rows;  // by PropertySetId, where by_properties
    std::vector<bool> worked_out;    // of rows
  };

  static constexpr std::uint32_t no_target = 0xffff'ffff;

  // What draw_lanes() needs of a step: small rows of numbers, one after the other.
  struct LaneRow {
    const plan::TargetList* targets = nullptr;  // null: its lanes are not drawn together
    std::uint32_t first = 0;                    // in quick_
    std::uint32_t tasks = 0;
    std::uint32_t at_once = 1;
    std::uint32_t first_target = no_target;  // where they are a single run of them
    bool random = false;
    bool fails = false;
    bool times_out = false;
    bool times_out_by_lane = false;
    bool by_properties = false;
    std::vector<std::uint64_t> identities;  // of what is drawn for, task by task; empty: not kept
  };
  struct Quick {
    std::uint64_t identity = 0;
    Distribution distribution;
    const std::vector<Distribution>* rows = nullptr;  // by PropertySetId; null: `distribution`
    std::uint32_t table = 0xffff'ffff;                // of its quantiles, where it has one
    double fails = 0;                                 // of 100e6
  };

  static constexpr std::uint32_t draws_at_once = 64;

  void add_lanes(const plan::Step& step, std::uint32_t first_work);
  void draw_some(const LaneRow& row, std::uint32_t lane, std::uint32_t first, std::uint32_t run,
                 std::span<DrawnLane> drawn) const;
  void find_simple(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                   std::span<DrawnLane> drawn) const;
  bool ends_in_time(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                    const DrawnLane& drawn) const;
  bool is_quick(const Model& model, const plan::Step& step) const;
  const Distribution& quick_distribution(const Quick& quick, plan::TargetId target) const {
    return quick.rows == nullptr ? quick.distribution
                                 : (*quick.rows)[plan_.targets.properties(target).value];
  }
  void keep_identities();
  void find_identities(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                       std::uint32_t lanes, std::span<std::uint64_t> found) const;
  static plan::TargetId target_of(const LaneRow& row, std::uint32_t lane) {
    return row.first_target == no_target ? row.targets->at(lane)
                                         : plan::TargetId{row.first_target + lane};
  }
  void make_tables(std::uint32_t runs);
  void fix_step(plan::StepId step);
  void add_model(const plan::Work& work, std::string_view name, std::uint64_t identity,
                 const plan::Step& step);
  void prepare_rows(Model& model);
  const Model& model_of(const scheduler::Action& action) const;
  std::uint64_t identity_of(const Model& model, const scheduler::Action& action,
                            plan::TargetId target) const;
  base::Result<Distribution> distribution(const Model& model,
                                          const scheduler::Action& action) const;
  base::Duration slowed(const Model& model, const scheduler::Action& action,
                        base::Duration duration) const;
  base::Duration unslowed(const Model& model, const scheduler::Action& action,
                          base::Duration elapsed) const;
  base::Result<Distribution> distribution(const Model& model, plan::TargetId target) const;
  base::Duration duration(const Model& model, const Distribution& distribution,
                          std::uint64_t identity, std::uint32_t attempt, std::uint32_t run) const;
  scheduler::Outcome outcome(const Model& model, const scheduler::Action& action,
                             plan::TargetId target, std::uint64_t identity, std::uint32_t run,
                             std::uint64_t bits) const;

  const plan::Plan& plan_;
  const Settings& settings_;
  std::vector<std::uint32_t> first_;  // by step: where its works begin in works_
  // By step and task, three a task (run, verify, undo), and the step's own verify behind them: the
  // place in models_, or `none`.
  std::vector<std::uint32_t> works_;
  std::vector<Model> models_;
  std::vector<bool> unreachable_;  // by target; empty: none
  std::vector<LaneRow> lanes_;     // by step
  std::vector<Quick> quick_;
  std::vector<base::Duration> timeouts_;              // as quick_
  std::vector<const base::Duration*> lane_timeouts_;  // as quick_; null: the same for all lanes
  std::shared_ptr<const scheduler::LaneDurations> lane_durations_;
  std::vector<QuantileTable> tables_;
};

}  // namespace sluice::simulator
