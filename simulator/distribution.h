// The distributions of durations: each drawn by its inverse quantile function, so that one random
// number gives one duration and more of the one is never less of the other. It knows no plan row,
// no target and no random generator. docs/SIMULATION.md has the formulas and their sources.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "simulator/drawn.h"
#include "simulator/quantile_table.h"

namespace sluice::simulator {

// The standard normal distribution: the probability of at most z, and the z of a probability in
// (0, 1), to about sixteen digits (Wichura, "Algorithm AS 241", Applied Statistics 37, 1988).
double normal_probability(double z);
double normal_quantile(double probability);

// A number in (0, 1), both excluded, from 64 random bits: the middle of one of 2^52 equal parts.
inline double to_open_interval(std::uint64_t bits) {
  return (static_cast<double>(static_cast<std::int64_t>(bits >> 12U)) + 0.5) * 0x1.0p-52;
}

// No attempt is drawn longer than this: a hundred years.
inline constexpr base::Duration longest_drawn{std::int64_t{100} * 365 * 86'400'000};

class Distribution {
 public:
  using Kind = plan::DurationModel::Kind;

  // What plan::DurationModel says of its numbers. Fails where they are none of such a distribution:
  // a negative one, a `high` below `low`, a `mode` outside both.
  static base::Result<Distribution> make(Kind kind, base::Duration low, base::Duration high,
                                         base::Duration mode);
  static Distribution constant(base::Duration always);
  // What was measured, ascending and at least one; it must outlive the distribution. Between two
  // neighbours every value is as likely, and nothing lies beyond the shortest and the longest.
  static Distribution measured(std::span<const base::Duration> durations);

  // The duration that a share of `probability` of all attempts does not exceed, in whole
  // milliseconds, rounded to the nearest; `probability` in (0, 1).
  base::Duration quantile(double probability) const {
    if (kind_ == Kind::Constant) return low_;
    if (kind_ != Kind::Uniform) return curved_quantile(probability);
    // Each whole millisecond as likely as the others.
    const auto width = static_cast<double>(high_.ms - low_.ms) + 1.0;
    return {std::min(low_.ms + static_cast<std::int64_t>(probability * width), high_.ms)};
  }
  // quantile() of many random numbers, each put into the row of its lane, in the column of its
  // task.
  // `table`: its own, if it has been made.
  void fill(const std::uint64_t* bits, std::uint32_t count, std::uint32_t task,
            std::span<DrawnLane> lanes, const QuantileTable* table = nullptr) const;
  // Worth a table, where many are drawn.
  bool is_curved() const {
    return kind_ != Kind::Constant && kind_ != Kind::Uniform && kind_ != Kind::History;
  }
  QuantileTable table() const;
  // Of attempts: the share that lasts longer than this.
  double lasting_longer(base::Duration elapsed) const;
  // Of those the share of `probability` that does not exceed the result, which is longer than
  // `elapsed`. lasting_longer(elapsed) is above 0.
  base::Duration quantile_beyond(base::Duration elapsed, double probability) const;
  // The same of the longest of so many attempts at once.
  base::Duration quantile_beyond(base::Duration elapsed, double probability,
                                 std::uint32_t attempts) const;
  bool operator==(const Distribution& other) const {
    const auto all = [](const Distribution& of) {
      return std::tuple(of.kind_, of.low_, of.high_, of.first_, of.second_, of.below_,
                        of.measured_.data(), of.measured_.size());
    };
    return all(*this) == all(other);
  }
  // The same number whatever is drawn.
  bool is_constant() const { return kind_ == Kind::Constant; }

 private:
  base::Duration curved_quantile(double probability) const;
  double exact_quantile(double probability) const;
  double exact_upper_quantile(double share) const;

  Kind kind_ = Kind::Constant;
  base::Duration low_;
  base::Duration high_;
  // Of Normal: mean, deviation, probability below zero. Of Lognormal: logarithm of the median,
  // deviation of the logarithm. Of Triangular: mode, probability below it.
  double first_ = 0;
  double second_ = 0;
  double below_ = 0;
  std::span<const base::Duration> measured_;
};

}  // namespace sluice::simulator
