// On one target one step works at a time: a lock a target, and who waits for it. It knows no order
// of steps: it hands back who waited, and admission decides.
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "plan/plan.h"

namespace sluice::scheduler {

class Locks {
 public:
  // Where no step needs one, no memory is spent: then `targets` is 0 and nothing is ever taken.
  explicit Locks(std::uint32_t targets) : locks_(targets, free_lock) {}

  bool is_free(plan::TargetId target) const { return locks_[target.value] == free_lock; }
  // False: it is held.
  bool take(plan::TargetId target) {
    std::uint32_t& lock = locks_[target.value];
    if (lock != free_lock) return false;
    lock = held;
    return true;
  }

  void wait(plan::TargetId target, plan::StepId step, std::uint32_t lane) {
    std::uint32_t& lock = locks_[target.value];
    SLUICE_CHECK(lock != free_lock, "a lane waits for a target that is free");
    std::uint32_t waiter = unused_;
    if (waiter == held) {
      waiter = static_cast<std::uint32_t>(waiters_.size());
      waiters_.emplace_back();
    } else {
      unused_ = waiters_[waiter].next;
    }
    waiters_[waiter] = {step, lane, lock};
    lock = waiter;
  }

  // Hands every lane that waited to `back(step, lane)`, in no order that means anything.
  template <class Back>
  void release(plan::TargetId target, Back back) {
    std::uint32_t& lock = locks_[target.value];
    SLUICE_CHECK(lock != free_lock, "a lock was given back that nobody held");
    while (lock != held) {
      Waiter& waiter = waiters_[lock];
      const std::uint32_t place = lock;
      lock = waiter.next;
      waiter.next = unused_;
      unused_ = place;
      back(waiter.step, waiter.lane);
    }
    lock = free_lock;
  }

 private:
  // A lock is free, held, or held and the place of the last lane that began to wait for it.
  static constexpr std::uint32_t free_lock = 0xffff'ffff;
  static constexpr std::uint32_t held = 0xffff'fffe;
  struct Waiter {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::uint32_t next = held;  // `held` closes a list
  };

  std::vector<std::uint32_t> locks_;
  std::vector<Waiter> waiters_;
  std::uint32_t unused_ = held;  // first of the places to use again
};

}  // namespace sluice::scheduler
