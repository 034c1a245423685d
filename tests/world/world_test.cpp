// A slice of the simulated worlds; `scripts/soak` runs as many as there is time for.
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "world/schedule.h"

using namespace sluice;

namespace {

void check_seeds(std::uint64_t first, std::uint64_t count) {
  world::FaultCounts faults{};
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const world::Result result = world::run_twice(seed);
    if (!result.violation.empty()) FAIL_CHECK("seed " << seed << ": " << result.violation);
    for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += result.faults[i];
  }
  // A world in which something never goes wrong shows nothing of it.
  for (std::size_t i = 0; i < faults.size(); ++i) {
    INFO(world::fault_name(static_cast<world::Fault>(i)));
    CHECK(faults[i] > 0);
  }
}

}  // namespace

TEST_CASE("in every simulated world nothing runs twice, nothing is lost, nothing is made up, 1",
          "[world]") {
  check_seeds(1, 300);
}
TEST_CASE("worlds in which something was once wrong", "[world]") {
  const std::vector<std::uint64_t> seeds{
      652,         720,         771,         1576,        1704,        11008,       11467,
      202910,      2017648,     2024272,     2039372,     2052439,     1000004059,  1000024208,
      1000009424,  1000197696,  1000255484,  1100016045,  1210075331,  1210173014,  1220123301,
      1500004084,  4000081391,  4000217135,  4000294979,  4000355993,  4000390793,  4000410353,
      6000110064,  7200040928,  8000252146,  8300080519,  20000217111, 21000248769, 21000406019,
      22000126597, 23000046205, 24000111769, 25000535019, 26000178110, 28000375409, 28000929269,
      29000484269, 29000565769, 32000152844, 33000047769, 33000147769, 33000150019};
  for (const std::uint64_t seed : seeds) {
    const world::Result result = world::run_twice(seed);
    if (!result.violation.empty()) FAIL_CHECK("seed " << seed << ": " << result.violation);
  }
}
TEST_CASE("in every simulated world nothing runs twice, nothing is lost, nothing is made up, 2",
          "[world]") {
  check_seeds(301, 300);
}
TEST_CASE("nor where timeouts and pauses hang on the target", "[world]") {
  check_seeds(world::first_by_target_seed, 200);
}
