// Which target has a name: an index beside the rows that hold the names, small enough for millions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/targets.h"

namespace sluice::compiler {

// Open addressing over the ids; it keeps no copy of a name. While names come in ascending order, as
// a range gives them, there is no index at all.
class TargetNames {
 public:
  explicit TargetNames(const plan::Targets& targets) : targets_(targets) {}

  // Invalid where there is none.
  plan::TargetId find(std::string_view name);
  // The row behind those that were added before; its name is not in the index yet.
  void add(plan::TargetId target);

 private:
  std::size_t place(std::string_view name) const;
  void rebuild();

  const plan::Targets& targets_;
  std::vector<plan::TargetId> slots_;  // empty, or a power of two, at most half full
  std::uint32_t known_ = 0;            // so many of the first rows
};

}  // namespace sluice::compiler
