// Which target has a name: an index beside the rows that hold the names, small enough for millions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/targets.h"

namespace sluice::compiler {

// Open addressing over the ids; it keeps no copy of a name.
class TargetNames {
 public:
  explicit TargetNames(const plan::Targets& targets) : targets_(targets), slots_(64) {}

  // For so many targets in all.
  void reserve(std::size_t targets);
  // Invalid where there is none.
  plan::TargetId find(std::string_view name) const;
  // The target has been added to the rows, and its name is not in the index yet.
  void add(plan::TargetId target);

 private:
  std::size_t place(std::string_view name) const;
  void rebuild(std::size_t slots);

  const plan::Targets& targets_;
  std::vector<plan::TargetId> slots_;  // a power of two, at most half full
  std::size_t used_ = 0;
};

}  // namespace sluice::compiler
