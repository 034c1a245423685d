// Random plans in random worlds, with the rules checked after every event by an independent model.
#include <catch2/catch.hpp>
#include <vector>

#include "support/invariants.h"
#include "support/random_schedule.h"
#include "support/script.h"
#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Command;
using scheduler::Commands;
using scheduler::Event;
using scheduler::Scheduler;
using test::Dice;
using test::Invariants;
using test::World;
using test::WorldSettings;

namespace {

using Trace = std::vector<Command>;

// The trace of one run; the rules are checked where `violation` is wanted.
Trace trace_of(const plan::Plan& plan, const WorldSettings& settings, std::string* violation) {
  Trace trace;
  Invariants invariants(plan);
  World world(plan, settings);
  const bool ended = world.run([&](base::Instant now, const std::vector<Event>& events,
                                   const Commands& commands, const Scheduler& scheduler) {
    trace.insert(trace.end(), commands.begin(), commands.end());
    if (violation != nullptr) invariants.observe(now, events, commands, scheduler);
  });
  if (violation != nullptr) {
    *violation = invariants.violation();
    if (violation->empty() && !ended) *violation = "it never ended";
  }
  return trace;
}

void check_seeds(std::uint64_t first, std::uint64_t count, bool operators_words) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const plan::Plan plan = test::random_schedule(seed);
    WorldSettings settings;
    settings.seed = seed;
    constexpr std::uint32_t failures[] = {0, 3, 8, 15, 30, 50};
    settings.failures = failures[seed % 6];
    settings.longest = seed % 3 == 0 ? 2 : 12;
    settings.operators_words = operators_words;
    std::string violation;
    const Trace trace = trace_of(plan, settings, &violation);
    if (!violation.empty()) FAIL_CHECK("seed " << seed << ", " << violation);
    settings.order = seed + 1;
    if (trace_of(plan, settings, nullptr) != trace) {
      FAIL_CHECK("seed " << seed << ": the order of events within an instant was seen");
    }
  }
}

}  // namespace

TEST_CASE("random plans keep the rules at every event, 1") {
  check_seeds(1, 10'000, false);
}
TEST_CASE("random plans keep the rules at every event, 2") {
  check_seeds(10'001, 10'000, false);
}
TEST_CASE("random plans keep the rules under pauses and aborts, 1") {
  check_seeds(100'001, 10'000, true);
}
TEST_CASE("random plans keep the rules under pauses and aborts, 2") {
  check_seeds(110'001, 10'000, true);
}

TEST_CASE("one step with a window takes as long as list scheduling promises") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    Dice dice(seed);
    const std::uint32_t targets = 1 + dice.below(40);
    const std::uint32_t window = 1 + dice.below(targets);
    const std::uint32_t tasks = 1 + dice.below(4);
    std::string text =
        "U on w1..w" + std::to_string(targets) + ", window " + std::to_string(window) + ": t0";
    for (std::uint32_t task = 1; task < tasks; ++task) text += "; t" + std::to_string(task);
    const plan::Plan plan = test::tiny_plan(text);
    WorldSettings settings;
    settings.seed = seed;
    settings.failures = 0;
    settings.longest = 500;
    std::vector<std::int64_t> began(targets);
    std::vector<std::int64_t> length(targets);
    World world(plan, settings);
    REQUIRE(world.run([&](base::Instant now, const std::vector<Event>&, const Commands& commands,
                          const Scheduler&) {
      for (const Command& command : commands) {
        if (command.kind == Command::Kind::LaneBegan) began[command.action.lane] = now.ms;
        if (command.kind == Command::Kind::LaneEnded) {
          length[command.action.lane] = now.ms - began[command.action.lane];
        }
      }
    }));
    std::int64_t total = 0;
    std::int64_t longest = 0;
    for (const std::int64_t lane : length) {
      total += lane;
      longest = std::max(longest, lane);
    }
    const std::int64_t duration = world.now().ms;
    const auto slots = static_cast<std::int64_t>(window);
    const bool within = duration >= longest && duration * slots >= total &&
                        duration * slots <= total + (slots - 1) * longest;
    if (!within) FAIL_CHECK("seed " << seed << ": " << text << " took " << duration);
  }
}
