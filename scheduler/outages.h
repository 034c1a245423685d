// Which targets count as out of service for the contracts that admission keeps: those that are out,
// and those that a lane at work may still take out. It knows no contract and no lane.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace sluice::scheduler {

// A target is out while it is drained or something that interrupts it runs (docs/LANGUAGE.md).
class Outages {
 public:
  // No memory where no contract is kept.
  void resize(std::uint32_t targets) { rows_.resize(targets); }

  bool counts(plan::TargetId target) const { return rows_[target.value].counts(); }
  std::uint32_t counted() const { return counted_; }  // targets

  // Each returns whether the target began to count, or no longer does.
  bool reserve(plan::TargetId target) {
    return change(target, [](Row& row) { ++row.reserved; });
  }
  bool give_up(plan::TargetId target) {
    return change(target, [](Row& row) { --row.reserved; });
  }
  bool drain(plan::TargetId target) {
    return change(target, [](Row& row) { row.drained = true; });
  }
  bool restore(plan::TargetId target) {
    return change(target, [](Row& row) { row.drained = false; });
  }
  bool begin_interruption(plan::TargetId target) {
    return change(target, [](Row& row) { ++row.interruptions; });
  }
  // `well`: it succeeded; else the target stays out until something restores it.
  bool end_interruption(plan::TargetId target, bool well) {
    return change(target, [well](Row& row) {
      --row.interruptions;
      row.drained = row.drained || !well;
    });
  }

  // Whether it counts when a work of this effect has ended well on it, and it is given up so often.
  bool counts_after(plan::TargetId target, const plan::ServiceEffect& effect,
                    std::uint16_t given_up) const {
    Row row = rows_[target.value];
    row.drained = row.drained && !effect.restores;
    if (effect.interrupts) --row.interruptions;
    row.reserved = static_cast<std::uint16_t>(row.reserved - given_up);
    return row.counts();
  }

 private:
  struct Row {
    std::uint16_t reserved = 0;  // by lanes at work
    std::uint16_t interruptions = 0;
    bool drained = false;
    bool counts() const { return drained || interruptions > 0 || reserved > 0; }
  };

  template <class Change>
  bool change(plan::TargetId target, Change how) {
    Row& row = rows_[target.value];
    const bool before = row.counts();
    how(row);
    const bool after = row.counts();
    if (after && !before) ++counted_;
    if (before && !after) --counted_;
    return before != after;
  }

  std::vector<Row> rows_;
  std::uint32_t counted_ = 0;
};

}  // namespace sluice::scheduler
