// What the scheduler alone costs: R(targets, window, tasks), one step in a rolling window, driven
// by a heap of durations and nothing else: no timeline, no names, no drawing. Beside limit_engine
// it says how far the state machine is from an engine for this one scenario.
//
// usage: scheduler_events N W K; prints the makespan in milliseconds and events a second of CPU
// time.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "bench/rolling.h"
#include "scheduler/scheduler.h"

namespace {

using namespace sluice;
using scheduler::Command;
using scheduler::Event;

// 500 to 1549 ms.
std::int64_t length_of(const scheduler::Action& action) {
  std::uint64_t bits = (std::uint64_t{action.lane} << 8U | action.task) * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 29U)) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::int64_t>(500 + (bits >> 40U) % 1050);
}

struct Due {
  std::int64_t at;
  scheduler::Action action;
};
bool later(const Due& a, const Due& b) {
  return a.at > b.at;
}

struct Result {
  std::uint64_t events = 0;
  std::int64_t makespan = 0;
  double seconds = 0;
};

Result carry_out(const plan::Plan& plan) {
  Result result;
  std::vector<Due> due;
  std::vector<Event> events;
  scheduler::Commands commands;
  const std::clock_t begin = std::clock();
  scheduler::Scheduler scheduler(plan);
  std::int64_t now = 0;
  while (true) {
    scheduler.apply({now}, events, commands);
    result.events += events.size();
    if (scheduler.ended()) break;
    events.clear();
    for (const Command& command : commands) {
      if (command.kind != Command::Kind::StartAction) continue;
      due.push_back({now + length_of(command.action), command.action});
      std::push_heap(due.begin(), due.end(), later);
    }
    now = due.front().at;
    while (!due.empty() && due.front().at == now) {
      events.push_back({.action = due.front().action});
      std::pop_heap(due.begin(), due.end(), later);
      due.pop_back();
    }
  }
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  result.seconds = took;
  result.makespan = now;
  return result;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: scheduler_events TARGETS WINDOW TASKS\n");
    return 2;
  }
  const auto number = [&](int word) {
    return static_cast<std::uint32_t>(std::strtoul(words[word], nullptr, 10));
  };
  const plan::Plan plan = bench::rolling(number(1), number(2), number(3), {});
  const Result result = carry_out(plan);
  std::printf("{\"makespan_ms\": %lld, \"seconds\": %.4f, \"events_per_second\": %.0f}\n",
              static_cast<long long>(result.makespan), result.seconds,
              static_cast<double>(result.events) / result.seconds);
  return 0;
}
