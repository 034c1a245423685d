// Connections that take a time to make, beside cases worked out by hand.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "simulator/coverage.h"
#include "simulator/learn.h"
#include "simulator/simulator.h"
#include "support/compiled.h"

using namespace sluice;
using base::Duration;
using base::Instant;

namespace {

// 300 ms for each of four targets; a is reached in another way, and takes twice as long.
const std::string farm = R"(deployment "Farm"
connect ssh { connect_time = 300ms }
role web {
  target "a" { connect ssh { address = "10.0.0.1" connect_time = 600ms } }
  target "[b..d]"
}
role lb { target "lb" }
)";

scheduler::Timeline simulated(const std::string& text, const simulator::Settings& settings = {}) {
  const auto prediction = simulator::simulate(test::compiled(text), settings);
  REQUIRE(prediction.ok());
  return prediction.value().timeline;
}

// When the lanes of a step ended, in the order of its targets.
std::vector<std::int64_t> ends(const scheduler::Timeline& timeline, std::uint32_t step) {
  std::vector<std::int64_t> found;
  const plan::StepId id{step};
  for (std::uint32_t lane = 0; lane < timeline.steps[step].targets; ++lane) {
    found.push_back(timeline.lane(id, lane).end.ms);
  }
  return found;
}

}  // namespace

TEST_CASE("the first work on a target makes its connection, and the next ones find it there") {
  const scheduler::Timeline timeline = simulated(farm + R"(
step "Update" on web window 2 {
  step "Stop" { run "true" takes 1s }
  step "Start" { run "true" takes 1s }
}
step "Look" on web { run "true" takes 100ms }
)");
  // a and b begin at 0; b ends at 2.3 s, and c begins; a at 2.6 s, and d.
  CHECK(ends(timeline, 0) == std::vector<std::int64_t>{2'600, 2'300, 4'600, 4'900});
  CHECK(ends(timeline, 1) == std::vector<std::int64_t>{5'000, 5'000, 5'000, 5'000});
}

TEST_CASE("what begins while a connection is being made waits for the rest of it") {
  // The connection to lb stands at 300 ms; the fifth begins when it does.
  const scheduler::Timeline timeline = simulated(farm + R"(
role more { target "e" }
step "Leave" on web, more window 5 stagger 100ms via lb { run "true" takes 50ms }
)");
  CHECK(ends(timeline, 0) == std::vector<std::int64_t>{350, 350, 350, 350, 450});
}

TEST_CASE("hosts of a `via` are connected to once, by whoever comes first") {
  const scheduler::Timeline timeline = simulated(farm + R"(
step "Leave" on web window 4 via lb { run "true" takes 100ms }
step "Deploy" on web { run "true" takes 100ms }
)");
  // All four begin together, and all wait for the one connection to lb.
  CHECK(ends(timeline, 0) == std::vector<std::int64_t>{400, 400, 400, 400});
  CHECK(ends(timeline, 1) == std::vector<std::int64_t>{1'100, 800, 800, 800});
}

TEST_CASE("what runs on the controller connects to nothing") {
  const scheduler::Timeline timeline = simulated(farm + R"(
step "Look" on web { run http { url = "http://localhost/" } takes 100ms }
step "Tell" { run "true" takes 100ms }
)");
  CHECK(ends(timeline, 0) == std::vector<std::int64_t>{100, 100, 100, 100});
  CHECK(ends(timeline, 1) == std::vector<std::int64_t>{200});
}

TEST_CASE("a time-out counts the connection in") {
  const scheduler::Timeline late = simulated(farm + R"(
step "Update" on web window 4 tolerate 1 failure { run "true" takes 500ms timeout 1s }
)");
  CHECK(ends(late, 0) == std::vector<std::int64_t>{1'000, 800, 800, 800});
}

TEST_CASE("what is learnt of a run, and held to its prediction, counts no connection in") {
  const std::string text = farm + R"(
step "Update" on web window 2 {
  step "Stop" { run "true" takes 2s }
  step "Start" { run "true" takes 1s }
}
step "Leave" on web window 4 via lb { run "true" takes 100ms }
)";
  const plan::Plan plan = test::compiled(text);
  const scheduler::Timeline timeline = simulated(text);
  simulator::Learner learner;
  learner.learn(plan, timeline);
  const simulator::History history = std::move(learner).finish();
  const std::vector<std::pair<std::string, std::int64_t>> wanted{
      {"Leave", 100}, {"Start", 1'000}, {"Stop", 2'000}};
  REQUIRE(history.rows.size() == wanted.size());
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    CHECK(history.rows[row].task == wanted[row].first);
    CHECK(history.rows[row].durations == std::vector<Duration>(4, Duration{wanted[row].second}));
  }
  const auto beside = simulator::beside(plan, {}, {10, 1, {}}, timeline);
  REQUIRE(beside.ok());
  CHECK(beside.value().attempts == 12);
  CHECK(beside.value().attempts_within == 12);
}
