// How long an attempt takes: the durations of a plan made ready for quick draws.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::simulator {

class Durations {
 public:
  // The plan must outlive it.
  Durations(const plan::Plan& plan, std::uint64_t seed, std::uint32_t run);

  // Fails where a target lacks what the duration is worked out from. A `via` with several hosts
  // takes the longest of their draws.
  base::Result<base::Duration> of(const scheduler::Action& action) const;

 private:
  struct Model {
    const plan::Task* task = nullptr;
    bool known = false;  // the same bounds for every target
    base::Duration low;
    base::Duration high;
    std::uint64_t identity = 0;  // hash of the names of step and task
  };

  base::Result<Model> bounds(const Model& model, plan::TargetId target) const;
  base::Duration draw(const Model& model, const scheduler::Action& action,
                      plan::TargetId target) const;

  const plan::Plan& plan_;
  std::uint64_t seed_;
  std::uint32_t run_;
  std::vector<std::size_t> first_;  // by step: its first model
  std::vector<Model> models_;
};

}  // namespace sluice::simulator
