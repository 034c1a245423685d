// The plan that only looks: what it asks, of whom, and what it leaves alone.
#include "plan/census.h"

#include <catch2/catch.hpp>

#include "plan/verify.h"
#include "support/compiled.h"

using namespace sluice;

namespace {

constexpr const char* farm = R"(deployment "Farm"
secret token from env "TOKEN"
secret key from env "KEY"
role web { target "web-[1..4]" { connect local zone = "a" } }
role db { target "db" connect local }
require available(web) >= 2
at most 3 targets
step "Drain" on web window 1 {
  run "true" drains
  verify { run "true" }
  disabled
}
step "Update" on web window 3, 2 per zone {
  tolerate 1
  step "Leave" { run "true" drains }
  step "Put" {
    run "echo version=2 >> \"$SLUICE_OUTPUT\"" interrupts
    verify { run script "test -e x" { environment { TOKEN = token } } retry 2 every 1s }
    undo { run "true" }
  }
  step "In b" when success and target.zone == "b" { run "true" verify { run "true" } }
  step "Read" { run "true" verify { run http { url = "http://localhost/${steps["Update/Put"].outputs.version}" } } }
  step "Return" when always { run "true" restores verify { run "true" } }
  verify { run "true" }
}
step "Mend" on web when failure { run script "echo" { environment { KEY = key } } verify { run "true" } }
step "Migrate" once on db { run "true" verify { run "test -e db" } }
step "Tell" { run "true" }
)";

std::vector<std::string> names_of(const plan::Step& step) {
  std::vector<std::string> names;
  for (const plan::Task& task : step.tasks) names.push_back(task.name);
  return names;
}

}  // namespace

TEST_CASE(
    "a census asks each verify of what is not disabled, in order, on the targets of its step") {
  const plan::Plan plan = test::compiled(farm);
  const plan::CensusPlan census = plan::census_plan(plan);
  CHECK(plan::verify(census.plan).ok());
  CHECK(census.plan.deployment == "Farm");
  CHECK(census.plan.targets == plan.targets);
  REQUIRE(census.plan.steps.size() == 2);
  const plan::Step& update = census.plan.steps[plan::StepId{0}];
  CHECK(update.name == "Update");
  CHECK(names_of(update) == std::vector<std::string>{"Put", "In b", "Return", "Update"});
  CHECK(update.window.value == plan.steps[census.origins[plan::StepId{0}]].window.value);
  CHECK(update.group_windows.size() == 1);
  CHECK(census.plan.target_lists[update.targets].size() == 4);
  const plan::Step& migrate = census.plan.steps[plan::StepId{1}];
  CHECK(names_of(migrate) == std::vector<std::string>{"Migrate"});
  CHECK_FALSE(migrate.has_child_steps);
  CHECK(census.plan.at_most->value == 3);
}

TEST_CASE("a census changes nothing, holds nothing up and takes nothing out of service") {
  const plan::CensusPlan census = plan::census_plan(test::compiled(farm));
  CHECK(census.plan.contracts.empty());
  for (const plan::Step& step : census.plan.steps) {
    CHECK(step.shared);
    CHECK(step.when == plan::When::Always);
    CHECK(step.on_failure == plan::OnFailure::Continue);
    for (const plan::Task& task : step.tasks) {
      CHECK(task.effect == plan::ServiceEffect{});
      CHECK(task.idempotent);
      CHECK(task.when == plan::When::Always);
      CHECK_FALSE(task.verify);
      CHECK_FALSE(task.undo);
    }
  }
  CHECK(census.plan.steps[plan::StepId{0}].tasks[0].retry.more == 2);
}

TEST_CASE("a census reads the secrets that a verify names, and no others") {
  const plan::CensusPlan census = plan::census_plan(test::compiled(farm));
  REQUIRE(census.plan.secrets.size() == 1);
  CHECK(census.plan.secrets[0].name == "token");
}

TEST_CASE("what reads the outputs of a run is not asked outside of one, and named") {
  const plan::CensusPlan census = plan::census_plan(test::compiled(farm));
  REQUIRE(census.not_asked.size() == 1);
  CHECK(census.not_asked[0].name == "Update/Read");
}

TEST_CASE("a plan in which nothing is verified has a census without steps") {
  const plan::CensusPlan census =
      plan::census_plan(test::compiled("deployment \"Farm\"\nstep \"A\" { run \"true\" }\n"));
  CHECK(census.plan.steps.empty());
  CHECK(census.not_asked.empty());
}
