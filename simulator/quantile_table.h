// Quantiles of a curved distribution, read from a table: in each of many equal parts of (0, 1) a
// polynomial, and how far it may be off. Where what it gives might round to another millisecond, it
// says so, and the exact quantile is to be worked out: so the numbers are the same to the last
// digit.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace sluice::simulator {

class QuantileTable {
 public:
  // `exact`: the quantile of a probability, in milliseconds; smooth, but at `bend`, if that is one.
  explicit QuantileTable(const std::function<double(double)>& exact, double bend = -1);

  static constexpr std::int64_t unsure = -1;

  // Of the middle of one of 2^52 equal parts, as in to_open_interval(): in whole milliseconds,
  // rounded to the nearest; or `unsure`.
  std::int64_t quantile(std::uint64_t bits) const {
    const Part& part = parts_[bits >> (64U - part_bits)];
    const double at = (static_cast<double>((bits & within) >> 12U) + 0.5) * scale;
    const double value = ((part.third * at + part.second) * at + part.first) * at + part.zeroth;
    const auto rounded = static_cast<std::int64_t>(value);
    const double beyond = value - static_cast<double>(rounded);
    return beyond > part.margin && beyond < 1 - part.margin ? rounded : unsure;
  }

 private:
  static constexpr unsigned part_bits = 9;
  static constexpr std::uint64_t within = (std::uint64_t{1} << (64U - part_bits)) - 1;
  static constexpr double scale = 1.0 / static_cast<double>(std::uint64_t{1} << (52U - part_bits));

  // Half a millisecond is in `zeroth` already, so that what is cut off rounds to the nearest.
  struct Part {
    double zeroth = 0, first = 0, second = 0, third = 0;
    double margin = 1;
  };
  Part part_of(const std::function<double(double)>& exact, std::size_t number) const;

  std::vector<Part> parts_;
};

}  // namespace sluice::simulator
