// Runs that go on from where they stand, beside cases worked out by hand, closed forms, and the
// rest of the runs that they were cut from.
#include "simulator/forecast.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "simulator/virtual_run.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using base::Instant;
using scheduler::Event;
using simulator::Happened;
using simulator::Prospect;
using simulator::Settings;
using Kind = plan::DurationModel::Kind;

namespace {

// Every instant of a simulated run, as the journal of a real one would have it.
class Recorder {
 public:
  explicit Recorder(const plan::Plan& plan) : world_(plan) {}
  void observe(Instant now, std::span<const Event> events, const scheduler::Commands& commands) {
    Happened& row = instants.emplace_back();
    row.at = now;
    row.events.assign(events.begin(), events.end());
    for (const Event& event : events) {
      const bool ended = event.kind == Event::Kind::ActionFinished &&
                         event.outcome != scheduler::Outcome::Cancelled;
      if (ended) row.written.push_back({event.action, world_.outputs(event.action)});
    }
    for (const scheduler::Command& command : commands) {
      if (command.kind != scheduler::Command::Kind::StepEnded) continue;
      if (command.state != scheduler::State::Skipped) end = now;
    }
  }
  std::vector<Happened> instants;
  Instant end{0};

 private:
  simulator::World world_;
};

struct Recorded {
  std::vector<Happened> instants;
  Instant end;
  scheduler::State state;
};

std::optional<Recorded> recorded(const plan::Plan& plan, const Settings& settings) {
  const simulator::Attempts attempts(plan, settings);
  simulator::VirtualRun<Recorder> run(plan, attempts, Recorder(plan), simulator::Pace::Commands);
  if (!run.carry_out(settings.run)) return std::nullopt;
  return Recorded{run.fold().instants, run.fold().end, run.state()};
}

Prospect carried_on(const plan::Plan& plan, std::span<const Happened> happened, Instant now,
                    std::uint32_t runs = 1, const Settings& settings = {}) {
  const auto found = simulator::forecast(plan, settings, happened, now, {runs, 1, {}});
  REQUIRE(found.ok());
  return found.value();
}

// Cuts a run behind each of its instants and between two of them: what is left is the rest of it.
std::uint32_t check_cuts(const plan::Plan& plan, const Settings& settings) {
  const std::optional<Recorded> whole = recorded(plan, settings);
  if (!whole) return 0;
  const std::span<const Happened> instants(whole->instants);
  std::uint32_t cuts = 0;
  for (std::size_t i = 1; i < instants.size(); i += 1 + instants.size() / 12) {
    const Instant at = instants[i - 1].at;
    const Instant between{(at.ms + instants[i].at.ms) / 2};
    for (const Instant now : {at, between}) {
      INFO("cut before instant " << i << " at " << now.ms);
      const Prospect rest = carried_on(plan, instants.first(i), now, 1, settings);
      REQUIRE(rest.end_ms.max() == whole->end.ms);
      REQUIRE(rest.succeeded == (whole->state == scheduler::State::Succeeded ? 1U : 0U));
      ++cuts;
    }
  }
  return cuts;
}

plan::Task& first_task(plan::Plan& plan) {
  return plan.steps[plan::StepId{0}].tasks[0];
}

void set_model(plan::Work& work, Kind kind, std::int64_t low, std::int64_t high = 0) {
  work.takes.kind = kind;
  work.takes.low = plan::constant({Duration{low}});
  work.takes.high = plan::constant({Duration{high}});
}

simulator::Distribution made(Kind kind, std::int64_t low, std::int64_t high = 0,
                             std::int64_t mode = 0) {
  auto distribution = simulator::Distribution::make(kind, {low}, {high}, {mode});
  REQUIRE(distribution.ok());
  return distribution.value();
}

}  // namespace

