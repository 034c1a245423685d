// The rows of targets: names, and when they are unique.
#include "plan/targets.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "support/random_schedule.h"

using namespace sluice;

namespace {

plan::Targets named(const std::vector<std::string>& names) {
  plan::Targets targets;
  for (const std::string& name : names) {
    targets.add(name, plan::PropertySetId{0}, plan::ConnectionId{0});
  }
  return targets;
}

}  // namespace

TEST_CASE("names ascend by length, then by their bytes") {
  CHECK(plan::ascends("web-9", "web-10"));
  CHECK(plan::ascends("web-10", "web-11"));
  CHECK_FALSE(plan::ascends("web-10", "web-9"));
  CHECK_FALSE(plan::ascends("web-10", "web-10"));
}

TEST_CASE("names are unique whatever their order, and one that stands twice is found") {
  CHECK(named({}).names_are_unique());
  CHECK(named({"a"}).names_are_unique());
  CHECK(named({"w-9", "w-10", "w-11"}).names_are_unique());
  CHECK(named({"w-11", "w-9", "w-10"}).names_are_unique());
  CHECK_FALSE(named({"a", "a"}).names_are_unique());
  CHECK_FALSE(named({"w-9", "w-10", "w-11", "w-9"}).names_are_unique());
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    test::Dice dice(seed);
    std::vector<std::string> names;
    for (std::uint32_t i = dice.below(200); i > 0; --i) {
      names.push_back("w" + std::to_string(dice.below(20'000)));
    }
    const std::set<std::string> once(names.begin(), names.end());
    INFO("seed " << seed);
    CHECK(named(names).names_are_unique() == (once.size() == names.size()));
  }
}
