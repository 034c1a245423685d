// Which target has a name: an index beside the rows that hold the names, small enough for millions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/targets.h"

namespace sluice::compiler {

// Open addressing over the ids; it keeps no copy of a name. While names come in ascending order, as
// a range gives them, and while nobody asks, there is no index at all.
class TargetNames {
 public:
  explicit TargetNames(const plan::Targets& targets) : targets_(targets) {}

  // Invalid where there is none.
  plan::TargetId find(std::string_view name);
  // The row behind those that were added before; its name is not in the index yet.
  void add(plan::TargetId target);

 private:
  struct Slot {
    std::uint32_t hash = 0;  // its upper half, so that most others are passed without a look
    plan::TargetId target;
  };
  std::size_t place(std::string_view name, std::uint64_t hash) const;
  void catch_up();

  const plan::Targets& targets_;
  std::vector<Slot> slots_;    // empty, or a power of two, at most three quarters full
  std::uint32_t known_ = 0;    // so many of the first rows
  std::uint32_t indexed_ = 0;  // so many of them are in the index
  bool ascending_ = true;      // all that are known
};

}  // namespace sluice::compiler
