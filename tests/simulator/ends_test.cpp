// The queue of ends beside a sorted map that does the same slowly.
#include "simulator/ends.h"

#include <catch2/catch.hpp>
#include <map>

#include "support/random_schedule.h"

using namespace sluice;
using base::Instant;
using simulator::Ends;

TEST_CASE("ends come in the order of time, each once") {
  Ends ends;
  CHECK(ends.next() == Instant::never());
  ends.set(0, {30});
  ends.set(5, {10});
  ends.set(2, {20});
  CHECK(ends.next() == Instant{10});
  CHECK(ends.take() == 5);
  CHECK(ends.next() == Instant{20});
  CHECK(ends.take() == 2);
  ends.set(2, {25});
  CHECK(ends.next() == Instant{25});
  ends.clear(2);
  CHECK(ends.take() == 0);
  CHECK(ends.next() == Instant::never());
}

TEST_CASE("random ends come out as from a sorted map") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    test::Dice dice(seed);
    const std::uint32_t width = 1 + dice.below(100);
    Ends ends;
    std::map<std::uint32_t, std::int64_t> model;
    INFO("seed " << seed);
    for (int step = 0; step < 400; ++step) {
      const std::uint32_t slot = dice.below(width);
      switch (dice.below(4)) {
        case 0:
        case 1:
          model[slot] = dice.below(50);
          ends.set(slot, {model[slot]});
          break;
        case 2:
          model.erase(slot);
          ends.clear(slot);
          break;
        default: {
          std::int64_t soonest = Instant::never().ms;
          for (const auto& [key, at] : model) soonest = std::min(soonest, at);
          REQUIRE(ends.next().ms == soonest);
          if (model.empty()) break;
          const std::uint32_t taken = ends.take();
          REQUIRE(model.at(taken) == soonest);
          model.erase(taken);
          break;
        }
      }
    }
  }
}
