// `check`'s answers: every refutation is replayed, through the simulator and through the real
// driver, and every proof is held against schedules that were not tried.
#include "cli/verdicts.h"

#include <catch2/catch.hpp>

#include "scheduler/timeline.h"
#include "simulator/simulator.h"
#include "support/golden.h"
#include "support/random_outages.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"
#include "support/virtual_world.h"

using namespace sluice;
using Answer = render::Verdict::Answer;

namespace {

plan::Contract contract(plan::Contract::Kind kind, plan::RoleId role, std::uint32_t targets,
                        test::Dice& dice) {
  plan::Contract made;
  made.kind = kind;
  made.role = role;
  made.comparison = static_cast<plan::Contract::Comparison>(dice.below(5));
  made.text = "contract";
  if (kind == plan::Contract::Kind::Downtime) {
    made.duration = {dice.below(20)};
  } else {
    made.bounds = {{{}, targets, dice.below(targets + 2)}};
  }
  return made;
}

// What the simulator needs to know. Nothing is drawn, so that a course says all that happens.
void model(plan::Work& work, test::Dice& dice) {
  if (work.action.kind.empty()) work.action.kind = "script";
  work.via.hosts = plan::TargetListId{0};
  work.takes.low = plan::constant({base::Duration{dice.below(20)}});
}

plan::Plan with_contracts(std::uint64_t seed) {
  plan::Plan plan = test::random_outages(seed);
  test::Dice dice(seed ^ 0x76657264ULL);
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      model(task, dice);
      if (task.verify) model(*task.verify, dice);
      if (task.undo) model(*task.undo, dice);
    }
    if (step.verify) model(*step.verify, dice);
  }
  const plan::RoleId role{plan.roles.size() - 1};
  const std::uint32_t targets = plan.targets.size();
  using Kind = plan::Contract::Kind;
  for (const Kind kind : {Kind::Available, Kind::Unavailable, Kind::Downtime}) {
    for (int i = 0; i < 2; ++i) plan.contracts.push_back(contract(kind, role, targets, dice));
  }
  plan::Contract lasting;
  lasting.kind = Kind::Duration;
  lasting.comparison = plan::Contract::Comparison::LessOrEqual;
  lasting.duration = {dice.below(80)};
  lasting.text = "duration";
  plan.contracts.push_back(lasting);
  return plan;
}

}  // namespace

TEST_CASE("every refutation replays, through the simulator and through the real driver") {
  std::uint32_t refuted = 0;
  std::uint32_t after_failures = 0;
  std::uint32_t undecided = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const plan::Plan plan = with_contracts(seed);
    const cli::Judgement judgement = cli::judge(plan);
    for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
      const render::Verdict& verdict = judgement.verdicts[i];
      if (verdict.answer == Answer::Undecided) ++undecided;
      if (verdict.answer != Answer::Refuted) continue;
      ++refuted;
      if (!verdict.course.goes_well()) ++after_failures;
      INFO("seed " << seed << ", contract " << i << ": " << verdict.reason);
      const simulator::Settings settings = cli::settings_of(verdict.course);
      const auto prediction = simulator::simulate(plan, settings);
      REQUIRE(prediction.ok());
      const scheduler::ContractTimes& seen = prediction.value().timeline.contracts[i];
      CHECK_FALSE(seen.held);
      CHECK_FALSE(test::run_virtually(plan, settings).timeline.contracts[i].held);
      if (!verdict.shown) continue;
      CHECK(seen.worst == verdict.worst);
      CHECK(seen.at == verdict.at);
    }
  }
  // So that none of it can quietly become a judge that refutes nothing.
  CHECK(refuted > 500);
  CHECK(after_failures > 50);
  CHECK(undecided > 20);
}

TEST_CASE("what is proved holds in schedules that were not tried") {
  std::uint32_t proved = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const plan::Plan plan = with_contracts(seed);
    const cli::Judgement judgement = cli::judge(plan);
    scheduler::TimelineBuilder builder(plan, scheduler::Detail::Summary);
    test::WorldSettings settings;
    settings.seed = seed;
    settings.failures = 30;
    settings.prompt = true;
    test::World world(plan, settings);
    REQUIRE(world.run([&](base::Instant now, const std::vector<scheduler::Event>& events,
                          const scheduler::Commands& commands,
                          const auto&) { builder.observe(now, events, commands); }));
    const scheduler::Timeline timeline = builder.build(world.now());
    for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
      if (judgement.verdicts[i].answer != Answer::Proved) continue;
      ++proved;
      INFO("seed " << seed << ", contract " << i << ": " << judgement.verdicts[i].reason);
      CHECK(timeline.contracts[i].held);
    }
  }
  CHECK(proved > 500);
}

namespace {

constexpr std::string_view farm = R"(deployment "Farm"
role web {
  target "web-[01..10]"
  connect local
  minimum 7
}
require available(web) >= 6
require downtime(web) <= 1m
require duration <= 10m
step "Update" on web window 3 {
  tolerate 1 failure
  step "Leave" {
    run "true"
    takes 5s
    drains
  }
  step "Deploy" {
    run "true"
    takes 30s
  }
  step "Return" {
    run "true"
    takes 5s
    restores
  }
}
)";

test::ProgramResult checked(std::string_view text, std::vector<std::string> options = {}) {
  const test::TemporaryDirectory place;
  test::write_text(place.path() + "/farm.deploy", text);
  std::vector<std::string> words{"check", place.path() + "/farm.deploy"};
  words.insert(words.end(), options.begin(), options.end());
  return test::run_program(words);
}

// Without the lines that it is cut into.
std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || line.empty() || line.back() != ' ') line += blank ? ' ' : c;
  }
  return line;
}

}  // namespace

TEST_CASE("check proves by limits, refutes by a schedule with the command that shows it") {
  const auto result = checked(farm);
  CHECK(result.status == 1);
  CHECK(result.out.empty());
  CHECK_THAT(in_one_line(result.err), Catch::Contains("proved available(web) >= 6"));
  CHECK_THAT(in_one_line(result.err), Catch::Contains("refuted downtime(web) <= 1m"));
  CHECK_THAT(in_one_line(result.err), Catch::Contains("after `Update/Leave` failed on web-01"));
  CHECK_THAT(in_one_line(result.err), Catch::Contains("--fail Update/Leave@web-01 undecided"));
  CHECK_THAT(in_one_line(result.err), Catch::Contains("undecided duration <= 10m"));
}

TEST_CASE("a plan whose step would wait for ever is refused by check, and ends by itself") {
  std::string text(farm);
  text.replace(text.find("available(web) >= 6"), 19, "unavailable(web) < 1");
  const auto result = checked(text);
  CHECK(result.status == 1);
  CHECK_THAT(in_one_line(result.err), Catch::Contains("would wait for ever"));
  CHECK_THAT(result.err, !Catch::Contains("no mistakes"));
}