TEST_CASE("what is left of constant durations is what the rest takes, worked out by hand") {
  // a and b begin at 0, c when either ends, at 100; c ends at 200, and the report at 250.
  const plan::Plan plan = test::tiny_plan(
      "Update on a b c, window 2: x, takes 60; y, takes 40\n"
      "Report: r, takes 50");
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  REQUIRE(whole->end == Instant{250});
  const auto until = [&](Instant now) {
    std::vector<Happened> happened;
    for (const Happened& instant : whole->instants) {
      if (instant.at <= now) happened.push_back(instant);
    }
    return happened;
  };
  for (const std::int64_t now : {0, 1, 59, 60, 61, 100, 130, 199, 200, 249}) {
    INFO("at " << now);
    const Prospect rest = carried_on(plan, until({now}), {now}, 20);
    CHECK(rest.left({now}, 500) == Duration{250 - now});
    CHECK(rest.left({now}, 900) == Duration{250 - now});
    CHECK(rest.succeeded == 20);
    CHECK(rest.overdue == 0);
    CHECK(rest.steps[0].length.middle == Duration{200});
    CHECK(rest.steps[1].length.high == Duration{50});
  }
}

TEST_CASE("what came later or sooner than predicted moves what is left") {
  // x of a and b ended at 90 in place of 60: y ends at 130, c at 230, the report at 280.
  const plan::Plan plan = test::tiny_plan(
      "Update on a b c, window 2: x, takes 60; y, takes 40\n"
      "Report: r, takes 50");
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  std::vector<Happened> happened{whole->instants[0], whole->instants[1]};
  REQUIRE(happened[1].events.size() == 2);
  happened[1].at = {90};
  CHECK(carried_on(plan, happened, {90}).left({90}, 500) == Duration{190});
  CHECK(carried_on(plan, happened, {100}).left({100}, 500) == Duration{180});
}

TEST_CASE("what lasts longer than it ever does is taken to end at once, and counted") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1, takes 60");
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  const Prospect rest = carried_on(plan, std::span(whole->instants).first(1), {75});
  CHECK(rest.overdue == 1);
  CHECK(rest.left({75}, 500) == Duration{60});
}

TEST_CASE("a run that has not begun is predicted as a whole") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1, takes 60");
  CHECK(carried_on(plan, {}, {0}).end_ms.max() == 120);
}

TEST_CASE("a run that is paused is taken to go on at once") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1, takes 60");
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  std::vector<Happened> happened{
      whole->instants[0], {{30}, {Event{}}, {}, false}, whole->instants[1]};
  happened[1].events[0].kind = Event::Kind::Pause;
  CHECK(carried_on(plan, happened, {100}).left({100}, 500) == Duration{60});
}

TEST_CASE("a failure that has happened is not undone by the prospect") {
  const plan::Plan plan = test::tiny_plan("Update on a b c, window 1, tolerate 1, takes 60");
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  std::vector<Happened> happened{whole->instants[0], whole->instants[1]};
  happened[1].events[0].outcome = scheduler::Outcome::Failed;
  const Prospect rest = carried_on(plan, happened, {70}, 10);
  CHECK(rest.succeeded == 0);
  CHECK(rest.left({70}, 900) == Duration{110});
}

