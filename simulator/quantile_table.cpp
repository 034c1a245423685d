#include "simulator/quantile_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace sluice::simulator {

namespace {

constexpr std::size_t degree = 3;
// How much further off than where it was tried the polynomial may be: between those places the
// error of a smooth function is hardly larger.
constexpr double allowance = 4;
// At either end, where the quantile of some distributions runs away.
constexpr std::size_t steep_parts = 2;

}  // namespace

QuantileTable::QuantileTable(const std::function<double(double)>& exact, double bend) {
  constexpr std::size_t count = std::size_t{1} << part_bits;
  parts_.resize(count);
  for (std::size_t number = steep_parts; number + steep_parts < count; ++number) {
    const double distance = bend * static_cast<double>(count) - static_cast<double>(number);
    const bool bends = distance > -1 && distance < 2;
    if (!bends) parts_[number] = part_of(exact, number);
  }
}

// Through the Chebyshev nodes, by Newton's divided differences; tried at the extrema between them.
QuantileTable::Part QuantileTable::part_of(const std::function<double(double)>& exact,
                                           std::size_t number) const {
  const double width = 1.0 / static_cast<double>(parts_.size());
  const auto value_at = [&](double at) {
    return exact((static_cast<double>(number) + at) * width) + 0.5;
  };
  std::array<double, degree + 1> nodes{};
  std::array<double, degree + 1> newton{};
  for (std::size_t i = 0; i <= degree; ++i) {
    const double angle = M_PI * (2 * static_cast<double>(i) + 1) / (2 * (degree + 1));
    nodes[i] = 0.5 - 0.5 * std::cos(angle);
    newton[i] = value_at(nodes[i]);
  }
  for (std::size_t order = 1; order <= degree; ++order) {
    for (std::size_t i = degree; i >= order; --i) {
      newton[i] = (newton[i] - newton[i - 1]) / (nodes[i] - nodes[i - order]);
    }
  }
  // From the innermost bracket outwards: p = p * (x - node) + coefficient.
  std::array<double, degree + 1> powers{newton[degree]};
  for (std::size_t i = degree; i-- > 0;) {
    for (std::size_t power = degree; power > 0; --power) {
      powers[power] = powers[power - 1] - powers[power] * nodes[i];
    }
    powers[0] = newton[i] - powers[0] * nodes[i];
  }
  Part part{powers[0], powers[1], powers[2], powers[3], 1};
  double furthest = 0;
  double largest = 0;
  for (std::size_t i = 0; i <= degree + 1; ++i) {
    const double at = 0.5 - 0.5 * std::cos(M_PI * static_cast<double>(i) / (degree + 1));
    const double value = value_at(at);
    const double read = ((part.third * at + part.second) * at + part.first) * at + part.zeroth;
    furthest = std::max(furthest, std::abs(read - value));
    largest = std::max(largest, std::abs(value));
  }
  part.margin = allowance * furthest + largest * 1e-13 + 1e-9;
  return part;
}

}  // namespace sluice::simulator
