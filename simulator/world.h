// What a simulated run finds: what its scripts wrote (`gives`), whether a `verify` finds the work
// in place, and what people answer. The simulator has one, and so has the runtime in virtual time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/lane_bits.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"

namespace sluice::simulator {

class World {
 public:
  // The plan must outlive it.
  explicit World(const plan::Plan& plan);

  // False: no `verify`, condition, output or question is in the plan, and nothing below is needed.
  bool needed() const { return needed_; }

  // What the scheduler said, before it is carried out.
  void observe(const scheduler::Commands& commands);
  // How an attempt ends that would end so by itself: a `verify` fails where the work is not in
  // place.
  scheduler::Outcome outcome(const scheduler::Action& action, scheduler::Outcome drawn) const;
  // What an attempt of this action writes, by `gives`; nothing where nobody reads it.
  std::vector<scheduler::Output> outputs(const scheduler::Action& action) const;
  void keep(const scheduler::Action& action) { outputs_.keep(action, outputs(action)); }
  // The same of what it really wrote.
  void keep(const scheduler::Action& action, std::vector<scheduler::Output> written) {
    outputs_.keep(action, std::move(written));
  }
  // Whether a condition holds: true where it reads an output that nothing gives or has written.
  scheduler::Truth truth(const scheduler::Action& asked, scheduler::State status) const;

  // A failed target that somebody is asked about is excluded, and at once.
  static constexpr scheduler::Answer answer = scheduler::Answer::Exclude;

 private:
  void end_task(const scheduler::Command& command);
  void end_lane(const scheduler::Command& command);
  void set(plan::StepId step, std::uint32_t lane, std::uint32_t task, bool in_place);

  const plan::Plan& plan_;
  scheduler::Outputs outputs_;
  // By step with a `verify`, a bit for each task and one for the step's own.
  std::vector<scheduler::LaneBits> in_place_;
  bool needed_ = false;
};

// What a World assumes of this plan, in words.
std::vector<std::string> world_assumptions(const plan::Plan& plan);

}  // namespace sluice::simulator
