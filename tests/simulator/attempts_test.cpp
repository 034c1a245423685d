// What is drawn for an attempt: by name and not by position, and how it ends.
#include "simulator/attempts.h"

#include <catch2/catch.hpp>

#include "support/tiny_plan.h"

using namespace sluice;
using base::Duration;
using scheduler::Action;
using scheduler::Outcome;
using simulator::Attempt;
using simulator::Attempts;
using simulator::Settings;
using Kind = plan::DurationModel::Kind;

namespace {

Action action(std::uint32_t step, std::uint32_t lane, std::uint32_t task = 0,
              std::uint32_t attempt = 1) {
  Action made;
  made.step = plan::StepId{step};
  made.lane = lane;
  made.task = task;
  made.attempt = attempt;
  return made;
}

plan::Task& task_of(plan::Plan& plan, std::uint32_t step, std::uint32_t task = 0) {
  return plan.steps[plan::StepId{step}].tasks[task];
}

void set_model(plan::Work& work, Kind kind, std::int64_t low, std::int64_t high = 0,
               std::int64_t mode = 0) {
  work.takes.kind = kind;
  work.takes.low = plan::constant({Duration{low}});
  work.takes.high = plan::constant({Duration{high}});
  work.takes.mode = plan::constant({Duration{mode}});
}

Attempt draw(const Attempts& attempts, const Action& what, std::uint32_t run = 0) {
  const auto attempt = attempts.draw(what, run);
  REQUIRE(attempt.ok());
  return attempt.value();
}

std::vector<std::int64_t> lengths(const plan::Plan& plan, std::uint32_t lanes) {
  const Settings settings;
  const Attempts attempts(plan, settings);
  std::vector<std::int64_t> all;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    all.push_back(draw(attempts, action(0, lane)).takes.ms);
  }
  return all;
}

// How many of 10,000 targets' first attempts end so.
std::uint32_t count(const plan::Plan& plan, Outcome outcome, std::uint32_t attempt = 1) {
  Settings settings;
  const Attempts attempts(plan, settings);
  std::uint32_t found = 0;
  for (std::uint32_t lane = 0; lane < 10'000; ++lane) {
    found += draw(attempts, action(0, lane, 0, attempt)).outcome == outcome ? 1U : 0U;
  }
  return found;
}

Attempt of(const simulator::DrawnLane& drawn, std::uint32_t at) {
  return {{drawn.takes[at]}, drawn.fails(at) ? Outcome::Failed : Outcome::Succeeded};
}

}  // namespace

