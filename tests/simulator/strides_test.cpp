// Plain lanes in one stride: the same summary as event by event, to the letter.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "simulator/simulator.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using scheduler::Follows;
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
  using simulator::Pace;
  Settings settings;
  settings.seed = seed;
  for (const auto detail : {scheduler::Detail::Summary, scheduler::Detail::Lanes}) {
    settings.detail = detail;
    settings.pace = Pace::Commands;
    const auto slow = simulator::simulate(plan, settings);
    for (const Pace pace : {Pace::Actions, Pace::Strides}) {
      settings.pace = pace;
      const auto quick = simulator::simulate(plan, settings);
      REQUIRE(slow.ok() == quick.ok());
      if (slow) REQUIRE(slow.value().timeline == quick.value().timeline);
    }
  }
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

TEST_CASE("timeouts that hang on the target cut the same lanes with strides and without") {
  std::uint32_t cut = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    test::Dice dice(seed * 31);
    std::string limits = "time limit:";
    for (int i = 1; i <= 40; ++i) {
      limits += fmt::format("{} w{} {}", i == 1 ? "" : ",", i, 6 + dice.below(40));
    }
    const plan::Plan plan = test::tiny_plan(
        limits +
        "\nU on w1..w40, window 4, continue: x, takes 1 to 9, timeout limit; "
        "y, takes 5 to 12; z, takes 3 to 8, timeout 8; q, takes 2 to 9, timeout limit");
    REQUIRE(has_plain_task(plan));
    check_same(plan, seed);
    Settings settings;
    settings.seed = seed;
    settings.detail = scheduler::Detail::Summary;
    settings.pace = simulator::Pace::Strides;
    cut += simulator::simulate(plan, settings).value().timeline.outcome == scheduler::State::Failed
               ? 1U
               : 0U;
  }
  CHECK(cut > 100);
  CHECK(cut < 300);
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

TEST_CASE("an attempt that ends well has one successor where nothing else hangs on it") {
  const auto successor = [](std::string_view text, std::uint32_t follow = 0) {
    const plan::Plan plan = test::tiny_plan(text);
    scheduler::Scheduler scheduler(plan);
    scheduler::Commands commands;
    scheduler.apply({0}, {}, commands);
    for (std::uint32_t i = 0; i < follow; ++i) {
      const scheduler::Successor next = scheduler.successor(0);
      REQUIRE(next.follows != Follows::More);
      scheduler.follow({i + 1}, 0, next, next.task);
    }
    return scheduler.successor(0).follows;
  };
  CHECK(successor("Update on a b c, window 1: x; y") == Follows::Task);
  CHECK(successor("Update on a b c, window 1: x; y", 1) == Follows::Lane);
  CHECK(successor("Update on a b c, window 1: x; y", 2) == Follows::Task);
  CHECK(successor("Update on a b c, window 1: x; y", 5) == Follows::More);  // there is no lane left
  CHECK(successor("Update on a b c, window 1: x; y, drains") == Follows::Task);
  CHECK(successor("Update on a b c, window 1: x; y, manual") == Follows::More);
  CHECK(successor("Update on a b c, window 1: x; y, verify []", 1) == Follows::More);
  CHECK(successor("Update on a b c, batches 1 2: x") == Follows::More);
  CHECK(successor("Update on a b c, window 1, stagger 5: x") == Follows::More);
  CHECK(successor("! resource license 2\nUpdate on a b c, window 1: x, uses 1 license; y") ==
        Follows::More);
  const std::string contract = "! role web: a b c d\n! require available web >= 2\n";
  CHECK(successor(contract + "Update on a b c d, window 4: x, drains; y, restores") ==
        Follows::Task);
  CHECK(successor(contract + "Update on a b c d, window 4: x, drains; y, restores", 1) ==
        Follows::Lane);
  // Its target stays out: the place is not given back.
  CHECK(successor(contract + "Update on a b c d, window 4: x, drains") == Follows::More);
}

