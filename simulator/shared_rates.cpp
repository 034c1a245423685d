#include "simulator/shared_rates.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::simulator {

namespace {

constexpr unsigned fraction_bits = 40;
constexpr unsigned weight_bits = 32;
constexpr unsigned near_enough_bits = 30;  // 2^-10 bit

}  // namespace

SharedRates::SharedRates(const plan::Plan& plan) : capacities_(plan.resources.size()) {
  for (const plan::ResourceId id : plan.resources.ids()) {
    const plan::Resource& resource = plan.resources[id];
    if (resource.kind != plan::Resource::Kind::Rate) continue;
    const auto bits = static_cast<Wide>(std::max<std::int64_t>(resource.rate.bits_per_second, 1));
    capacities_[id.value] = std::max<Wide>((bits << fraction_bits) / 1000, 1);
  }
  left_.resize(capacities_.size());
}

SharedRates::Kind SharedRates::kind_of(const plan::Work& work) {
  Row row;
  std::int64_t largest = 0;
  for (const plan::Use& use : work.uses) {
    if (capacities_[use.resource.value] > 0) largest = std::max(largest, use.size.bytes);
  }
  if (largest == 0) return none;
  row.size = static_cast<Wide>(largest) * 8 << fraction_bits;
  for (const plan::Use& use : work.uses) {
    if (capacities_[use.resource.value] == 0 || use.size.bytes == 0) continue;
    const Wide weight =
        (static_cast<Wide>(use.size.bytes) << weight_bits) / static_cast<Wide>(largest);
    row.shares.push_back({use.resource, std::max<Wide>(weight, 1)});
  }
  rows_.push_back(std::move(row));
  return static_cast<Kind>(rows_.size() - 1);
}

void SharedRates::start(base::Instant now, Kind kind, std::uint32_t transfer) {
  advance(now);
  Row& row = rows_[kind];
  if (row.waiting.empty()) row.moved = 0;
  row.waiting.push_back({row.moved + row.size, transfer, false});
  ++row.count;
  share_out();
}

bool SharedRates::cancel(base::Instant now, std::uint32_t transfer) {
  advance(now);
  for (Row& row : rows_) {
    for (Transfer& candidate : row.waiting) {
      if (candidate.name != transfer || candidate.cancelled) continue;
      candidate.cancelled = true;
      --row.count;
      while (!row.waiting.empty() && row.waiting.front().cancelled) row.waiting.pop_front();
      share_out();
      return true;
    }
  }
  return false;
}

void SharedRates::take_ended(base::Instant now, std::vector<std::uint32_t>& ended) {
  if (now < next_) return;
  advance(now);
  for (Row& row : rows_) {
    const Wide reached = row.moved + (Wide{1} << near_enough_bits);
    while (!row.waiting.empty() &&
           (row.waiting.front().cancelled || row.waiting.front().end <= reached)) {
      if (!row.waiting.front().cancelled) {
        ended.push_back(row.waiting.front().name);
        --row.count;
      }
      row.waiting.pop_front();
    }
  }
  share_out();
}

std::int64_t SharedRates::bits_per_second(Kind kind) const {
  return static_cast<std::int64_t>((rows_[kind].per_ms * 1000) >> fraction_bits);
}

void SharedRates::advance(base::Instant now) {
  SLUICE_CHECK(now >= now_, "time went back");
  const auto passed = static_cast<Wide>(now.ms - now_.ms);
  now_ = now;
  if (passed == 0) return;
  for (Row& row : rows_) row.moved += row.per_ms * passed;
}

// Progressive filling (Bertsekas, Gallager, "Data Networks", 6.5.2): of all rates the one that is
// used up first, when all transfers grow alike, settles those that go through it; again with what
// is left, until all are settled.
void SharedRates::share_out() {
  left_ = capacities_;
  for (Row& row : rows_) {
    row.settled = row.count == 0;
    if (row.settled) row.per_ms = 0;
  }
  for (;;) {
    Wide lowest = 0;
    plan::ResourceId scarce;
    for (std::uint32_t id = 0; id < left_.size(); ++id) {
      const Wide level = level_of(plan::ResourceId{id});
      if (level == 0 || (scarce.valid() && level >= lowest)) continue;
      lowest = level;
      scarce = plan::ResourceId{id};
    }
    if (!scarce.valid()) break;
    for (Row& row : rows_) {
      const bool through = std::any_of(row.shares.begin(), row.shares.end(),
                                       [&](const Share& s) { return s.resource == scarce; });
      if (through && !row.settled) settle(row, lowest);
    }
  }
  find_next();
}

// How far the unsettled transfers through the rate can grow; 0 where there are none, and at least 1
// where there are, so that everything ends.
SharedRates::Wide SharedRates::level_of(plan::ResourceId resource) const {
  Wide weight = 0;
  for (const Row& row : rows_) {
    if (row.settled) continue;
    for (const Share& share : row.shares) {
      if (share.resource == resource) weight += share.weight * row.count;
    }
  }
  if (weight == 0) return 0;
  return std::max<Wide>((left_[resource.value] << weight_bits) / weight, 1);
}

void SharedRates::settle(Row& row, Wide level) {
  row.settled = true;
  row.per_ms = level;
  for (const Share& share : row.shares) {
    const Wide used = (level * share.weight * row.count) >> weight_bits;
    Wide& left = left_[share.resource.value];
    left = used < left ? left - used : 0;
  }
}

void SharedRates::find_next() {
  next_ = base::Instant::never();
  for (const Row& row : rows_) {
    if (row.count == 0) continue;
    const Wide reached = row.moved + (Wide{1} << near_enough_bits);
    const Wide end = row.waiting.front().end;
    const Wide wait = end <= reached ? 0 : (end - reached + row.per_ms - 1) / row.per_ms;
    next_ = std::min(next_, now_ + base::Duration{static_cast<std::int64_t>(wait)});
  }
}

}  // namespace sluice::simulator
