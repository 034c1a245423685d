#include "scheduler/locks.h"

#include "base/check.h"

namespace sluice::scheduler {

Locks::Locks(std::uint32_t targets, bool needed)
    : needed_(needed), held_(needed ? targets : 0), first_(needed ? targets : 0, nobody) {}

bool Locks::held(plan::TargetId target) const {
  return needed_ && held_[target.value];
}

void Locks::take(plan::TargetId target) {
  if (!needed_) return;
  SLUICE_CHECK(!held_[target.value], "a target's lock was taken twice");
  held_[target.value] = true;
}

void Locks::wait(plan::TargetId target, Waiter waiter) {
  std::uint32_t node = free_;
  if (node == nobody) {
    node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({});
  } else {
    free_ = nodes_[node].next;
  }
  nodes_[node] = {waiter, first_[target.value]};
  first_[target.value] = node;
}

void Locks::release(plan::TargetId target, std::vector<Waiter>& waiters) {
  if (!needed_) return;
  SLUICE_CHECK(held_[target.value], "a lock was released that nobody held");
  held_[target.value] = false;
  std::uint32_t node = first_[target.value];
  first_[target.value] = nobody;
  while (node != nobody) {
    waiters.push_back(nodes_[node].waiter);
    const std::uint32_t next = nodes_[node].next;
    nodes_[node].next = free_;
    free_ = node;
    node = next;
  }
}

}  // namespace sluice::scheduler
