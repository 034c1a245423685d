// A slice of the simulated worlds; `scripts/soak` runs as many as there is time for.
#include <catch2/catch.hpp>

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
  for (const std::uint64_t seed :
       {652U,        720U,        771U,        1576U,       1704U,       11008U,
        11467U,      202910U,     2017648U,    2024272U,    2039372U,    2052439U,
        1000004059U, 1000024208U, 1000009424U, 1000197696U, 1000255484U, 1100016045U,
        1210075331U, 1210173014U, 1220123301U, 1500004084U, 4000081391U, 4000217135U,
        4000294979U, 4000355993U, 4000390793U, 4000410353U}) {
    const world::Result result = world::run_twice(seed);
    if (!result.violation.empty()) FAIL_CHECK("seed " << seed << ": " << result.violation);
  }
}
TEST_CASE("in every simulated world nothing runs twice, nothing is lost, nothing is made up, 2",
          "[world]") {
  check_seeds(301, 300);
}
