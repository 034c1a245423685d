#include "plan/targets.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "base/quick_hash.h"

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

// Hashes of all names are sorted in parts that fit the cache; an index of ten million names would
// miss it with each of them. Where two hashes are the same, the names are compared.
bool Targets::names_are_unique() const {
  std::uint32_t ascending = 1;
  while (ascending < size() && ascends(name(TargetId{ascending - 1}), name(TargetId{ascending}))) {
    ++ascending;
  }
  if (ascending >= size()) return true;
  constexpr std::uint32_t parts = 4096;
  const auto part_of = [](std::uint64_t hash) { return hash >> 52U; };
  std::vector<std::uint64_t> hashes(size());
  std::vector<std::uint32_t> ends(parts + 1);
  for (std::uint32_t target = 0; target < size(); ++target) {
    hashes[target] = base::quick_hash(name(TargetId{target}));
    ++ends[part_of(hashes[target])];
  }
  std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), 0U);
  std::vector<std::uint64_t> sorted(size());
  for (const std::uint64_t hash : hashes) sorted[ends[part_of(hash)]++] = hash;
  std::unordered_set<std::uint64_t> twice;
  for (std::uint32_t part = 0, begin = 0; part < parts; begin = ends[part++]) {
    std::sort(sorted.begin() + begin, sorted.begin() + ends[part]);
    for (std::uint32_t i = begin + 1; i < ends[part]; ++i) {
      if (sorted[i] == sorted[i - 1]) twice.insert(sorted[i]);
    }
  }
  if (twice.empty()) return true;
  std::unordered_set<std::string_view> seen;
  for (std::uint32_t target = 0; target < size(); ++target) {
    if (twice.count(hashes[target]) == 0) continue;
    if (!seen.insert(name(TargetId{target})).second) return false;
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
  // Never by little: who asks often must not have all of it moved each time.
  if (targets > rows_.capacity()) rows_.reserve(std::max(targets, rows_.capacity() * 2));
  if (name_bytes > names_.capacity()) names_.reserve(name_bytes);
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
