// Which targets the limits beside a window admit, worked out anew from who is at work and who is
// out of service: windows of groups, `at most`, contracts. A part of Invariants, slow and plain.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::test {

class LimitModel {
 public:
  explicit LimitModel(const plan::Plan& plan) : plan_(plan) {}

  void begin_lane(const scheduler::Action& lane);
  void end_lane(const scheduler::Action& lane);
  void start(const scheduler::Action& action);
  void end_task(const scheduler::Command& command);

  // `undo`: a lane that is taken back with its step.
  bool admits(plan::StepId step, std::uint32_t lane, bool undo = false) const;
  // The contract that no longer holds, though admission was to keep it; empty: none.
  std::string broken() const;

 private:
  using Lane = std::pair<std::uint32_t, std::uint32_t>;  // step, lane
  bool groups_admit(plan::StepId step, std::uint32_t lane) const;
  bool at_most_admits(std::uint32_t target) const;
  struct At {
    std::uint32_t task = 0;  // the next to end
    bool undo = false;
  };
  bool contracts_admit(plan::StepId step, std::uint32_t target, bool undo) const;
  bool may_go_out(plan::StepId step, const At& at) const;
  std::set<std::uint32_t> out() const;
  std::set<std::uint32_t> counted() const;
  std::uint32_t target(const Lane& lane) const;

  const plan::Plan& plan_;
  std::map<Lane, At> live_;  // lanes on targets
  std::set<std::uint32_t> drained_;
  std::map<std::uint32_t, std::uint32_t> interrupted_;
};

}  // namespace sluice::test
