// Which step waits for which, as the scheduler asks it, and which steps can never run beside
// another. It knows no lane, no failure and no time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace sluice::scheduler {

class StepGraph {
 public:
  // Joins that go in a circle are our bug: plan/verify.h refuses them.
  explicit StepGraph(const plan::Plan& plan);

  // The steps that a join opens, ascending; never a gate, which its step opens.
  std::span<const plan::StepId> waiting(plan::JoinId join) const { return waiting_[join.value]; }
  // The joins that a step's end brings nearer.
  std::span<const plan::JoinId> joins_with(plan::StepId step) const { return joins_[step.value]; }
  // Every other step has ended before this one begins, or begins after it has ended.
  bool runs_alone(plan::StepId step) const { return alone_[step.value]; }

 private:
  // One row after the other, in one piece of memory.
  template <class T>
  class Rows {
   public:
    // `key(item)` is the row that an item belongs to; within a row the order of `items` is kept.
    template <class Item, class Key, class Make>
    void fill(std::uint32_t rows, const std::vector<Item>& items, Key key, Make make) {
      begins_.assign(rows + std::size_t{1}, 0);
      for (const Item& item : items) ++begins_[key(item) + std::size_t{1}];
      for (std::size_t row = 0; row < rows; ++row) begins_[row + 1] += begins_[row];
      cells_.resize(items.size());
      std::vector<std::uint32_t> at(begins_.begin(), begins_.end() - 1);
      for (const Item& item : items) cells_[at[key(item)]++] = make(item);
    }
    std::span<const T> operator[](std::uint32_t row) const {
      return {cells_.data() + begins_[row], begins_[row + 1] - begins_[row]};
    }

   private:
    std::vector<std::uint32_t> begins_;
    std::vector<T> cells_;
  };

  std::vector<plan::JoinId> opening_order(const plan::Plan& plan) const;
  void find_alone(const plan::Plan& plan);

  Rows<plan::StepId> waiting_;
  Rows<plan::JoinId> joins_;
  std::vector<bool> alone_;
};

}  // namespace sluice::scheduler
