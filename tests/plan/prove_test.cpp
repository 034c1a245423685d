// Contracts answered from the plan alone: cases worked out by hand, and every schedule of small
// plans against what was proved.
#include "plan/prove.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "plan/contracts.h"
#include "plan/longest.h"
#include "scheduler/timeline.h"
#include "support/random_outages.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using plan::Contract;
using plan::Proof;
using Comparison = plan::Contract::Comparison;

namespace {

constexpr plan::Percentage every_run{100'000'000};

const plan::Value eu{std::string("eu")};
const plan::Value us{std::string("us")};

// Four targets in one, two in the other, with a window of 2 and of 1.
void put_in_zones(plan::Plan& plan) {
  plan.property_sets.add({{"zone", eu}});
  plan.property_sets.add({{"zone", us}});
  const std::uint32_t sets = plan.property_sets.size();
  for (std::uint32_t i = 0; i < 6; ++i) plan.targets.set_properties({i}, {sets - (i < 4 ? 2 : 1)});
  plan.steps[plan::StepId{0}].group_windows = {{"zone", {{eu, {2, ""}}, {us, {1, ""}}}}};
}

plan::RoleId role_of_all(plan::Plan& plan, std::uint32_t minimum = 1) {
  plan::TargetList all;
  all.add({0}, plan.targets.size());
  return plan.roles.add({"web", plan.target_lists.add(std::move(all)), minimum});
}

Contract counts(const plan::Plan& plan, plan::RoleId role, Contract::Kind kind,
                Comparison comparison, std::uint32_t count) {
  Contract contract;
  contract.kind = kind;
  contract.role = role;
  contract.comparison = comparison;
  contract.bounds = {{{}, plan.target_lists[plan.roles[role].targets].size(), count}};
  contract.text = "contract";
  return contract;
}

Contract lasting(Contract::Kind kind, plan::RoleId role, std::int64_t ms) {
  Contract contract;
  contract.kind = kind;
  contract.role = role;
  contract.comparison = Comparison::LessOrEqual;
  contract.duration = {ms};
  contract.text = "contract";
  return contract;
}

std::string told(const Proof& proof) {
  constexpr std::string_view words[] = {"proved", "refuted", "open"};
  const auto word = words[static_cast<std::size_t>(proof.answer)];
  return proof.reason.empty() ? std::string(word) : fmt::format("{}: {}", word, proof.reason);
}

// At least `least` of all targets in service: in every run, or (`counted`) as a share of 100 %,
// which nothing but the limits keeps.
std::string available(std::string_view text, std::uint32_t least, bool counted) {
  plan::Plan plan = test::tiny_plan(text);
  const plan::RoleId role = role_of_all(plan);
  Contract contract =
      counts(plan, role, Contract::Kind::Available, Comparison::GreaterOrEqual, least);
  if (counted) contract.share = every_run;
  plan.contracts.push_back(std::move(contract));
  return told(plan::prove(plan).front());
}

std::string lasts(std::string_view text, std::int64_t ms) {
  plan::Plan plan = test::tiny_plan(text);
  plan.contracts.push_back(lasting(Contract::Kind::Duration, {}, ms));
  return told(plan::prove(plan).front());
}

std::string proved_within(std::string_view time) {
  return fmt::format(
      "proved: its timeouts and limits let it take {} at most, unless a person pauses it or what "
      "is ended at its timeout takes its time to end",
      time);
}

// Whether each contract held in one course of things.
std::vector<bool> held(const plan::Plan& plan, const test::WorldSettings& settings) {
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Summary);
  test::World world(plan, settings);
  const bool ended = world.run([&](base::Instant now, const std::vector<scheduler::Event>& events,
                                   const scheduler::Commands& commands,
                                   const auto&) { builder.observe(now, events, commands); });
  REQUIRE(ended);
  std::vector<bool> answers;
  for (const auto& contract : builder.build(world.now()).contracts)
    answers.push_back(contract.held);
  return answers;
}

