// What a plan cannot do, found before it starts.
#include "plan/findings.h"

#include <catch2/catch.hpp>

#include "support/tiny_plan.h"

using namespace sluice;
using plan::Contract;
using plan::Finding;

namespace {

std::string told(const plan::Plan& plan) {
  std::string text;
  for (const Finding& finding : plan::findings(plan)) {
    constexpr std::string_view words[] = {"error", "warning", "note"};
    text += std::string(words[static_cast<std::size_t>(finding.severity)]) + ": " +
            finding.message + "\n";
  }
  return text;
}

std::string found(std::string_view text) {
  return told(test::tiny_plan(text));
}

// With a contract that lets so many of all targets be out.
plan::Plan lets_out(std::string_view text, std::uint32_t most) {
  plan::Plan plan = test::tiny_plan(text);
  plan::TargetList all;
  all.add({0}, plan.targets.size());
  const plan::RoleId role = plan.roles.add({"web", plan.target_lists.add(std::move(all)), 1});
  Contract contract;
  contract.kind = Contract::Kind::Unavailable;
  contract.role = role;
  contract.comparison = Contract::Comparison::LessOrEqual;
  contract.bounds = {{{}, plan.targets.size(), most}};
  contract.text = "unavailable(web) <= " + std::to_string(most);
  plan.contracts.push_back(std::move(contract));
  return plan;
}

constexpr std::string_view restored = "leave, drains; work; back, restores, always";

}  // namespace

TEST_CASE("a target that nothing brings back after a failure is told of") {
  CHECK(found("Update on a b, window 1: leave, drains; deploy, timeout 5; look; back, restores") ==
        "note: a target on which `leave`, `deploy`, `look` or `back` fails or takes too long stays "
        "out of service: nothing brings it back after a failure\n");
  // Only where bringing it back fails itself.
  CHECK(found("Update on a b: " + std::string(restored)) ==
        "note: a target on which `back` fails stays out of service: nothing brings it back after a "
        "failure\n");
  CHECK(found("Update on a b: leave, drains; back, restores\nBack on a b, always, restores") == "");
  CHECK(found("Update on a b: leave, drains; back, restores\nBack on a, always, restores") != "");
  CHECK(found("Update on a b, rollback: leave, drains, undo []; back, restores") == "");
  CHECK(found("Update on a b: deploy; look") == "");
}

TEST_CASE("a target that nothing brings back at all is warned of") {
  CHECK(found("Drain on a b, drains") ==
        "warning: `Drain` takes its targets out of service, and nothing brings them back\n");
  CHECK(found("Drain on a b, drains\nWork on a b\nBack on a b, restores") == "");
  CHECK(found("Drain on a b, drains\nWork on a b\nBack on a, restores") ==
        "warning: `Drain` takes its targets out of service, and nothing brings them back\n");
  CHECK(found("Drain on a b, drains\nBack on a b, with previous, restores") ==
        "warning: `Drain` takes its targets out of service, and no step behind it is sure to bring "
        "them back\n");
  CHECK(found("Drain on a b, drains\nBack on a b, restores, failure") ==
        "warning: `Drain` takes its targets out of service, and no step behind it is sure to bring "
        "them back\n");
}

TEST_CASE("what is left behind as it is taken out of service is warned of") {
  CHECK(found("Update on a b, unreachable skip: leave, drains; back, restores, always")
            .starts_with("warning: a target that is out of reach as `Update` takes it out of "
                         "service is left behind, and stays out\n"));
  CHECK(found("Update on a b, unreachable skip: look; leave, drains; back, restores, always")
            .find("left behind") == std::string::npos);
}

TEST_CASE("a condition under which a target is not brought back is warned of") {
  CHECK(
      found("property hot: a\n"
            "Update on a b: leave, drains; back, restores, always, if hot")
          .substr(0, 96) ==
      "warning: where the condition of `back` does not hold, a target that `leave` took out stays "
      "out o");
  CHECK(found("property hot: a\n"
              "Update on a b: leave, drains, if hot; back, restores, always, if hot")
            .find("warning") == std::string::npos);
}

TEST_CASE("a contract that lets none be out makes a step wait for ever") {
  CHECK(told(lets_out("Update on a b c: " + std::string(restored), 0))
            .starts_with("error: `Update` would wait for ever: it takes targets of `web` out of "
                         "service, and `unavailable(web) <= 0` lets none be\n"));
  CHECK(told(lets_out("Update on a b c, failure: " + std::string(restored), 0))
            .starts_with("warning: where it runs, `Update` would wait for ever: "));
  CHECK(told(lets_out("Update on a b c: work", 0)) == "");
  CHECK(told(lets_out("Update on a b c: " + std::string(restored), 1)).find("error") ==
        std::string::npos);
}

TEST_CASE("a step that leaves more out than a contract lets be waits for ever") {
  CHECK(told(lets_out("Drain on a b c, drains\nBack on a b c, restores", 2)) ==
        "error: `Drain` would wait for ever after 2 targets: it leaves 3 of `web` out of service, "
        "and `unavailable(web) <= 2` lets 2 be\n");
  CHECK(told(lets_out("Drain on a b c, drains\nBack on a b c, restores", 3)) == "");
  // What runs beside it may bring them back.
  CHECK(told(lets_out("Drain on a b c, drains\nBack on a b c, restores, with previous", 2))
            .find("error") == std::string::npos);
}

TEST_CASE("a batch in lockstep that no limit has room for waits for ever") {
  plan::Plan plan = lets_out("Update on a b c d: " + std::string(restored), 2);
  plan::Step& step = plan.steps[plan::StepId{0}];
  step.batches = {{{1, ""}, {3, ""}}, true};
  CHECK(told(plan).find(
            "error: `Update` would wait for ever: its batch 2 begins as a whole, with 3 "
            "targets, and `unavailable(web) <= 2` lets 2 of `web` be out of service\n") == 0);
  plan.contracts.clear();
  plan.at_most = plan::Limit{2, ""};
  CHECK(
      told(plan).find("error: `Update` would wait for ever: its batch 2 begins as a whole, with 3 "
                      "targets, and at most 2 are worked on at once\n") == 0);
  plan.at_most.reset();
  CHECK(told(plan).find("error") == std::string::npos);
}

TEST_CASE("contracts that leave nothing between them can never both hold") {
  plan::Plan plan = lets_out("Update on a b c: " + std::string(restored), 1);
  Contract other = plan.contracts[0];
  other.comparison = Contract::Comparison::GreaterOrEqual;
  other.bounds[0].count = 2;
  other.text = "unavailable(web) >= 2";
  plan.contracts.push_back(other);
  CHECK(told(plan).find("error: `unavailable(web) <= 1` and `unavailable(web) >= 2` can never both "
                        "hold\n") != std::string::npos);
  plan.contracts[1].bounds[0].count = 1;
  CHECK(told(plan).find("error") == std::string::npos);
}
