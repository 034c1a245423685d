// Plain lanes in one stride: the same summary as event by event, to the letter.
#include <catch2/catch.hpp>

#include "simulator/simulator.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using simulator::Settings;
using Kind = plan::DurationModel::Kind;

namespace {

// Short ones, so that much is simultaneous; now and then no time at all, or a failure.
void set_durations(plan::Plan& plan, test::Dice& dice) {
  const std::uint32_t longest = dice.chance(30) ? 3 : 40;
  const std::uint32_t failing = dice.chance(40) ? 0 : 10;
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      task.takes.kind = dice.chance(40) ? Kind::Constant : Kind::Uniform;
      const std::int64_t low = dice.below(longest);
      task.takes.low = plan::constant({Duration{low}});
      task.takes.high = plan::constant({Duration{low + dice.below(longest)}});
      task.takes.mode = task.takes.high;
      if (dice.chance(failing)) task.fails = plan::Percentage{dice.below(60) * 1'000'000};
    }
  }
}

bool has_plain_task(const plan::Plan& plan) {
  scheduler::Scheduler scheduler(plan);
  scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  for (const scheduler::Command& command : commands) {
    if (command.kind != scheduler::Command::Kind::StartAction) continue;
    if (scheduler.plain_until(command.action) > command.action.task) return true;
  }
  return false;
}

void check_same(const plan::Plan& plan, std::uint64_t seed) {
  Settings settings;
  settings.seed = seed;
  settings.detail = scheduler::Detail::Summary;
  settings.strides = false;
  const auto slow = simulator::simulate(plan, settings);
  settings.strides = true;
  const auto quick = simulator::simulate(plan, settings);
  REQUIRE(slow.ok() == quick.ok());
  if (!slow) return;
  REQUIRE(slow.value().timeline == quick.value().timeline);
}

}  // namespace

TEST_CASE("random plans have the same summary with strides and without") {
  std::uint32_t plain = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    plan::Plan plan = test::random_schedule(seed, {seed % 3 != 0, seed % 2 == 0});
    test::Dice dice(seed * 77);
    set_durations(plan, dice);
    plain += has_plain_task(plan) ? 1U : 0U;
    check_same(plan, seed);
  }
  CHECK(plain > 500);
}

TEST_CASE("plans with effects and distributions have the same summary with strides and without") {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    INFO("seed " << seed);
    check_same(test::random_plan(seed), seed);
  }
}

TEST_CASE("a stride ends where somebody could tell") {
  const auto until = [](std::string_view text) {
    const plan::Plan plan = test::tiny_plan(text);
    scheduler::Scheduler scheduler(plan);
    scheduler::Commands commands;
    scheduler.apply({0}, {}, commands);
    for (const scheduler::Command& command : commands) {
      if (command.kind == scheduler::Command::Kind::StartAction) {
        return scheduler.plain_until(command.action);
      }
    }
    return scheduler::Action::none;
  };
  CHECK(until("Update on a b, window 1: x; y; z") == 2);
  CHECK(until("Update on a b, window 1: x, drains; y; z, restores") == 2);
  CHECK(until("Update on a b, window 1: x, drains; y, interrupts; z, restores") == 0);
  CHECK(until("Update on a b, window 1: x, restores; y; z") == 0);
  CHECK(until("Update on a b, window 1: x; y, drains; z") == 0);
  CHECK(until("Update on a b, window 1: x; y, failure; z") == 0);
  CHECK(until("Update on a b, window 1: x; y, always; z") == 2);
  CHECK(until("Update on a b, window 1: x; y, disabled; z") == 0);
  CHECK(until("Update on a b, window 1: x; y, manual; z") == 0);
  CHECK(until("Update on a b, window 1: x; y, verify []; z") == 1);
  CHECK(until("Update on a b, window 1: x; y, retry 2, timeout 5; z") == 2);
}

TEST_CASE("a lane that has failed goes on step by step") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1, tolerate 2: x; y, always; z");
  scheduler::Scheduler scheduler(plan);
  scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  const std::vector<scheduler::Event> failed{
      {.action = commands.back().action, .outcome = scheduler::Outcome::Failed}};
  scheduler.apply({5}, failed, commands);
  REQUIRE(commands.back().kind == scheduler::Command::Kind::StartAction);
  CHECK(commands.back().action.task == 1);
  CHECK(scheduler.plain_until(commands.back().action) == 1);
}

TEST_CASE("a lane that strode ends as one that went step by step") {
  const plan::Plan plan = test::tiny_plan("Update on a b, window 1: x; y; z");
  scheduler::Scheduler scheduler(plan);
  scheduler::Commands commands;
  scheduler.apply({0}, {}, commands);
  REQUIRE(commands.back().kind == scheduler::Command::Kind::StartAction);
  const scheduler::Action last = scheduler.stride(commands.back().action, 2);
  CHECK(last.task == 2);
  CHECK(last.attempt == 1);
  const std::vector<scheduler::Event> ended{{.action = last}};
  scheduler.apply({9}, ended, commands);
  REQUIRE(commands.size() == 4);
  CHECK(commands[0].kind == scheduler::Command::Kind::TaskEnded);
  CHECK(commands[0].action == last);
  CHECK(commands[1].kind == scheduler::Command::Kind::LaneEnded);
  CHECK(commands[1].state == scheduler::State::Succeeded);
  CHECK(commands[2].kind == scheduler::Command::Kind::LaneBegan);
  CHECK(commands[3].kind == scheduler::Command::Kind::StartAction);
}
