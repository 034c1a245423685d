// On one target one step works at a time: a lock a target, and who waits for it. It knows no order
// of steps: it hands back who waited, and admission decides.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace sluice::scheduler {

class Locks {
 public:
  struct Waiter {
    plan::StepId step;
    std::uint32_t lane = 0;
  };

  // Where no two steps can be at work at the same time nothing can be contended: `needed` is false,
  // and no memory is spent on it.
  Locks(std::uint32_t targets, bool needed);

  bool held(plan::TargetId target) const;
  void take(plan::TargetId target);
  void wait(plan::TargetId target, Waiter waiter);
  // Frees the lock and moves all who waited for it to the end of `waiters`.
  void release(plan::TargetId target, std::vector<Waiter>& waiters);

 private:
  static constexpr std::uint32_t nobody = 0xffff'ffff;
  struct Node {
    Waiter waiter;
    std::uint32_t next;
  };

  bool needed_;
  std::vector<bool> held_;
  std::vector<std::uint32_t> first_;  // by target: a node, or nobody
  std::vector<Node> nodes_;
  std::uint32_t free_ = nobody;
};

}  // namespace sluice::scheduler
