#include "simulator/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "plan/value.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Error;
using base::Result;

using Coefficients = std::array<double, 8>;

double polynomial(const Coefficients& coefficients, double x) {
  double value = 0;
  for (auto at = coefficients.rbegin(); at != coefficients.rend(); ++at) value = value * x + *at;
  return value;
}

// The rational approximations of AS 241 (PPND16): near the middle, in the tails, far out.
constexpr Coefficients middle_above{3.3871328727963666080e0, 1.3314166789178437745e2,
                                    1.9715909503065514427e3, 1.3731693765509461125e4,
                                    4.5921953931549871457e4, 6.7265770927008700853e4,
                                    3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr Coefficients middle_below{1.0,
                                    4.2313330701600911252e1,
                                    6.8718700749205790830e2,
                                    5.3941960214247511077e3,
                                    2.1213794301586595867e4,
                                    3.9307895800092710610e4,
                                    2.8729085735721942674e4,
                                    5.2264952788528545610e3};
constexpr Coefficients tail_above{1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients tail_below{1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
constexpr Coefficients far_above{6.65790464350110377720e0,  5.46378491116411436990e0,
                                 1.78482653991729133580e0,  2.96560571828504891230e-1,
                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients far_below{1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

// The z of the 95th percentile.
constexpr double z_of_95 = 1.6448536269514722;

std::string range_text(Duration low, Duration high) {
  return fmt::format("{} to {}", plan::to_text(plan::Value{low}), plan::to_text(plan::Value{high}));
}

}  // namespace

double normal_probability(double z) {
  return 0.5 * std::erfc(-z * M_SQRT1_2);
}

double normal_quantile(double probability) {
  const double from_middle = probability - 0.5;
  if (std::abs(from_middle) <= 0.425) {
    const double x = 0.180625 - from_middle * from_middle;
    return from_middle * polynomial(middle_above, x) / polynomial(middle_below, x);
  }
  const double tail = from_middle < 0 ? probability : 1 - probability;
  const double x = std::sqrt(-std::log(tail));
  const double z = x <= 5 ? polynomial(tail_above, x - 1.6) / polynomial(tail_below, x - 1.6)
                          : polynomial(far_above, x - 5) / polynomial(far_below, x - 5);
  return from_middle < 0 ? -z : z;
}

Distribution Distribution::constant(Duration always) {
  Distribution made;
  made.low_ = made.high_ = always;
  return made;
}

Distribution Distribution::measured(std::span<const Duration> durations) {
  SLUICE_CHECK(!durations.empty(), "a distribution of nothing that was measured");
  Distribution made;
  made.kind_ = Kind::History;
  made.low_ = durations.front();
  made.high_ = durations.back();
  made.measured_ = durations;
  return made;
}

Result<Distribution> Distribution::make(Kind kind, Duration low, Duration high, Duration mode) {
  const bool ranged = kind == Kind::Uniform || kind == Kind::Lognormal || kind == Kind::Triangular;
  if (low.ms < 0 || (ranged && high < low)) {
    return Error{fmt::format("{} is no range of durations", range_text(low, ranged ? high : low))};
  }
  Distribution made = constant(low);
  const auto low_ms = static_cast<double>(low.ms);
  switch (kind) {
    case Kind::Constant:
    case Kind::History:
      return made;
    case Kind::Uniform:
      break;
    case Kind::Normal:
      if (high.ms < 0) return Error{"a standard deviation cannot be negative"};
      if (high.ms == 0) return made;
      made.first_ = low_ms;
      made.second_ = static_cast<double>(high.ms);
      made.below_ = normal_probability(-made.first_ / made.second_);
      break;
    case Kind::Lognormal:
      if (low == high) return made;
      if (low.ms == 0) return Error{"a median of nothing has no 95th percentile above it"};
      made.first_ = std::log(low_ms);
      made.second_ = (std::log(static_cast<double>(high.ms)) - made.first_) / z_of_95;
      break;
    case Kind::Triangular:
      if (mode < low || mode > high) {
        return Error{fmt::format("{} does not lie in {}", plan::to_text(plan::Value{mode}),
                                 range_text(low, high))};
      }
      if (low == high) return made;
      made.first_ = static_cast<double>(mode.ms);
      made.below_ = (made.first_ - low_ms) / static_cast<double>(high.ms - low.ms);
      break;
    case Kind::Exponential:
      if (low.ms == 0) return made;
      break;
  }
  made.kind_ = low == high && kind == Kind::Uniform ? Kind::Constant : kind;
  made.high_ = high;
  return made;
}

double Distribution::exact_quantile(double probability) const {
  const auto low = static_cast<double>(low_.ms);
  const auto high = static_cast<double>(high_.ms);
  switch (kind_) {
    case Kind::Normal:  // from the nearer end, so that the far ends keep their digits
      return probability < 0.5
                 ? first_ + second_ * normal_quantile(below_ + probability * (1 - below_))
                 : first_ - second_ * normal_quantile((1 - probability) * (1 - below_));
    case Kind::Lognormal:
      return std::exp(first_ + second_ * normal_quantile(probability));
    case Kind::Triangular:
      return probability < below_
                 ? low + std::sqrt(probability * (high - low) * (first_ - low))
                 : high - std::sqrt((1 - probability) * (high - low) * (high - first_));
    case Kind::Exponential:
      return -low * std::log1p(-probability);
    case Kind::History: {
      const double place = probability * static_cast<double>(measured_.size() - 1);
      const auto before = static_cast<std::size_t>(place);
      const auto from = static_cast<double>(measured_[before].ms);
      if (before + 1 == measured_.size()) return from;
      const auto to = static_cast<double>(measured_[before + 1].ms);
      return from + (to - from) * (place - static_cast<double>(before));
    }
    case Kind::Constant:
    case Kind::Uniform:
      break;
  }
  return low;
}

// What a share of all attempts exceeds. From the far end, where few are left, so that the digits of
// a small share are kept.
double Distribution::exact_upper_quantile(double share) const {
  const auto low = static_cast<double>(low_.ms);
  const auto high = static_cast<double>(high_.ms);
  switch (kind_) {
    case Kind::Normal:
      return first_ - second_ * normal_quantile(share * (1 - below_));
    case Kind::Lognormal:
      return std::exp(first_ - second_ * normal_quantile(share));
    case Kind::Triangular:
      return share > 1 - below_ ? low + std::sqrt((1 - share) * (high - low) * (first_ - low))
                                : high - std::sqrt(share * (high - low) * (high - first_));
    case Kind::Exponential:
      return -low * std::log(share);
    case Kind::Constant:
    case Kind::Uniform:
    case Kind::History:
      break;
  }
  return exact_quantile(1 - share);
}

double Distribution::lasting_longer(Duration elapsed) const {
  if (kind_ == Kind::Constant) return low_ > elapsed ? 1 : 0;
  const auto low = static_cast<double>(low_.ms);
  const auto high = static_cast<double>(high_.ms);
  if (kind_ == Kind::Uniform) {
    const double longer = (high - static_cast<double>(elapsed.ms)) / (high - low + 1);
    return std::clamp(longer, 0.0, 1.0);
  }
  // What is longer by less than half a millisecond is rounded down to it.
  const double at = static_cast<double>(elapsed.ms) + 0.5;
  switch (kind_) {
    case Kind::Normal:
      return std::min(1.0, normal_probability((first_ - at) / second_) / (1 - below_));
    case Kind::Lognormal:
      return normal_probability((first_ - std::log(at)) / second_);
    case Kind::Triangular:
      if (at <= low) return 1;
      if (at >= high) return 0;
      return at < first_ ? 1 - (at - low) * (at - low) / ((high - low) * (first_ - low))
                         : (high - at) * (high - at) / ((high - low) * (high - first_));
    case Kind::Exponential:
      return std::exp(-at / low);
    case Kind::History: {
      const auto above = std::upper_bound(
          measured_.begin(), measured_.end(), at,
          [](double value, Duration row) { return value < static_cast<double>(row.ms); });
      if (above == measured_.begin()) return 1;
      if (above == measured_.end()) return 0;
      const auto before = static_cast<double>((above - 1)->ms);
      const double part = (at - before) / (static_cast<double>(above->ms) - before);
      const double place = static_cast<double>(above - measured_.begin() - 1) + part;
      return 1 - place / static_cast<double>(measured_.size() - 1);
    }
    case Kind::Constant:
    case Kind::Uniform:
      break;
  }
  return 0;
}

Duration Distribution::quantile_beyond(Duration elapsed, double probability) const {
  return quantile_beyond(elapsed, probability, 1);
}

// Of the longest of n, P(longer) = 1 - (1 - p)^n, where p is that of each.
Duration Distribution::quantile_beyond(Duration elapsed, double probability,
                                       std::uint32_t attempts) const {
  const auto n = static_cast<double>(attempts);
  const double longer = -std::expm1(n * std::log1p(-lasting_longer(elapsed)));
  const double share = -std::expm1(std::log1p(-longer * (1 - probability)) / n);
  Duration drawn = high_;
  if (kind_ == Kind::Uniform) {
    const auto width = static_cast<double>(high_.ms - low_.ms) + 1.0;
    drawn.ms -= static_cast<std::int64_t>(share * width);
  } else if (kind_ != Kind::Constant) {
    const double exact = exact_upper_quantile(share);
    drawn.ms = std::llround(std::clamp(exact, 0.0, static_cast<double>(longest_drawn.ms)));
  }
  return std::max(drawn, elapsed + Duration{1});
}

void Distribution::fill(const std::uint64_t* bits, std::uint32_t count, std::uint32_t task,
                        std::span<DrawnLane> lanes, const QuantileTable* table) const {
  const auto stored = [](std::int64_t ms) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(ms, DrawnLane::too_long));
  };
  DrawnLane* const rows = lanes.data();
  if (kind_ == Kind::Constant) {
    for (std::uint32_t i = 0; i < count; ++i) rows[i].takes[task] = stored(low_.ms);
  } else if (kind_ == Kind::Uniform) {
    const std::int64_t low = low_.ms;
    const std::int64_t high = high_.ms;
    const auto width = static_cast<double>(high - low) + 1.0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto above = static_cast<std::int64_t>(to_open_interval(bits[i]) * width);
      rows[i].takes[task] = stored(std::min(low + above, high));
    }
  } else if (table == nullptr) {
    for (std::uint32_t i = 0; i < count; ++i) {
      rows[i].takes[task] = stored(curved_quantile(to_open_interval(bits[i])).ms);
    }
  } else {
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int64_t ms = table->quantile(bits[i]);
      if (ms == QuantileTable::unsure) ms = curved_quantile(to_open_interval(bits[i])).ms;
      rows[i].takes[task] = stored(ms);
    }
  }
}

QuantileTable Distribution::table() const {
  const double bend = kind_ == Kind::Triangular ? below_ : -1;
  return QuantileTable([this](double probability) { return exact_quantile(probability); }, bend);
}

Duration Distribution::curved_quantile(double probability) const {
  const double exact = exact_quantile(probability);
  const auto most = static_cast<double>(longest_drawn.ms);
  return {std::llround(std::clamp(exact, 0.0, most))};
}

}  // namespace sluice::simulator
