// Where a run leaves its prediction: cases worked out by hand. The controller's own work is allowed
// 2% and 50 ms for each action of a chain.
#include "simulator/alarm.h"

#include <catch2/catch.hpp>

#include "simulator/attempts.h"
#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using base::Instant;
using scheduler::Event;
using scheduler::Outcome;
using simulator::Alarm;
using simulator::Alarms;

namespace {

constexpr std::int64_t second = 1'000;

// A plan whose file says how long everything takes.
plan::Plan said(std::string_view text) {
  plan::Plan plan = test::tiny_plan(text);
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) task.takes.assumed = false;
  }
  return plan;
}

// A run by hand: whatever is at work ends when it is told to.
class Played {
 public:
  explicit Played(const plan::Plan& plan, bool expecting = true)
      : plan_(plan), machine_(plan), alarms(plan) {
    if (expecting) expect();
    apply(0, {});
  }
  void expect() {
    const auto prospect = simulator::forecast(plan_, {}, {}, {0}, {100, 1, {}});
    REQUIRE(prospect.ok());
    alarms.expect(prospect.value());
  }
  void end_all(std::int64_t at, Outcome outcome = Outcome::Succeeded) {
    std::vector<Event> events;
    for (const scheduler::Action& action : at_work_) {
      events.push_back({.action = action, .outcome = outcome});
    }
    at_work_.clear();
    apply(at, events);
  }
  void say(std::int64_t at, Event::Kind kind) {
    Event event;
    event.kind = kind;
    apply(at, {event});
  }
  std::vector<Alarm> look(std::int64_t at) { return alarms.take({at}); }

 private:
  void apply(std::int64_t at, const std::vector<Event>& events) {
    machine_.apply({at}, events, commands_);
    alarms.observe({at}, events, commands_);
    for (const scheduler::Command& command : commands_) {
      if (command.kind == scheduler::Command::Kind::StartAction) at_work_.push_back(command.action);
    }
  }

  const plan::Plan& plan_;
  scheduler::Scheduler machine_;
  scheduler::Commands commands_;
  std::vector<scheduler::Action> at_work_;

 public:
  Alarms alarms;
};

constexpr Alarm longer(std::uint32_t step, std::int64_t took, std::int64_t predicted, bool over) {
  return {plan::StepId{step}, over, {took}, {{predicted}, {predicted}, {predicted}}};
}

}  // namespace

TEST_CASE("a step that takes longer than predicted is told once, when it does") {
  const plan::Plan plan = said("Update on a b, window 1: x, takes 10000; y, takes 20000");
  Played run(plan);
  // 60 s, and 2% and four times 50 ms beyond.
  CHECK(run.alarms.next() == Instant{61'401});
  CHECK(run.look(61'400).empty());
  CHECK(run.look(61'401) == std::vector{longer(0, 61'401, 60 * second, false)});
  CHECK(run.look(90 * second).empty());
  CHECK(run.alarms.next() == Instant::never());
  for (const std::int64_t at : {100, 110, 120, 130}) run.end_all(at * second);
  CHECK(run.look(130 * second).empty());
}

TEST_CASE("a step that was over sooner than predicted is told when it is") {
  const plan::Plan plan = said("Update on a: x, takes 10000");
  Played run(plan);
  run.end_all(9'000);
  CHECK(run.look(9'000) == std::vector{longer(0, 9'000, 10 * second, true)});
  CHECK_FALSE(longer(0, 9'000, 10 * second, true).longer());
  Played near(plan);
  near.end_all(9'750);
  CHECK(near.look(9'750).empty());
  CHECK(near.look(90'000).empty());
}

TEST_CASE("a step's time counts from its begin, and the whole has a time of its own") {
  const plan::Plan plan = said("A on a: x, takes 10000\nB on a: y, takes 10000");
  Played run(plan);
  run.end_all(10'200);
  CHECK(run.look(10'200).empty());
  CHECK(run.alarms.next() == Instant{20'451});  // 10.2 s, 10 s, 2% and 50 ms
  run.end_all(20'400);
  CHECK(run.look(20'400).empty());
  // Each is nearly late, and both together are: 20 s, 2% and 100 ms.
  Played late(plan);
  late.end_all(10'250);
  CHECK(late.look(10'250).empty());
  late.end_all(20'501);
  CHECK(late.look(20'501) ==
        std::vector{longer(1, 10'251, 10 * second, true),
                    Alarm{{}, true, {20'501}, {{20'000}, {20'000}, {20'000}}}});
}

TEST_CASE("what fails is held to nothing, nor what comes after an operator's word") {
  const plan::Plan plan = said("A on a: x, takes 10000\nB on a: y, takes 10000");
  Played failed(plan);
  failed.end_all(100, Outcome::Failed);
  CHECK(failed.look(100).empty());
  CHECK(failed.look(900'000).empty());
  Played paused(plan);
  paused.say(5'000, Event::Kind::Pause);
  CHECK(paused.look(60'000).empty());
  paused.end_all(60'000);
  paused.say(90'000, Event::Kind::Continue);
  CHECK(paused.look(90'000).empty());
  // What begins afterwards is.
  CHECK(paused.look(100'251) == std::vector{longer(1, 10'251, 10 * second, false)});
}

TEST_CASE("what is being undone is held to nothing: it has failed, and is told as that") {
  for (const char* how : {"rollback", "rollback all"}) {
    const plan::Plan plan =
        said(std::string("A on a, ") + how + ": x, takes 10000, undo\nB on a: y, takes 10000");
    Played run(plan);
    run.end_all(100, Outcome::Failed);
    CHECK(run.look(90'000).empty());  // the undo goes on
    CHECK(run.alarms.next() == Instant::never());
    run.end_all(90'000);
    CHECK(run.look(90'000).empty());
  }
}

TEST_CASE("steps of which nobody says how long they take, or that people do, are held to nothing") {
  plan::Plan plan = said("A on a: x, takes 10000\nB: ask, manual, takes 10000");
  CHECK(Alarms(plan).any());
  plan.steps[plan::StepId{0}].tasks[0].takes.assumed = true;
  CHECK_FALSE(Alarms(plan).any());
}

TEST_CASE("a prediction that comes later than the step is still held against it") {
  const plan::Plan plan = said("Update on a: x, takes 10000");
  Played run(plan, false);
  CHECK(run.look(20'000).empty());
  CHECK(run.alarms.next() == Instant::never());
  run.expect();
  CHECK(run.look(20'000) == std::vector{longer(0, 20'000, 10 * second, false)});
}

TEST_CASE("the range is that of 9 of 10 runs") {
  plan::Plan plan = said("Update on a: x");
  plan::Task& task = plan.steps[plan::StepId{0}].tasks[0];
  task.takes.kind = plan::DurationModel::Kind::Uniform;
  task.takes.low = plan::constant({Duration{100 * second}});
  task.takes.high = plan::constant({Duration{200 * second}});
  const auto prospect = simulator::forecast(plan, {}, {}, {0}, {20'000, 1, {}});
  REQUIRE(prospect.ok());
  const simulator::Span& length = prospect.value().steps[0].length;
  CHECK(static_cast<double>(length.low.ms) == Approx(105 * second).epsilon(0.01));
  CHECK(static_cast<double>(length.middle.ms) == Approx(150 * second).epsilon(0.01));
  CHECK(static_cast<double>(length.high.ms) == Approx(195 * second).epsilon(0.01));
}