// A contract of every kind about a role, with limits drawn around what may happen.
void add_random_contracts(plan::Plan& plan, plan::RoleId role, test::Dice& dice, bool with_share) {
  const std::uint32_t targets = plan.target_lists[plan.roles[role].targets].size();
  for (const auto kind : {Contract::Kind::Available, Contract::Kind::Unavailable}) {
    for (int i = 0; i < 3; ++i) {
      const auto comparison = static_cast<Comparison>(dice.below(5));
      plan.contracts.push_back(counts(plan, role, kind, comparison, dice.below(targets + 2)));
    }
  }
  plan.contracts.push_back(lasting(Contract::Kind::Downtime, role, dice.below(3)));
  plan.contracts.push_back(lasting(Contract::Kind::Duration, {}, dice.below(400)));
  if (!with_share) return;
  for (Contract& contract : plan.contracts) contract.share = every_run;
}

}  // namespace

TEST_CASE("limits prove what a window and a tolerance cannot go beyond") {
  const std::string_view update =
      "Update on w1..w10, window 3, tolerate 1: leave, drains; back, restores";
  CHECK(available(update, 6, true) ==
        "proved: at most 4 of 10 targets of `web` can be out of service at once");
  CHECK(available(update, 7, true) == "open");
  CHECK(available(update, 7, false) ==
        "proved: a target of `web` is held back rather than let more than 3 of 10 be out; the "
        "limits alone keep it to 4");
  CHECK(available(update, 6, false) ==
        "proved: at most 4 of 10 targets of `web` can be out of service at once");
  CHECK(available(update, 11, false) == "refuted: `web` has 10 targets in all");
  CHECK(available("Update on w1..w10", 10, true) ==
        "proved: nothing takes a target of `web` out of service");
}

TEST_CASE("admission proves nothing where undoing may take a target out") {
  const std::string_view update =
      "Update on w1..w10, window 3, rollback: leave, drains; back, restores, undo []";
  CHECK(available(update, 8, false) == "open");
}

