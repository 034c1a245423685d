// Nothing is allocated for an event once the scheduler is warm: this program counts.
#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <string>

#include "support/random_schedule.h"
#include "support/tiny_plan.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t size) {
  ++allocations;
  void* place = std::malloc(size == 0 ? 1 : size);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* place) noexcept {
  std::free(place);
}
void operator delete[](void* place) noexcept {
  std::free(place);
}
void operator delete(void* place, std::size_t) noexcept {
  std::free(place);
}
void operator delete[](void* place, std::size_t) noexcept {
  std::free(place);
}

using namespace sluice;

namespace {

struct Load {
  std::uint32_t failing = 0;  // every so manieth attempt fails; 0: none
  std::uint64_t events = 0;
  std::uint64_t allocated = 0;  // after the first tenth of the lanes had ended
};

// Carries a plan out in rounds: all that is at work ends together, timers fire when they may.
void carry_out(const plan::Plan& plan, std::uint32_t lanes, Load& load) {
  scheduler::Scheduler scheduler(plan);
  scheduler::Commands commands;
  std::vector<scheduler::Event> events;
  std::vector<scheduler::Event> later;
  events.reserve(4096);
  later.reserve(4096);
  commands.reserve(65536);
  std::uint32_t attempts = 0;
  std::uint32_t ended = 0;
  std::int64_t now = 0;
  while (!scheduler.ended()) {
    const std::uint64_t before = allocations;
    scheduler.apply({now++}, events, commands);
    if (ended > lanes / 10) load.allocated += allocations - before;
    load.events += events.size();
    events.clear();
    std::swap(events, later);
    for (const scheduler::Command& command : commands) {
      const bool gate = plan.steps.contains(command.action.step) &&
                        plan.steps[command.action.step].gate_of.valid();
      if (command.kind == scheduler::Command::Kind::LaneEnded && !gate) ++ended;
      if (command.kind == scheduler::Command::Kind::SetTimer) {
        const bool pause = command.timer == scheduler::TimerKind::RetryPause;
        (pause ? events : later)
            .push_back({.kind = scheduler::Event::Kind::TimerFired,
                        .action = command.action,
                        .timer = command.timer});
      }
      if (command.kind != scheduler::Command::Kind::StartAction) continue;
      const bool fails = load.failing != 0 && ++attempts % load.failing == 0;
      events.push_back(
          {.action = command.action,
           .outcome = fails ? scheduler::Outcome::Failed : scheduler::Outcome::Succeeded});
    }
  }
  CHECK(ended == lanes);
}

}  // namespace

TEST_CASE("a warm scheduler allocates nothing for an event") {
  Load load;
  carry_out(test::tiny_plan("U on w1..w2000, window 50: a; b, timeout 900; c"), 2000, load);
  CHECK(load.events > 6000);
  CHECK(load.allocated == 0);
}

TEST_CASE("a warm scheduler allocates nothing for timeouts and pauses that hang on the target") {
  Load load;
  load.failing = 7;
  std::string limits = "time limit:";
  std::string rests = "time rest:";
  for (int i = 1; i <= 2000; ++i) {
    limits += fmt::format("{} w{} {}", i == 1 ? "" : ",", i, 900 + i);
    rests += fmt::format("{} w{} {}", i == 1 ? "" : ",", i, i % 9);
  }
  carry_out(test::tiny_plan(limits + "\n" + rests +
                            "\nU on w1..w2000, window 50: a, timeout limit, retry 9; b, "
                            "retry 9 every rest backoff 2 upto limit; c, ignore"),
            2000, load);
  CHECK(load.events > 6000);
  CHECK(load.allocated == 0);
}

TEST_CASE("a warm scheduler allocates nothing for retries, pauses and ignored failures") {
  Load load;
  load.failing = 7;
  carry_out(test::tiny_plan("U on w1..w2000, window 50: a, retry 9; b, retry 9 every 5; c, ignore"),
            2000, load);
  CHECK(load.events > 6000);
  CHECK(load.allocated == 0);
}

TEST_CASE("a warm scheduler allocates nothing where steps wait for each other's targets") {
  Load load;
  carry_out(test::tiny_plan("A on w1..w2000, window 50\nB on w1..w2000, window 60, with previous"),
            4000, load);
  CHECK(load.allocated == 0);
}

TEST_CASE(
    "a warm scheduler allocates nothing for batches, their gates and the pauses of a stagger") {
  Load load;
  carry_out(test::tiny_plan("U on w1..w2000, batches 1 5 40: a; b\n- Look\n- Approve"), 2000, load);
  CHECK(load.events > 4000);
  CHECK(load.allocated == 0);
  Load staggered;
  carry_out(test::tiny_plan("U on w1..w2000, window 50, stagger 1: a; b"), 2000, staggered);
  CHECK(staggered.events > 4000);
  CHECK(staggered.allocated == 0);
}

TEST_CASE("a warm scheduler allocates nothing for a batch in lockstep, and for pieces") {
  Load load;
  carry_out(test::tiny_plan("! resource license 20\n"
                            "U on w1..w2000, batches 40, lockstep: a; b, uses 1 license; c"),
            2000, load);
  CHECK(load.events >= 6000);
  CHECK(load.allocated == 0);
  Load shared;
  carry_out(test::tiny_plan("! resource license 20\n! resource desk 7\n"
                            "U on w1..w2000, window 50: a, uses 1 license; b, uses 2 desk\n"
                            "V on v1..v2000, window 50, with previous: c, uses 3 license; d"),
            4000, shared);
  CHECK(shared.events >= 8000);
  CHECK(shared.allocated == 0);
}

TEST_CASE("a warm scheduler allocates nothing where groups, contracts and all steps have limits") {
  std::string zones;
  std::string role = "! role web:";
  for (int zone = 0; zone < 8; ++zone) {
    zones += "! zone z" + std::to_string(zone) + ":";
    for (int i = zone; i < 2000; i += 8) zones += " w" + std::to_string(i + 1);
    zones += "\n";
  }
  for (int i = 1; i <= 2000; ++i) role += " w" + std::to_string(i);
  Load load;
  carry_out(test::tiny_plan(zones + role + R"(
    ! at most 60
    ! require unavailable web per zone <= 5
    U on w1..w2000, window 50, 6 per zone: a, drains; b; c, restores
    V on w1..w2000, window 60, with previous
  )"),
            4000, load);
  CHECK(load.allocated == 0);
}
