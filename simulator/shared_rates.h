// Transfers that share rates (`uses 500MB of uplink`): who moves how fast, and which ends next. The
// share is max-min fair: all transfers grow alike until a rate is used up; those through it stay
// as they are, the others grow on. It knows no scheduler and no distribution.
//
// All of it is whole numbers, so every machine counts alike: rates and what is left are multiples
// of 2^-40 bit. A transfer has ended at the first whole millisecond at which less than a
// thousandth of a bit is left. docs/SIMULATION.md has the rule and examples.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"

namespace sluice::simulator {

class SharedRates {
 public:
  // A kind of transfers that are all alike: the same sizes through the same rates.
  using Kind = std::uint32_t;
  static constexpr Kind none = 0xffff'ffff;

  explicit SharedRates(const plan::Plan& plan);

  // The kind of what an action of this work moves; none where it uses no rate.
  Kind kind_of(const plan::Work& work);

  // Time goes on to `now`, never back. `transfer` is the caller's name for it, given back once.
  void start(base::Instant now, Kind kind, std::uint32_t transfer);
  // False: there is no such transfer, or it has ended already.
  bool cancel(base::Instant now, std::uint32_t transfer);
  // When the next transfer ends, as things stand; never() where none is under way.
  base::Instant next() const { return next_; }
  // Adds those that have ended by `now` to `ended`, in the order of their starts within a kind.
  void take_ended(base::Instant now, std::vector<std::uint32_t>& ended);
  // How fast a transfer of the kind moves now, in bits a second of its largest use, rounded down.
  std::int64_t bits_per_second(Kind kind) const;

 private:
  __extension__ using Wide = unsigned __int128;

  struct Share {
    plan::ResourceId resource;
    Wide weight = 0;  // its part of the largest use, in 2^-32
  };
  struct Transfer {
    Wide end = 0;  // of `moved` of its kind
    std::uint32_t name = 0;
    bool cancelled = false;
  };
  struct Row {
    Wide size = 0;                 // of the largest use
    std::vector<Share> shares;     // by resource
    Wide moved = 0;                // by each transfer that was there all the time
    Wide per_ms = 0;               // now
    std::uint32_t count = 0;       // under way, without the cancelled ones
    std::deque<Transfer> waiting;  // the first to end first: all are of one size
    bool settled = false;          // while the shares are worked out
  };

  void advance(base::Instant now);
  void share_out();
  Wide level_of(plan::ResourceId resource) const;
  void settle(Row& row, Wide level);
  void find_next();

  std::vector<Wide> capacities_;  // by resource, in 2^-40 bit a millisecond
  std::vector<Wide> left_;        // of them, while the shares are worked out
  std::vector<Row> rows_;         // by Kind
  base::Instant now_;
  base::Instant next_ = base::Instant::never();
};

}  // namespace sluice::simulator