TEST_CASE("what each distribution draws for seed 1 is the same for ever") {
  plan::Plan plan = test::tiny_plan("U on a b c");
  using Values = std::vector<std::int64_t>;
  plan::Task& task = task_of(plan, 0);
  set_model(task, Kind::Uniform, 20'000, 40'000);
  CHECK(lengths(plan, 3) == Values{24'603, 32'650, 37'316});
  set_model(task, Kind::Normal, 30'000, 5'000);
  CHECK(lengths(plan, 3) == Values{26'308, 31'692, 35'533});
  set_model(task, Kind::Lognormal, 30'000, 60'000);
  CHECK(lengths(plan, 3) == Values{21'978, 34'598, 47'826});
  set_model(task, Kind::Triangular, 20'000, 60'000, 30'000);
  CHECK(lengths(plan, 3) == Values{29'595, 38'999, 47'309});
  set_model(task, Kind::Exponential, 30'000);
  CHECK(lengths(plan, 3) == Values{7'847, 30'029, 60'250});
}

TEST_CASE("a draw hangs on the names of step, child step and target, on part, attempt and run") {
  plan::Plan plan = test::tiny_plan("U on a b: x, takes 0 to 1000000; y, takes 0 to 1000000");
  plan::Task& first = task_of(plan, 0, 0);
  first.verify = plan::Work(first);
  first.undo = plan::Work(first);
  const Settings settings;
  const Attempts attempts(plan, settings);
  std::vector<std::int64_t> drawn;
  const auto add = [&](Action what, std::uint32_t run = 0) {
    drawn.push_back(draw(attempts, what, run).takes.ms);
  };
  add(action(0, 0, 0));
  add(action(0, 1, 0));
  add(action(0, 0, 1));
  add(action(0, 0, 0, 2));
  add(action(0, 0, 0), 1);
  for (const auto part : {scheduler::Part::Before, scheduler::Part::Verify, scheduler::Part::Undo,
                          scheduler::Part::Census}) {
    Action what = action(0, 0, 0);
    what.part = part;
    add(what);
  }
  std::vector<std::int64_t> sorted = drawn;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  Action elsewhere = action(0, 0, 0);
  elsewhere.slot = 17;  // the scheduler's handle is no part of an identity
  CHECK(draw(attempts, elsewhere).takes.ms == drawn[0]);
}

TEST_CASE("a duration over the target's properties is worked out for each") {
  plan::Plan plan = test::tiny_plan("U on a b c");
  plan::Expression own;
  own.op = plan::Operator::TargetProperty;
  own.type = plan::Type::Duration;
  own.stage = plan::Stage::PerTarget;
  own.name = "length";
  task_of(plan, 0).takes.low = own;
  plan.targets.set_properties(plan::TargetId{0},
                              plan.property_sets.add({{"length", {Duration{7'000}}}}));
  plan.targets.set_properties(plan::TargetId{1},
                              plan.property_sets.add({{"length", {Duration{9'000}}}}));
  const Settings settings;
  const Attempts attempts(plan, settings);
  CHECK(draw(attempts, action(0, 0)).takes == Duration{7'000});
  CHECK(draw(attempts, action(0, 1)).takes == Duration{9'000});
  const auto missing = attempts.draw(action(0, 2), 0);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.starts_with("cannot tell how long `U` takes on `c`: "));
}

TEST_CASE("a via with several hosts takes the longest of their draws") {
  plan::Plan plan = test::tiny_plan("U on a\nHosts on h1 h2 h3");
  plan::Task& task = task_of(plan, 0);
  set_model(task, Kind::Exponential, 30'000);
  Settings settings;
  std::int64_t longer = 0;
  for (std::uint32_t run = 0; run < 400; ++run) {
    plan::Plan through = plan;
    plan::Task& via = task_of(through, 0);
    via.via.kind = plan::Via::Kind::Each;
    std::int64_t longest = 0;
    for (std::uint32_t host = 1; host <= 3; ++host) {
      plan::TargetList single;
      single.add(plan::TargetId{host});
      via.via.hosts = through.target_lists.add(std::move(single));
      longest = std::max(longest, draw(Attempts(through, settings), action(0, 0), run).takes.ms);
    }
    via.via.hosts = plan.steps[plan::StepId{1}].targets;
    CHECK(draw(Attempts(through, settings), action(0, 0), run).takes.ms == longest);
    longer += longest;
  }
  // The mean of the longest of three: 30 s × (1 + 1/2 + 1/3) = 55 s.
  CHECK(longer / 400 > 51'000);
  CHECK(longer / 400 < 59'000);
}

TEST_CASE("fails is the chance of each attempt by itself") {
  plan::Plan plan = test::tiny_plan("U on w1..w10000");
  task_of(plan, 0).fails = plan::Percentage{2'000'000};
  const std::uint32_t failed = count(plan, Outcome::Failed);
  CHECK(failed > 200 - 4 * 14);  // four standard deviations
  CHECK(failed < 200 + 4 * 14);
  CHECK(count(plan, Outcome::Failed, 2) != failed);
  task_of(plan, 0).fails = plan::Percentage{100'000'000};
  CHECK(count(plan, Outcome::Failed) == 10'000);
  task_of(plan, 0).fails = plan::Percentage{0};
  CHECK(count(plan, Outcome::Failed) == 0);
}

TEST_CASE("offline is the chance that a target is out of reach at its first attempt alone") {
  plan::Plan plan = test::tiny_plan("U on w1..w10000");
  task_of(plan, 0).offline = plan::Percentage{10'000'000};
  const std::uint32_t lost = count(plan, Outcome::Unreachable);
  CHECK(lost > 1000 - 4 * 30);
  CHECK(lost < 1000 + 4 * 30);
  CHECK(count(plan, Outcome::Unreachable, 2) == 0);
}

TEST_CASE("a target that cannot be reached is so for what runs on it, and fails what goes via it") {
  plan::Plan plan = test::tiny_plan("U on a b: drain; deploy; check\nL on lb1 lb2");
  plan::Task& drain = task_of(plan, 0, 0);
  drain.via.kind = plan::Via::Kind::Each;
  drain.via.hosts = plan.steps[plan::StepId{1}].targets;
  task_of(plan, 0, 2).action.kind = "http";
  Settings settings;
  settings.unreachable = {plan::TargetId{0}};
  {
    const Attempts attempts(plan, settings);
    CHECK(draw(attempts, action(0, 0, 0)).outcome == Outcome::Succeeded);
    CHECK(draw(attempts, action(0, 0, 1)).outcome == Outcome::Unreachable);
    CHECK(draw(attempts, action(0, 0, 1, 5)).outcome == Outcome::Unreachable);
    CHECK(draw(attempts, action(0, 0, 2)).outcome == Outcome::Succeeded);
    CHECK(draw(attempts, action(0, 1, 1)).outcome == Outcome::Succeeded);
  }
  settings.unreachable = {plan::TargetId{3}};
  const Attempts attempts(plan, settings);
  CHECK(draw(attempts, action(0, 0, 0)).outcome == Outcome::Failed);
  CHECK(draw(attempts, action(0, 0, 1)).outcome == Outcome::Succeeded);
}

TEST_CASE("a slowdown multiplies what was drawn") {
  plan::Plan plan = test::tiny_plan("U on a b: x, takes 100 to 900; y, takes 7");
  Settings settings;
  const Attempts plain(plan, settings);
  Settings slow = settings;
  slow.slowdowns.push_back({.step = plan::StepId{0}, .lane = 1, .factor = {3'000'000}});
  const Attempts slowed(plan, slow);
  CHECK(draw(slowed, action(0, 0)).takes == draw(plain, action(0, 0)).takes);
  CHECK(draw(slowed, action(0, 1)).takes.ms == 3 * draw(plain, action(0, 1)).takes.ms);
  CHECK(draw(slowed, action(0, 1, 1)).takes.ms == 21);
  slow.slowdowns = {
      {.step = plan::StepId{0}, .task = 1, .every_lane = true, .factor = {1'500'000}}};
  const Attempts one_task(plan, slow);
  CHECK(draw(one_task, action(0, 1)).takes == draw(plain, action(0, 1)).takes);
  CHECK(draw(one_task, action(0, 0, 1)).takes.ms == 11);  // 10.5, rounded
}

TEST_CASE("history is a table that is handed in, and too little of it is none") {
  plan::Plan plan = test::tiny_plan("U on a b: x; y");
  for (std::uint32_t task = 0; task < 2; ++task) {
    set_model(task_of(plan, 0, task), Kind::History, 30'000);
  }
  Settings settings;
  settings.history.rows.push_back(
      {"U", "x", {{1'000}, {2'000}, {3'000}, {4'000}, {5'000}, {6'000}}});
  settings.history.rows.push_back({"U", "y", {{1'000}, {2'000}}});
  const Attempts attempts(plan, settings);
  for (std::uint32_t run = 0; run < 50; ++run) {
    const Duration drawn = draw(attempts, action(0, 0, 0), run).takes;
    CHECK(drawn >= Duration{1'000});
    CHECK(drawn <= Duration{6'000});
    CHECK(draw(attempts, action(0, 0, 1), run).takes == Duration{30'000});
  }
}

TEST_CASE("attempts drawn lane by lane are those drawn one by one") {
  plan::Plan plan = test::tiny_plan(
      "Update on w1..w40, window 40: a; b; c; d; e; f; g; h; i, takes 5 to 9; j, takes 7\n");
  const std::vector<Kind> kinds{Kind::Constant,  Kind::Uniform,    Kind::Normal,
                                Kind::Lognormal, Kind::Triangular, Kind::Exponential};
  for (std::uint32_t i = 0; i < 8; ++i) {
    set_model(task_of(plan, 0, i), kinds[i % kinds.size()], 3000, 9000, 4000);
    if (i % 3 == 0) task_of(plan, 0, i).fails = plan::Percentage{30'000'000};
  }
  Settings settings;
  settings.seed = 42;
  const Attempts attempts(plan, settings);
  REQUIRE(attempts.draws_lanes(plan::StepId{0}));
  for (std::uint32_t lane = 0; lane < 40; ++lane) {
    for (const std::uint32_t first : {0U, 3U, 8U}) {
      // So many lanes at once, and this one among them.
      std::vector<simulator::DrawnLane> drawn(1 + lane % 7);
      const std::uint32_t behind = lane % (1 + lane % 7);
      attempts.draw_lanes(plan::StepId{0}, lane - behind, first, 5, drawn);
      for (std::uint32_t i = 0; i < std::min(10U - first, Attempts::block); ++i) {
        CHECK(of(drawn[behind], i) == draw(attempts, action(0, lane, first + i), 5));
      }
    }
  }
}

TEST_CASE("attempts drawn lane by lane over properties are those drawn one by one") {
  plan::Plan plan = test::tiny_plan("Update on w1..w9, window 3: a, takes 5 to 900; b\n");
  plan::Expression own;
  own.op = plan::Operator::TargetProperty;
  own.type = plan::Type::Duration;
  own.stage = plan::Stage::PerTarget;
  own.name = "length";
  task_of(plan, 0, 1).takes.low = own;
  task_of(plan, 0, 1).takes.high = plan::constant({Duration{90'000}});
  task_of(plan, 0, 1).takes.kind = Kind::Uniform;
  for (std::uint32_t i = 0; i < 9; ++i) {
    plan.targets.set_properties(plan::TargetId{i},
                                plan.property_sets.add({{"length", {Duration{1000 * i}}}}));
  }
  const Settings settings;
  const Attempts attempts(plan, settings);
  REQUIRE(attempts.draws_lanes(plan::StepId{0}));
  for (std::uint32_t lane = 0; lane < 9; ++lane) {
    std::array<simulator::DrawnLane, 1> drawn;
    attempts.draw_lanes(plan::StepId{0}, lane, 0, 7, drawn);
    CHECK(of(drawn[0], 0) == draw(attempts, action(0, lane, 0), 7));
    CHECK(of(drawn[0], 1) == draw(attempts, action(0, lane, 1), 7));
  }
}

TEST_CASE("a lane is plain where its target's own timeouts let it be") {
  const plan::Plan plan = test::tiny_plan(
      "time limit: a 10, b 4, c 5\n"
      "U on a b c: x, takes 3, timeout 3; y, takes 5, timeout limit\nV on a, timeout 7");
  const Settings settings;
  const Attempts attempts(plan, settings);
  const plan::StepId step{0};
  REQUIRE(attempts.draws_lanes(step));
  std::vector<simulator::DrawnLane> drawn(3);
  attempts.draw_lanes(step, 0, 0, 0, drawn);
  CHECK(drawn[0].simple);
  CHECK_FALSE(drawn[1].simple);
  CHECK(drawn[2].simple);  // what ends at that instant is in time
  attempts.draw_lanes(step, 1, 0, 0, std::span(drawn).first(2));
  CHECK_FALSE(drawn[0].simple);
  CHECK(drawn[1].simple);
  CHECK(attempts.timeout(step, 0, 1) == Duration{10});
  CHECK(attempts.timeout(step, 1, 1) == Duration{4});
  CHECK(attempts.timeout(step, 1, 0) == Duration{3});
  CHECK(attempts.timeout(plan::StepId{1}, 0, 0) == Duration{7});
}
