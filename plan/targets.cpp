#include "plan/targets.h"

#include <algorithm>

#include "base/random.h"

namespace sluice::plan {

bool ascends(std::string_view before, std::string_view after) {
  if (before.size() != after.size()) return before.size() < after.size();
  return before < after;
}

TargetId Targets::add(std::string_view name, PropertySetId properties, ConnectionId connection) {
  rows_.push_back({names_.size(), properties, connection});
  names_.append(name);
  return TargetId{static_cast<std::uint32_t>(rows_.size() - 1)};
}

std::string_view Targets::name(TargetId target) const {
  SLUICE_CHECK(target.value < rows_.size(), "a target is out of range");
  const std::uint64_t begin = rows_[target.value].name_begin;
  const std::uint64_t end =
      target.value + 1 < rows_.size() ? rows_[target.value + 1].name_begin : names_.size();
  return std::string_view(names_).substr(begin, end - begin);
}

bool Targets::names_are_unique() const {
  std::uint32_t ascending = 1;
  while (ascending < size() && ascends(name(TargetId{ascending - 1}), name(TargetId{ascending}))) {
    ++ascending;
  }
  if (ascending >= size()) return true;
  std::size_t places = 64;
  while (places < std::size_t{size()} * 2) places *= 2;
  std::vector<TargetId> index(places);
  for (std::uint32_t target = 0; target < size(); ++target) {
    std::size_t at = base::stable_hash(name(TargetId{target})) & (places - 1);
    while (index[at].valid()) {
      if (name(index[at]) == name(TargetId{target})) return false;
      at = (at + 1) & (places - 1);
    }
    index[at] = TargetId{target};
  }
  return true;
}

PropertySetId Targets::properties(TargetId target) const {
  SLUICE_CHECK(target.value < rows_.size(), "a target is out of range");
  return rows_[target.value].properties;
}

ConnectionId Targets::connection(TargetId target) const {
  SLUICE_CHECK(target.value < rows_.size(), "a target is out of range");
  return rows_[target.value].connection;
}

void Targets::set_properties(TargetId target, PropertySetId properties) {
  SLUICE_CHECK(target.value < rows_.size(), "a target is out of range");
  rows_[target.value].properties = properties;
}

void Targets::set_connection(TargetId target, ConnectionId connection) {
  SLUICE_CHECK(target.value < rows_.size(), "a target is out of range");
  rows_[target.value].connection = connection;
}

void Targets::reserve(std::size_t targets, std::size_t name_bytes) {
  rows_.reserve(targets);
  names_.reserve(name_bytes);
}

void TargetList::add(TargetId first, std::uint32_t count) {
  SLUICE_CHECK(first.valid(), "a list takes targets only");
  if (count == 0) return;
  if (!runs_.empty() && runs_.back().first + runs_.back().count == first.value) {
    runs_.back().count += count;
  } else {
    runs_.push_back({first.value, count, size_});
  }
  size_ += count;
}

TargetId TargetList::at(std::uint32_t index) const {
  SLUICE_CHECK(index < size_, "an index into a list of targets is out of range");
  if (runs_.size() == 1) return TargetId{runs_[0].first + index};
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), index,
                       [](std::uint32_t wanted, const Run& run) { return wanted < run.position; });
  const Run& run = *std::prev(after);
  return TargetId{run.first + (index - run.position)};
}

}  // namespace sluice::plan
