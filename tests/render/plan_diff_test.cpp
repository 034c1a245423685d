// Two plans held against each other.
#include "render/plan_diff.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plan/verify.h"
#include "support/compiled.h"
#include "support/random_plan.h"

using namespace sluice;
using test::compiled;

namespace {

constexpr std::string_view before = R"(deployment "Farm"
variable release = "1"
role web {
  target "web-[1..4]" { zone = "a" }
  connect local
}
require available(web) >= 2
step "Look" { run "true" }
step "Update" on web window 1 {
  step "Leave" {
    run "true"
    takes 5s
    drains
  }
  step "Deploy" {
    run """
      fetch $release
      unpack
      restart
      """
    takes 30s
  }
  step "Return" {
    run "true"
    takes 5s
    restores
  }
}
)";

constexpr std::string_view after = R"(deployment "Farm"
variable release = "2"
role web {
  target "web-[1..3]" { zone = "a" }
  target "web-[5..6]" { zone = "b" }
  connect local
}
require available(web) >= 3
step "Update" on web window 2 {
  step "Leave" {
    run "true"
    takes 5s
    drains
  }
  step "Deploy" {
    run """
      fetch $release
      verify
      unpack
      restart
      """
    takes 30s
  }
  step "Check" { run "true" }
  step "Return" {
    run "true"
    takes 5s
    restores
  }
}
step "Tell" { run "true" }
)";

}  // namespace

TEST_CASE("a difference is told step by step, with limits, actions and targets") {
  const plan::Plan old_plan = compiled(std::string(before));
  const plan::Plan new_plan = compiled(std::string(after));
  const render::PlanDiff diff = render::diff_plans(old_plan, new_plan);
  const std::string text = render::diff_text(
      old_plan, new_plan, diff, {base::Duration{160'000}, base::Duration{150'000}}, {});
  const std::string rest = text.substr(text.find('\n') + 1);
  CHECK(rest == R"(predicted: 2m40s → 2m30s (10s less)

~ variable `release`
    value: "1" → "2"
~ role `web`
    targets: 4 targets → 5 targets, with web-5, web-6, without web-4
+ contract `available(web) >= 3`
~ step `Update`
    window: 1 (window 1) → 2 (window 2)
    waits for: Look → (nothing)
    targets: 4 targets → 5 targets, with web-5, web-6, without web-4
    Deploy, body, from line 2:
      + verify
    + Check: script, takes 10s (assumed)
+ step `Tell`: on the controller
- contract `available(web) >= 2`
- step `Look`: on the controller
+ targets web-5, web-6
- target web-4
)");
  const auto json = nlohmann::json::parse(render::diff_json(old_plan, new_plan, diff, {}));
  CHECK(json.at("schema") == "sluice.plan_diff/1");
  CHECK(json.at("same") == false);
  CHECK(json.at("changes").size() == diff.changes.size());
  CHECK(json.at("old").at("duration_ms").is_null());
}

TEST_CASE("a plan does not differ from itself, nor from what means the same") {
  const plan::Plan plan = compiled(std::string(before));
  CHECK(render::diff_plans(plan, plan).changes.empty());
  const plan::Plan commented = compiled("# said\n" + std::string(before));
  CHECK(render::diff_plans(plan, commented).changes.empty());
}

TEST_CASE("plans differ where their digests do, and never else") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const plan::Plan one = test::random_whole_plan(seed);
    const plan::Plan other = test::random_whole_plan(seed + 1);
    INFO("seed " << seed);
    CHECK(render::diff_plans(one, one).changes.empty());
    CHECK(render::diff_plans(one, other).changes.empty() == (one.digest == other.digest));
  }
}

TEST_CASE("each member of a step that changes is told by its name") {
  const plan::Plan plan = compiled(std::string(before));
  const auto told = [&](auto change) {
    plan::Plan other = plan;
    other.digest.clear();
    change(other);
    other = plan::seal(std::move(other));
    const render::PlanDiff diff = render::diff_plans(plan, other);
    REQUIRE(diff.changes.size() == 1);
    return diff.changes[0].field;
  };
  const plan::StepId update{1};
  CHECK(told([&](plan::Plan& row) { row.steps[update].tolerate.value = 2; }) == "tolerate");
  CHECK(told([&](plan::Plan& row) { row.steps[update].stagger = {500}; }) == "stagger");
  CHECK(told([&](plan::Plan& row) { row.steps[update].shared = true; }) == "shared");
  CHECK(told([&](plan::Plan& row) { row.steps[update].required = true; }) == "required");
  CHECK(told([&](plan::Plan& row) { row.steps[update].disabled = true; }) == "disabled");
  CHECK(told([&](plan::Plan& row) { row.steps[update].unreachable.skip = true; }) ==
        "out of reach");
  CHECK(told([&](plan::Plan& row) { row.steps[update].tasks[1].retry.more = 2; }) == "retry");
  CHECK(told([&](plan::Plan& row) { row.steps[update].tasks[1].timeout = base::Duration{9}; }) ==
        "timeout");
  CHECK(told([&](plan::Plan& row) { row.steps[update].tasks[1].idempotent = true; }) ==
        "idempotent");
  CHECK(told([&](plan::Plan& row) { row.at_most = plan::Limit{3, ""}; }) == "at most");
  CHECK(told([&](plan::Plan& row) { row.deadline = base::Duration{9}; }) == "deadline");
}

TEST_CASE("durations over the target are held against each other as they are written") {
  const auto with = [](std::string_view phrases) {
    return compiled(std::string("deployment \"Farm\"\nrole web { target \"web-1\" { limit = 5s } "
                                "target \"web-2\" { limit = 9s } }\nstep \"Update\" on web { run "
                                "\"true\" takes 1s ") +
                    std::string(phrases) + " }");
  };
  const auto changes = [&](std::string_view from, std::string_view to) {
    std::string text;
    for (const render::PlanChange& change : render::diff_plans(with(from), with(to)).changes) {
      text += change.field + ": " + change.before + " -> " + change.after + "\n";
    }
    return text;
  };
  CHECK(changes("timeout 9s", "timeout target.limit") == "timeout: 9s -> target.limit\n");
  CHECK(changes("timeout target.limit", "timeout 2 * target.limit") ==
        "timeout: target.limit -> 2 * target.limit\n");
  CHECK(changes("retry 2 every 1s", "retry 2 every target.limit") ==
        "retry: 2 every 1s -> 2 every target.limit\n");
  CHECK(changes("retry 2 every 1s backoff 2 up to 9s",
                "retry 2 every 1s backoff 2 up to 2 * target.limit") ==
        "retry: 2 every 1s backoff 2 up to 9s -> 2 every 1s backoff 2 up to 2 * target.limit\n");
}
