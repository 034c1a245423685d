// When the actions under way end: one place for each of the scheduler's slots, so it is as wide as
// the window and not as the plan. It knows no action and no event.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"

namespace sluice::simulator {

// A tournament: the leaves are slots, each node is the sooner of the two below it, the root is the
// soonest of all. A change costs one comparison a level, and none of them waits for what it has to
// compare with. Time and slot stand in one number, the time above; nothing is allocated but when a
// slot is used that is beyond all before it.
template <class Key>
class Tournament {
 public:
  static constexpr Key idle = ~Key{0};

  // Whether the time has room beside so many slots.
  static bool holds(base::Instant at, std::uint32_t slots) {
    constexpr int digits = static_cast<int>(sizeof(Key) * 8) - 1;
    const int shift = shift_for(slots);
    return digits - shift >= 63 || at.ms < (std::int64_t{1} << (digits - shift));
  }

  void resize(std::uint32_t slots) {
    const int before = shift_;
    const std::vector<Key> old = std::exchange(nodes_, {});
    shift_ = shift_for(slots);
    const std::size_t leaves = std::size_t{1} << shift_;
    nodes_.assign(leaves * 2, idle);
    for (std::size_t slot = 0; !old.empty() && slot < old.size() / 2; ++slot) {
      const Key key = old[old.size() / 2 + slot];
      if (key != idle) nodes_[leaves + slot] = key_of((key >> before), slot);
    }
    for (std::size_t node = leaves - 1; node > 0; --node) {
      nodes_[node] = std::min(nodes_[node * 2], nodes_[node * 2 + 1]);
    }
  }
  std::size_t slots() const { return nodes_.size() / 2; }

  void set(std::uint32_t slot, base::Instant at) {
    update(slot, key_of(static_cast<Key>(at.ms), slot));
  }
  void clear(std::uint32_t slot) { update(slot, idle); }

  bool empty() const { return nodes_[1] == idle; }
  base::Instant next() const { return {static_cast<std::int64_t>(nodes_[1] >> shift_)}; }
  std::uint32_t next_slot() const {
    return static_cast<std::uint32_t>(nodes_[1] & ((Key{1} << shift_) - 1));
  }
  // Of each slot in turn: its time, where it has one.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t slot = 0; slot < slots(); ++slot) {
      const Key key = nodes_[slots() + slot];
      if (key != idle) {
        visit(static_cast<std::uint32_t>(slot),
              base::Instant{static_cast<std::int64_t>(key >> shift_)});
      }
    }
  }

 private:
  static int shift_for(std::uint32_t slots) {
    return std::max(1, static_cast<int>(std::bit_width(std::max(slots, 2U) - 1)));
  }
  Key key_of(Key at, std::size_t slot) const { return (at << shift_) | static_cast<Key>(slot); }

  void update(std::uint32_t slot, Key key) {
    Key* const nodes = nodes_.data();
    std::size_t node = nodes_.size() / 2 + slot;
    nodes[node] = key;
    while (node > 1) {
      key = std::min(key, nodes[node ^ 1U]);
      node /= 2;
      nodes[node] = key;
    }
  }

  int shift_ = 1;           // 2^shift_ leaves
  std::vector<Key> nodes_;  // from 1; the leaves stand behind the inner ones
};

class Ends {
 public:
  Ends() { narrow_.resize(2); }

  // The slot's action ends then; it may have one already, which is forgotten.
  void set(std::uint32_t slot, base::Instant at) {
    if (slot >= slots_) grow(slot + 1);
    if (!is_wide_ && !Narrow::holds(at, slots_)) widen();
    is_wide_ ? wide_.set(slot, at) : narrow_.set(slot, at);
  }
  // The slot has no action that would end.
  void clear(std::uint32_t slot) {
    if (slot < slots_) is_wide_ ? wide_.clear(slot) : narrow_.clear(slot);
  }

  // never(): none is under way.
  base::Instant next() const {
    if (is_wide_) return wide_.empty() ? base::Instant::never() : wide_.next();
    return narrow_.empty() ? base::Instant::never() : narrow_.next();
  }
  // The slot whose action ends next; the lowest of those that end together.
  std::uint32_t next_slot() const { return is_wide_ ? wide_.next_slot() : narrow_.next_slot(); }
  // Takes it out.
  std::uint32_t take() {
    const std::uint32_t slot = next_slot();
    clear(slot);
    return slot;
  }

 private:
  using Narrow = Tournament<std::uint64_t>;
  __extension__ using Wide = Tournament<unsigned __int128>;

  void grow(std::uint32_t slots) {
    slots_ = std::bit_ceil(slots);
    if (is_wide_) return wide_.resize(slots_);
    bool fits = true;
    narrow_.for_each(
        [&](std::uint32_t, base::Instant at) { fits = fits && Narrow::holds(at, slots_); });
    if (!fits) return widen();
    narrow_.resize(slots_);
  }

  // Times so far away, or slots so many, that both do not stand in one word any more.
  void widen() {
    is_wide_ = true;
    wide_.resize(slots_);
    narrow_.for_each([&](std::uint32_t slot, base::Instant at) { wide_.set(slot, at); });
    narrow_ = {};
  }

  std::uint32_t slots_ = 2;
  bool is_wide_ = false;
  Narrow narrow_;
  Wide wide_;
};

}  // namespace sluice::simulator