TEST_CASE("what is followed and what is told may take turns") {
  const plan::Plan plan = test::tiny_plan("Update on w1..w9, window 2: x; y");
  scheduler::Scheduler told(plan);
  scheduler::Scheduler followed(plan);
  scheduler::Commands commands;
  told.apply({0}, {}, commands);
  followed.apply({0}, {}, commands);
  scheduler::Action action = commands.back().action;
  const std::uint32_t slot = action.slot;
  for (std::int64_t now = 1; now <= 9; ++now) {
    const std::vector<scheduler::Event> ended{{.action = action}};
    const scheduler::Successor next = followed.successor(slot);
    told.apply({now}, ended, commands);
    REQUIRE(commands.back().kind == scheduler::Command::Kind::StartAction);
    action = commands.back().action;
    REQUIRE(next.follows != Follows::More);
    CHECK(next.lane == action.lane);
    CHECK(next.task == action.task);
    if (now % 3 != 0) {
      followed.follow({now}, slot, next, next.task);
      continue;
    }
    const scheduler::Commands expected = commands;
    followed.apply({now}, ended, commands);
    CHECK(commands == expected);
  }
}

namespace {

std::string names(std::uint32_t first, std::uint32_t last) {
  std::string text;
  for (std::uint32_t i = first; i <= last; ++i) text += " w" + std::to_string(i);
  return text;
}

// Each attempt between 1 and `longest` ms; some tasks fail now and then.
void set_lengths(plan::Plan& plan, test::Dice& dice) {
  const std::uint32_t longest = dice.chance(50) ? 4 : 3000;
  const bool fails = dice.chance(50);
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      task.takes.kind = Kind::Uniform;
      task.takes.low = plan::constant({Duration{dice.chance(10) ? 0 : 1}});
      task.takes.high = plan::constant({Duration{1 + dice.below(longest)}});
      task.takes.mode = task.takes.high;
      if (fails && dice.chance(50)) task.fails = plan::Percentage{dice.below(4) * 1'000'000};
    }
  }
}

}  // namespace

TEST_CASE("long steps have the same summary however they go on") {
  const std::string role = "! role web:" + names(1, 90) + "\n";
  const std::string half = role + "! role shop:" + names(31, 70) + "\n";
  const std::string contract = role + "! require available web >= 80\n";
  const std::vector<std::string> texts{
      role + "Update on w1..w90, window 7: x; y; z",
      role + "Update on w1..w90, window 7, tolerate 3: x, drains; y, retry 2; z, restores",
      half + "Update on w1..w90, window 9: x, drains; y; z, restores",
      contract + "Update on w1..w90, window 30: x, drains; y; z, restores",
      contract + "Update on w1..w90, window 30, tolerate 2: x; y, drains; z, restores",
      contract + "Update on w1..w90, window 30: x, interrupts",
      contract + "Update on w1..w90, window 4: x, drains; y, timeout 2000; z, restores",
      contract + "! at most 11\nUpdate on w1..w90, window 30: x, drains; y, restores",
      contract + "Drain on w1..w5: x, drains\nUpdate on w1..w90, window 30: x, drains; y, restores",
      role +
          "! at most 11\nA on w1..w40, window 9: x; y\nB on w41..w90, window 9, with previous: x",
      role + "A on w1..w40, window 9: x; y\nB on w41..w90, window 9, with previous: x; y; z",
      role + "A on w1..w50, window 9: x; y\nB on w41..w90, window 9, with previous: x; y; z",
      role + "Update on w1..w90, batches 1 9 30%: x; y",
      role + "Update on w1..w90, window 9, tolerate 1, rollback all: x, undo []; y",
      role + "Update on w1..w90, window 9, tolerate 5, rollback: x, undo []; y",
      role + "Update on w1..w90, window 9: a; b; c; d; e; f; g; h; i; j",
  };
  for (const std::string& text : texts) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      INFO("seed " << seed << " of\n" << text.substr(text.find("web:")));
      plan::Plan plan = test::tiny_plan(text);
      test::Dice dice(seed);
      set_lengths(plan, dice);
      check_same(plan, seed);
    }
  }
}

TEST_CASE("lanes proceed one after the other where nothing but their order counts") {
  const auto count = [](std::string_view text) {
    const plan::Plan plan = test::tiny_plan(text);
    scheduler::Scheduler scheduler(plan);
    scheduler::Commands commands;
    scheduler.apply({0}, {}, commands);
    scheduler::Action action = commands.back().action;
    action = scheduler.stride(action, scheduler.plain_until(action));
    return scheduler.procession(action.slot).count;
  };
  CHECK(count("Update on w1..w90, window 7: x; y; z") == 83);
  CHECK(count("Update on w1..w90, batches 40 50: x") == 0);  // all of the batch has begun
  CHECK(count("Update on w1..w90, batches 40 50, window 9: x") == 31);
  CHECK(count("Update on w1..w90, window 7: x; y, interrupts; z") == 0);
  CHECK(count("Update on w1..w90, window 7: x; y, manual") == 0);
}