TEST_CASE("exponential work has no memory: what is left hangs on nothing that has passed") {
  const simulator::Distribution distribution = made(Kind::Exponential, 30'000);
  for (const std::int64_t elapsed : {1, 5'000, 30'000, 600'000, 6'000'000}) {
    for (const double p : {0.05, 0.5, 0.9, 0.999}) {
      const double exact = -30'000 * std::log1p(-p) + static_cast<double>(elapsed) + 0.5;
      const Duration drawn = distribution.quantile_beyond({elapsed}, p);
      CHECK(std::abs(static_cast<double>(drawn.ms) - exact) <= 0.51);
    }
  }
  CHECK(distribution.lasting_longer({30'000}) == Approx(std::exp(-30'000.5 / 30'000)));
}

TEST_CASE("a uniform duration that has lasted so long is uniform over the rest") {
  const simulator::Distribution die = made(Kind::Uniform, 1, 6);
  CHECK(die.lasting_longer({0}) == 1);
  CHECK(die.lasting_longer({4}) == Approx(2.0 / 6));
  CHECK(die.lasting_longer({6}) == 0);
  std::array<int, 7> seen{};
  for (int i = 0; i < 300; ++i) {
    ++seen[static_cast<std::size_t>(die.quantile_beyond({3}, (i + 0.5) / 300).ms)];
  }
  CHECK(seen == std::array<int, 7>{0, 0, 0, 0, 100, 100, 100});
  CHECK(made(Kind::Uniform, 20'000, 40'000).quantile_beyond({30'000}, 0.5).ms == 35'001);
}

TEST_CASE("a share of those that last longer is what the quantiles of all say") {
  // The share p of those beyond e is the share F(e) + p (1 - F(e)) of all.
  const std::vector<Duration> history{{10'000}, {20'000}, {20'000}, {40'000}, {90'000}};
  const std::vector<simulator::Distribution> all{
      made(Kind::Normal, 30'000, 5'000), made(Kind::Normal, 1'000, 5'000),
      made(Kind::Lognormal, 30'000, 60'000), made(Kind::Triangular, 10'000, 60'000, 20'000),
      simulator::Distribution::measured(history)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::int64_t elapsed : {100, 15'000, 25'000, 35'000}) {
      INFO("distribution " << i << " beyond " << elapsed);
      const double longer = all[i].lasting_longer({elapsed});
      REQUIRE(longer > 0);
      for (const double p : {0.01, 0.5, 0.95}) {
        const std::int64_t exact = all[i].quantile(1 - longer * (1 - p)).ms;
        const std::int64_t found = all[i].quantile_beyond({elapsed}, p).ms;
        CHECK(std::abs(found - std::max(exact, elapsed + 1)) <= 1);
      }
    }
  }
}

TEST_CASE("the longest of several hosts is drawn as the longest") {
  // Of n uniform ones on [0, 1], below x with chance x^n; beyond e: (x^n - e^n) / (1 - e^n).
  const simulator::Distribution uniform = made(Kind::Uniform, 0, 999'999);
  for (const double p : {0.1, 0.5, 0.9}) {
    const double exact = std::pow(0.125 + p * 0.875, 1.0 / 3);
    const Duration drawn = uniform.quantile_beyond({499'999}, p, 3);
    CHECK(static_cast<double>(drawn.ms) / 1e6 == Approx(exact).epsilon(1e-5));
  }
}

TEST_CASE("attempts under way are drawn among those that last so long") {
  // One lane, exponential by 10 s, that has lasted 25 s: 10 s are left on average, whatever passed.
  plan::Plan plan = test::tiny_plan("Update on a");
  set_model(first_task(plan), Kind::Exponential, 10'000);
  const std::vector<Happened> begun{{{0}, {}, {}, false}};
  const Prospect rest = carried_on(plan, begun, {25'000}, 20'000);
  CHECK(rest.end_ms.min() > 25'000);
  CHECK(rest.end_ms.mean() - 25'000 == Approx(10'000).epsilon(0.03));
  CHECK(static_cast<double>(rest.left({25'000}, 900).ms) ==
        Approx(10'000 * std::log(10.0)).epsilon(0.03));
  // Uniform from 10 s to 30 s, that has lasted 20 s: uniform from 20 s to 30 s.
  set_model(first_task(plan), Kind::Uniform, 10'000, 30'000);
  const Prospect even = carried_on(plan, begun, {20'000}, 20'000);
  CHECK(even.end_ms.min() > 20'000);
  CHECK(even.end_ms.max() <= 30'000);
  CHECK(even.end_ms.mean() == Approx(25'000).epsilon(0.01));
  CHECK(static_cast<double>(even.left({20'000}, 900).ms) == Approx(9'000).epsilon(0.03));
}

TEST_CASE("a run that is cut anywhere goes on as it did: random schedules") {
  std::uint32_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    plan::Plan plan = test::random_schedule(seed, {seed % 3 != 0, seed % 2 == 0});
    test::Dice dice(seed * 31);
    for (plan::Step& step : plan.steps) {
      for (plan::Task& task : step.tasks) {
        const std::int64_t low = dice.below(30);
        set_model(task, dice.chance(30) ? Kind::Constant : Kind::Uniform, low,
                  low + dice.below(30));
        if (dice.chance(10)) task.fails = plan::Percentage{dice.below(60) * 1'000'000};
      }
    }
    Settings settings;
    settings.seed = seed;
    settings.run = dice.below(100);
    settings.pace = seed % 5 != 0 ? simulator::Pace::Strides : simulator::Pace::Commands;
    cuts += check_cuts(plan, settings);
  }
  CHECK(cuts > 4'000);
}

TEST_CASE("a run that is cut anywhere goes on as it did: all distributions and shared rates") {
  std::uint32_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Settings settings;
    settings.seed = seed;
    cuts += check_cuts(test::random_plan(seed), settings);
  }
  CHECK(cuts > 1'000);
}

TEST_CASE("a run that is cut anywhere goes on as it did: connections that take a time") {
  std::uint32_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    plan::Plan plan = test::random_plan(seed);
    test::Dice dice(seed * 17);
    for (plan::Connection& connection : plan.connections) {
      connection.settings.insert(
          connection.settings.begin(),
          {std::string(plan::connect_time_setting), plan::constant({Duration{dice.below(40)}})});
    }
    for (plan::Step& step : plan.steps) {
      for (plan::Task& task : step.tasks) {
        if (dice.chance(20)) task.offline = plan::Percentage{dice.below(60) * 1'000'000};
      }
    }
    Settings settings;
    settings.seed = seed;
    cuts += check_cuts(plan, settings);
  }
  CHECK(cuts > 1'000);
}

TEST_CASE("transfers under way go on at the speed that is left to them") {
  // Two of 500 MB over 1 Gbps: together until 4 s, 250 MB each; then b alone needs 2 s more.
  plan::Plan plan = test::tiny_plan("Update on a b: x");
  const plan::ResourceId uplink = plan.resources.add({"uplink", plan::Resource::Kind::Rate, {}, 0});
  plan.resources[uplink].rate.bits_per_second = 1'000'000'000;
  plan::Use use;
  use.resource = uplink;
  use.size.bytes = 500'000'000;
  first_task(plan).uses.push_back(use);
  set_model(first_task(plan), Kind::Constant, 0);
  const std::vector<Happened> begun{{{0}, {}, {}, false}};
  CHECK(carried_on(plan, begun, {4'000}).left({4'000}, 500) == Duration{4'000});
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  std::vector<Happened> happened{whole->instants[0], whole->instants[1]};
  happened[1].at = {4'000};
  happened[1].events.resize(1);
  happened[1].written.resize(1);
  CHECK(carried_on(plan, happened, {4'000}).left({4'000}, 500) == Duration{2'000});
}

TEST_CASE("the same seed gives the same prospect, with any number of threads and bit by bit") {
  plan::Plan plan = test::tiny_plan("Update on w1..w9, window 2: x; y\nReport: r, takes 5");
  set_model(first_task(plan), Kind::Lognormal, 30'000, 60'000);
  const auto whole = recorded(plan, {});
  REQUIRE(whole);
  const std::span<const Happened> happened = std::span(whole->instants).first(5);
  const Instant now = happened.back().at;
  const auto one = simulator::forecast(plan, {}, happened, now, {100, 1, {}});
  const auto three = simulator::forecast(plan, {}, happened, now, {100, 3, {}});
  REQUIRE(one.ok());
  REQUIRE(three.ok());
  CHECK(one.value() == three.value());
  simulator::Forecast slowly(plan, {}, 100);
  for (const Happened& instant : happened) {
    slowly.take(instant.at, instant.events, instant.written);
  }
  std::uint32_t pieces = 0;
  for (;;) {
    const auto complete = slowly.work(now, 7);
    REQUIRE(complete.ok());
    ++pieces;
    CHECK(slowly.prospect().has_value() == complete.value());
    if (complete.value()) break;
  }
  CHECK(pieces > 50);
  CHECK(slowly.prospect() == one.value());
}

TEST_CASE("so many runs as their time is worth") {
  CHECK(simulator::affordable_runs(test::tiny_plan("Update on a"), 100'000, 400) == 400);
  CHECK(simulator::affordable_runs(test::tiny_plan("Update on t1..t999: x; y"), 100'000, 400) ==
        50);
  CHECK(simulator::affordable_runs(test::tiny_plan("Update on t1..t999: x; y"), 100, 400) == 20);
}
