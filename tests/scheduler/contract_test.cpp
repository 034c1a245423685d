// What the scheduler says of itself, and what may not happen at all.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "scheduler/scheduler.h"
#include "support/tiny_plan.h"

using namespace sluice;
using test::tiny_plan;

TEST_CASE("it says how it stands, and when nothing is open") {
  const plan::Plan plan = tiny_plan("A on a, retry 1 every 5\nB on a");
  scheduler::Scheduler scheduler(plan);
  scheduler::Commands commands;
  CHECK(scheduler.state() == scheduler::State::NotStarted);
  scheduler.apply({0}, {}, commands);
  const scheduler::Action first = commands[2].action;
  CHECK(scheduler.state() == scheduler::State::Running);
  CHECK(scheduler.in_flight() == 1);
  CHECK_FALSE(scheduler.at_rest());
  scheduler::Event pause;
  pause.kind = scheduler::Event::Kind::Pause;
  scheduler.apply({1}, {&pause, 1}, commands);
  CHECK(scheduler.state() == scheduler::State::Paused);
  CHECK_FALSE(scheduler.at_rest());
  scheduler::Event end;
  end.action = first;
  end.outcome = scheduler::Outcome::Failed;
  scheduler.apply({2}, {&end, 1}, commands);
  CHECK_FALSE(scheduler.at_rest());  // a timer is awaited
  scheduler::Event over;
  over.kind = scheduler::Event::Kind::TimerFired;
  over.timer = scheduler::TimerKind::RetryPause;
  over.action = first;
  scheduler.apply({7}, {&over, 1}, commands);
  REQUIRE(commands.size() == 1);
  end.action = commands[0].action;
  end.outcome = scheduler::Outcome::Succeeded;
  scheduler.apply({9}, {&end, 1}, commands);
  CHECK(scheduler.at_rest());
  CHECK(scheduler.state() == scheduler::State::Paused);
  CHECK(scheduler.in_flight() == 0);
  CHECK_FALSE(scheduler.ended());
}

namespace {

// The exit status of a process of its own that does it: a check that fails ends the process.
template <class Does>
int status_of(Does does) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(2);
    does();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("an end that answers no start is our bug") {
  const plan::Plan plan = tiny_plan("A on a b, window 1");
  scheduler::Commands commands;
  const auto started = [&](scheduler::Scheduler& scheduler) {
    scheduler.apply({0}, {}, commands);
    return scheduler::Event{.action = commands[2].action};
  };
  CHECK(status_of([&] {  // it answers
          scheduler::Scheduler scheduler(plan);
          const scheduler::Event event = started(scheduler);
          scheduler.apply({1}, {&event, 1}, commands);
        }) == 0);
  CHECK(status_of([&] {  // twice
          scheduler::Scheduler scheduler(plan);
          const scheduler::Event event = started(scheduler);
          const scheduler::Event both[] = {event, event};
          scheduler.apply({1}, both, commands);
        }) == 5);
  CHECK(status_of([&] {  // another lane's
          scheduler::Scheduler scheduler(plan);
          scheduler::Event event = started(scheduler);
          event.action.lane = 1;
          scheduler.apply({1}, {&event, 1}, commands);
        }) == 5);
  CHECK(status_of([&] {  // in a slot that is not there
          scheduler::Scheduler scheduler(plan);
          scheduler::Event event = started(scheduler);
          event.action.slot = 77;
          scheduler.apply({1}, {&event, 1}, commands);
        }) == 5);
}

TEST_CASE("time does not go back") {
  const plan::Plan plan = tiny_plan("A on a");
  CHECK(status_of([&] {
          scheduler::Scheduler scheduler(plan);
          scheduler::Commands commands;
          scheduler.apply({10}, {}, commands);
          scheduler.apply({9}, {}, commands);
        }) == 5);
}

TEST_CASE("steps that wait for each other in a circle are refused") {
  plan::Plan plan = tiny_plan("A on a\nB on a");
  plan::Join join;
  join.steps = {plan::StepId{1}};
  plan.steps[plan::StepId{0}].join = plan.joins.add(join);
  CHECK(status_of([&] { const scheduler::Scheduler scheduler(plan); }) == 5);
}
