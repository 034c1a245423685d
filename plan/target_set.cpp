#include "plan/target_set.h"

#include <algorithm>
#include <numeric>

namespace sluice::plan {

void TargetSet::add(const TargetList& list) {
  for (const TargetList::Run& run : list.runs()) {
    intervals_.push_back({run.first, run.first + run.count});
  }
  const auto before = [](Interval a, Interval b) { return a.first < b.first; };
  std::sort(intervals_.begin(), intervals_.end(), before);
  std::size_t kept = 0;
  for (const Interval& interval : intervals_) {
    if (kept > 0 && interval.first <= intervals_[kept - 1].end) {
      intervals_[kept - 1].end = std::max(intervals_[kept - 1].end, interval.end);
    } else {
      intervals_[kept++] = interval;
    }
  }
  intervals_.resize(kept);
}

std::uint32_t TargetSet::size() const {
  return std::accumulate(
      intervals_.begin(), intervals_.end(), 0U,
      [](std::uint32_t sum, Interval each) { return sum + (each.end - each.first); });
}

TargetSet TargetSet::with(const TargetSet& other) const {
  TargetSet both;
  auto mine = intervals_.begin();
  auto theirs = other.intervals_.begin();
  while (mine != intervals_.end() && theirs != other.intervals_.end()) {
    const std::uint32_t first = std::max(mine->first, theirs->first);
    const std::uint32_t end = std::min(mine->end, theirs->end);
    if (first < end) both.intervals_.push_back({first, end});
    mine->end < theirs->end ? ++mine : ++theirs;
  }
  return both;
}

std::uint32_t TargetSet::size_with(const TargetSet& other) const {
  return with(other).size();
}

}  // namespace sluice::plan
