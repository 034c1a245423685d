// Each distribution beside its exact quantiles, which were worked out apart from this program.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/random.h"
#include "simulator/distribution.h"

using namespace sluice;
using base::Duration;
using simulator::Distribution;
using Kind = plan::DurationModel::Kind;

namespace {

Distribution made(Kind kind, std::int64_t low, std::int64_t high = 0, std::int64_t mode = 0) {
  auto distribution = Distribution::make(kind, {low}, {high}, {mode});
  REQUIRE(distribution.ok());
  return distribution.value();
}

std::string refused(Kind kind, std::int64_t low, std::int64_t high = 0, std::int64_t mode = 0) {
  const auto distribution = Distribution::make(kind, {low}, {high}, {mode});
  REQUIRE_FALSE(distribution.ok());
  return distribution.error().message;
}

// At 1%, 5%, 25%, 50%, 75%, 95%, 99% and 99.9%.
std::vector<std::int64_t> quantiles(const Distribution& distribution) {
  std::vector<std::int64_t> all;
  for (const double p : {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999}) {
    all.push_back(distribution.quantile(p).ms);
  }
  return all;
}

using Values = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("the normal quantile agrees with tables to fifteen digits") {
  struct Row {
    double probability;
    double z;
  };
  // From tables to many digits; the last two lie far out, where other formulas give way.
  constexpr std::array<Row, 7> rows{{{0.5, 0.0},
                                     {0.75, 0.6744897501960817},
                                     {0.95, 1.6448536269514722},
                                     {0.975, 1.959963984540054},
                                     {0.999, 3.090232306167813},
                                     {1e-10, -6.361340902404056},
                                     {1e-20, -9.262340089798408}}};
  for (const Row& row : rows) {
    CHECK(simulator::normal_quantile(row.probability) ==
          Approx(row.z).epsilon(1e-14).margin(1e-15));
  }
  for (int i = 1; i < 1000; ++i) {
    const double p = i / 1000.0;
    CHECK(std::abs(simulator::normal_probability(simulator::normal_quantile(p)) - p) < 1e-14);
  }
}

TEST_CASE("a constant is always the same") {
  CHECK(quantiles(made(Kind::Constant, 30'000)) == Values(8, 30'000));
  CHECK(made(Kind::Constant, 30'000).is_constant());
}

TEST_CASE("a uniform duration has every millisecond as often as the others") {
  const Distribution die = made(Kind::Uniform, 1, 6);
  std::array<int, 7> seen{};
  for (int i = 0; i < 6'000; ++i)
    ++seen[static_cast<std::size_t>(die.quantile((i + 0.5) / 6'000).ms)];
  CHECK(seen == std::array<int, 7>{0, 1000, 1000, 1000, 1000, 1000, 1000});
  CHECK(quantiles(made(Kind::Uniform, 20'000, 40'000)) ==
        Values{20'200, 21'000, 25'000, 30'000, 35'000, 39'000, 39'800, 39'980});
}

TEST_CASE("a normal duration is cut at zero: what lies below is drawn again") {
  // Far from zero nothing is cut: 30 s + 5 s × z.
  CHECK(quantiles(made(Kind::Normal, 30'000, 5'000)) ==
        Values{18'368, 21'776, 26'628, 30'000, 33'372, 38'224, 41'632, 45'451});
  // Mean 10 s, deviation 10 s: Φ(−1) = 0.158655 is cut, and the rest stretched over (0, 1).
  CHECK(quantiles(made(Kind::Normal, 10'000, 10'000)) ==
        Values{342, 1'610, 6'655, 12'002, 18'053, 27'272, 33'905, 41'412});
  CHECK(quantiles(made(Kind::Normal, 30'000, 0)) == Values(8, 30'000));
}

TEST_CASE("a lognormal duration has the median and the 95th percentile that it was given") {
  // The logarithm's deviation is ln 2 / 1.6448536.
  CHECK(quantiles(made(Kind::Lognormal, 30'000, 60'000)) ==
        Values{11'256, 15'000, 22'578, 30'000, 39'862, 60'000, 79'960, 110'325});
  CHECK(quantiles(made(Kind::Lognormal, 30'000, 30'000)) == Values(8, 30'000));
}

TEST_CASE("a triangular duration rises to its mode and falls from it") {
  // Low 20 s, mode 30 s, high 60 s: a quarter lies below the mode.
  CHECK(quantiles(made(Kind::Triangular, 20'000, 60'000, 30'000)) ==
        Values{22'000, 24'472, 30'000, 35'505, 42'679, 52'254, 56'536, 58'905});
  CHECK(made(Kind::Triangular, 20'000, 60'000, 20'000).quantile(0.75).ms == 40'000);
  CHECK(made(Kind::Triangular, 20'000, 60'000, 60'000).quantile(0.25).ms == 40'000);
}

TEST_CASE("an exponential duration has its mean, and its median at ln 2 of it") {
  CHECK(quantiles(made(Kind::Exponential, 30'000)) ==
        Values{302, 1'539, 8'630, 20'794, 41'589, 89'872, 138'155, 207'233});
}

TEST_CASE("what was measured is drawn between its neighbours and never beyond") {
  const std::vector<Duration> seen{{10'000}, {20'000}, {20'000}, {40'000}, {100'000}};
  const Distribution history = Distribution::measured(seen);
  CHECK(quantiles(history) ==
        Values{10'400, 12'000, 20'000, 20'000, 40'000, 88'000, 97'600, 99'760});
  const std::vector<Duration> single{{10'000}};
  CHECK(quantiles(Distribution::measured(single)) == Values(8, 10'000));
}

TEST_CASE("numbers that are none of their distribution are refused") {
  CHECK(refused(Kind::Uniform, 20'000, 10'000) == "20s to 10s is no range of durations");
  CHECK(refused(Kind::Lognormal, 20'000, 10'000) == "20s to 10s is no range of durations");
  CHECK(refused(Kind::Lognormal, 0, 10'000) ==
        "a median of nothing has no 95th percentile above it");
  CHECK(refused(Kind::Triangular, 10'000, 20'000, 30'000) == "30s does not lie in 10s to 20s");
  CHECK(refused(Kind::Normal, 10'000, -1) == "a standard deviation cannot be negative");
  CHECK(refused(Kind::Constant, -1'000).ends_with("is no range of durations"));
}

TEST_CASE("no draw is negative, infinite or longer than a hundred years") {
  const double smallest = simulator::to_open_interval(0);
  const double largest = simulator::to_open_interval(~std::uint64_t{0});
  CHECK(smallest > 0);
  CHECK(largest < 1);
  for (const Distribution& distribution :
       {made(Kind::Normal, 0, 1'000'000'000), made(Kind::Lognormal, 1, 1'000'000'000'000),
        made(Kind::Exponential, simulator::longest_drawn.ms)}) {
    CHECK(distribution.quantile(smallest).ms >= 0);
    CHECK(distribution.quantile(largest) <= simulator::longest_drawn);
    CHECK(distribution.quantile(largest).ms > 1'000'000);
  }
}

TEST_CASE("a table of quantiles gives the exact ones, or says that it is unsure") {
  const std::vector<simulator::Distribution> all{
      simulator::Distribution::make(Kind::Lognormal, {1000}, {2276}, {0}).value(),
      simulator::Distribution::make(Kind::Lognormal, {3'600'000}, {7'200'000}, {0}).value(),
      simulator::Distribution::make(Kind::Lognormal, {3}, {900}, {0}).value(),
      simulator::Distribution::make(Kind::Normal, {30'000}, {5000}, {0}).value(),
      simulator::Distribution::make(Kind::Normal, {100}, {5000}, {0}).value(),
      simulator::Distribution::make(Kind::Triangular, {20'000}, {60'000}, {30'000}).value(),
      simulator::Distribution::make(Kind::Triangular, {0}, {60'000}, {0}).value(),
      simulator::Distribution::make(Kind::Exponential, {30'000}, {0}, {0}).value(),
      simulator::Distribution::make(Kind::Exponential, {1}, {0}, {0}).value(),
  };
  for (const simulator::Distribution& distribution : all) {
    REQUIRE(distribution.is_curved());
    const simulator::QuantileTable table = distribution.table();
    constexpr std::uint32_t draws = 40'000;
    std::uint32_t unsure = 0;
    for (std::uint32_t i = 0; i < draws; ++i) {
      const std::uint64_t bits = base::random_bits(7, 0, i, 1);
      const std::int64_t read = table.quantile(bits);
      unsure += read == simulator::QuantileTable::unsure ? 1U : 0U;
      if (read == simulator::QuantileTable::unsure) continue;
      if (read != distribution.quantile(simulator::to_open_interval(bits)).ms) FAIL("at " << bits);
    }
    CHECK(unsure < draws / 10);
  }
}
