// How long an attempt takes and how it ends: the plan's `takes`, `fails` and `offline`, and what
// was asked for (--fail, --slow, --unreachable), made ready for quick draws. Each draw is a pure
// function of seed, run and the names of what is attempted, so one prepared object serves all runs
// and all threads at once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "simulator/distribution.h"
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

// It uses some of a rate: the simulator works out how long that takes.
bool moves_something(const plan::Plan& plan, const plan::Work& work);

class Attempts {
 public:
  // Plan and settings must outlive it.
  Attempts(const plan::Plan& plan, const Settings& settings);

  // Fails where a target lacks what its duration is worked out from. A `via` with several hosts
  // takes the longest of their draws, and fails or not as a whole.
  base::Result<Attempt> draw(const scheduler::Action& action, std::uint32_t run) const;

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

  void add_model(const plan::Work& work, std::string_view name, std::uint64_t identity,
                 const plan::Step& step);
  void prepare_rows(Model& model);
  const Model& model_of(const scheduler::Action& action) const;
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
};

}  // namespace sluice::simulator