TEST_CASE("downtime is proved where enough stay in service") {
  plan::Plan plan = test::tiny_plan("Update on w1..w10, window 3: leave, drains; back, restores");
  const plan::RoleId role = role_of_all(plan, 7);
  plan.contracts.push_back(lasting(Contract::Kind::Downtime, role, 0));
  CHECK(told(plan::prove(plan).front()) ==
        "proved: at most 3 of 10 targets of `web` can be out of service at once, and 7 is its "
        "minimum");
  plan.roles[role].minimum = 8;
  CHECK(told(plan::prove(plan).front()) ==
        "proved: a target of `web` is held back rather than let more than 2 of 10 be out, and 8 is "
        "its minimum; the limits alone keep it to 3");
  plan.contracts[0].duration = {60'000};
  CHECK(told(plan::prove(plan).front()) == "open");
  plan.roles[role].minimum = 11;
  CHECK(told(plan::prove(plan).front()) == "open");
}

TEST_CASE("a window for each zone proves what may be out of each zone") {
  plan::Plan plan = test::tiny_plan("Update on w1..w6, window 6: leave, drains; back, restores");
  const plan::RoleId role = role_of_all(plan);
  put_in_zones(plan);
  Contract contract = counts(plan, role, Contract::Kind::Unavailable, Comparison::LessOrEqual, 2);
  contract.per = "zone";
  contract.bounds = {{eu, 4, 2}, {us, 2, 2}};
  contract.share = every_run;
  plan.contracts.push_back(contract);
  CHECK(told(plan::prove(plan).front()) ==
        "proved: at most 2 targets of `web` can be out of service at once in any zone");
  plan.contracts[0].bounds[1].count = 0;
  CHECK(told(plan::prove(plan).front()) == "open");
}

TEST_CASE("what is held back of each zone is told beside what its own limits let be out") {
  plan::Plan plan =
      test::tiny_plan("Update on w1..w6, window 6, tolerate 1: leave, drains; back, restores");
  const plan::RoleId role = role_of_all(plan);
  put_in_zones(plan);
  Contract contract = counts(plan, role, Contract::Kind::Unavailable, Comparison::LessOrEqual, 1);
  contract.per = "zone";
  contract.bounds = {{eu, 4, 1}, {us, 2, 1}};
  plan.contracts.push_back(contract);
  // Of both zones together four could be: the windows, and one that failed.
  CHECK(told(plan::prove(plan).front()) ==
        "proved: a target of `web` is held back rather than let more than 1 of one zone be out; "
        "the limits alone keep it to 3");
  plan.contracts[0].bounds[1].count = 2;
  CHECK(told(plan::prove(plan).front()) ==
        "proved: a target of `web` is held back rather than let more than that of one zone be "
        "out; the limits alone keep it to 3");
}

TEST_CASE("a duration is proved by timeouts, and by nothing that is only an estimate") {
  CHECK(lasts("Update on w1..w10, window 3, timeout 10", 40) == proved_within("40ms"));
  CHECK(lasts("Update on w1..w10, window 3, timeout 10", 39) == "open");
  CHECK(lasts("Update on w1..w10, window 3, takes 1", 1'000'000) == "open");
  CHECK(lasts("Update on w1..w4, window 2: a, timeout 10, retry 2 every 5; b, timeout 3\nReport, "
              "timeout 4",
              90) == proved_within("90ms"));
  CHECK(lasts("Update on w1..w4, window 2, ask, timeout 10", 1'000'000) == "open");
  // Beside each other on the same targets they hold each other back.
  CHECK(lasts("A on w1..w4, timeout 10\nB on w1..w4, timeout 10, with previous", 1'000) == "open");
  CHECK(lasts("A on w1..w4, timeout 10\nB on v1..v4, timeout 20, with previous", 20) ==
        proved_within("20ms"));
}

TEST_CASE("the courses to be tried are those that the worst case is made of") {
  plan::Plan plan = test::tiny_plan(
      "Update on w1..w10, window 3, tolerate 2: leave, drains; deploy, retry 4; back, restores");
  const plan::RoleId role = role_of_all(plan);
  Contract contract = counts(plan, role, Contract::Kind::Available, Comparison::GreaterOrEqual, 6);
  contract.share = every_run;
  plan.contracts.push_back(contract);
  plan.contracts.push_back(lasting(Contract::Kind::Duration, {}, 100));
  const auto courses = plan::courses(plan, plan::prove(plan), 10);
  const plan::StepId update{0};
  REQUIRE(courses.size() == 4);
  CHECK(courses[0].failures.empty());
  CHECK(courses[1] == plan::Course{{{update, 0, 0, false}, {update, 0, 1, false}}, {}});
  CHECK(courses[2] == plan::Course{{{update, 0, 0, false}}, {}});
  CHECK(courses[3] == plan::Course{{{update, 1, 0, true, 4}}, {}});
  CHECK(plan::courses(plan, plan::prove(plan), 2).size() == 2);
}

namespace {

struct Counts {
  std::uint32_t proved = 0;
  std::uint32_t open = 0;
};

// What was proved holds in four schedules of the plan, and what was refuted in none. Durations are
// proved for what ends when it is told to, with nobody who pauses.
void hold_against_schedules(const plan::Plan& plan, std::uint64_t seed, Counts& counts) {
  const std::vector<Proof> proofs = plan::prove(plan);
  for (const Proof& proof : proofs) {
    (proof.answer == Proof::Answer::Proved ? counts.proved : counts.open) += 1;
  }
  for (std::uint64_t world = 0; world < 4; ++world) {
    test::WorldSettings settings;
    settings.seed = seed * 7 + world;
    settings.failures = 5 + static_cast<std::uint32_t>(world) * 20;
    settings.operators_words = world == 3;
    settings.prompt = world < 2;
    const std::vector<bool> answers = held(plan, settings);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const bool of_time = plan.contracts[i].kind == Contract::Kind::Duration;
      if (of_time && !settings.prompt) continue;
      if (proofs[i].answer == Proof::Answer::Proved && !answers[i]) {
        FAIL_CHECK("seed " << seed << ", world " << world << ", contract " << i << ": "
                           << proofs[i].reason);
      }
      if (proofs[i].answer == Proof::Answer::Refuted && answers[i]) {
        FAIL_CHECK("seed " << seed << ", contract " << i << " holds: " << proofs[i].reason);
      }
    }
  }
}

}  // namespace

TEST_CASE("what is proved from the limits holds in every schedule of random plans") {
  Counts counts;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    test::Dice dice(seed ^ 0x70726f7665ULL);
    plan::Plan plan = test::random_plan(seed);
    add_random_contracts(plan, role_of_all(plan, 1 + dice.below(3)), dice, true);
    hold_against_schedules(plan, seed, counts);
  }
  // So that none of it can quietly become a prover that proves nothing.
  CHECK(counts.proved > 3'000);
  CHECK(counts.open > 1'000);
}

TEST_CASE("nor is what is proved ever broken where lanes are undone, left behind or held back") {
  Counts counts;
  for (std::uint64_t seed = 0; seed < 6'000; ++seed) {
    test::Dice dice(seed ^ 0x6f7574ULL);
    plan::Plan plan = test::random_outages(seed);
    const plan::RoleId role{plan.roles.size() - 1};
    add_random_contracts(plan, role, dice, dice.chance(50));
    hold_against_schedules(plan, seed, counts);
  }
  CHECK(counts.proved > 9'000);
  CHECK(counts.open > 3'000);
}

TEST_CASE("a duration that is proved by timeouts is the longest of any schedule") {
  Counts counts;
  for (std::uint64_t seed = 0; seed < 6'000; ++seed) {
    plan::Plan plan = test::random_outages(seed);
    test::Dice dice(seed ^ 0x74696d65ULL);
    for (plan::Step& step : plan.steps) {
      const auto bounded = [&](plan::Work& work) {
        if (!work.timeout) work.timeout = base::Duration{1 + dice.below(12)};
      };
      for (plan::Task& task : step.tasks) {
        bounded(task);
        if (task.verify) bounded(*task.verify);
        if (task.undo) bounded(*task.undo);
      }
      if (step.verify) bounded(*step.verify);
      if (step.on_failure == plan::OnFailure::Ask) step.on_failure = plan::OnFailure::Halt;
    }
    const auto longest = plan::longest_duration(plan);
    if (!longest) continue;
    plan.contracts.push_back(lasting(Contract::Kind::Duration, {}, longest->ms));
    hold_against_schedules(plan, seed, counts);
  }
  CHECK(counts.proved > 1'000);
}

TEST_CASE("the longest duration counts the longest timeout and pause of any target") {
  const auto longest = [](const std::string& text) {
    return plan::longest_duration(
        test::tiny_plan("time limit: a 10, b 30\ntime rest: a 7, b 2\n" + text));
  };
  CHECK(longest("U on a b, timeout limit") == base::Duration{30});
  CHECK(longest("U on a b, window 1, timeout limit, retry 2 every rest") ==
        base::Duration{2 * (3 * 30 + 2 * 7)});
  CHECK(longest("U on a b, timeout limit, retry 2 every rest backoff 2 upto limit") ==
        base::Duration{3 * 30 + 2 * 30});
  CHECK(longest("U on a, timeout limit, retry 2 every rest upto 5") ==
        base::Duration{3 * 10 + 2 * 5});
  CHECK_FALSE(longest("U on a b: x, timeout limit; y"));
}
