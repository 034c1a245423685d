// Targets without their order: intervals of ids, ascending and apart. So sets of a million targets
// that were declared together are added and cut in a step.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/targets.h"

namespace sluice::plan {

class TargetSet {
 public:
  TargetSet() = default;
  explicit TargetSet(const TargetList& list) { add(list); }

  void add(const TargetList& list);
  std::uint32_t size() const;
  std::uint32_t size_with(const TargetSet& other) const;  // of what both have
  TargetSet with(const TargetSet& other) const;           // what both have

 private:
  struct Interval {
    std::uint32_t first;
    std::uint32_t end;
  };
  std::vector<Interval> intervals_;
};

}  // namespace sluice::plan
