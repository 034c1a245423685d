// Plans in words, action by action, and as a summary for programs: whole documents beside the test.
#include "render/plan_text.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "support/compiled.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/tiny_plan.h"

using namespace sluice;

TEST_CASE("a plan is told in words, limits with their rules, and the worst case with its reasons") {
  for (const std::string name : {"web-farm", "every-phrase", "by-target"}) {
    const plan::Plan plan = test::compiled(
        test::read_text(fmt::format("{}/tests/render/plans/{}.deploy", test::source_dir(), name)),
        std::string(name) + ".deploy");
    test::check_golden("render/plans/" + name + ".txt", render::plan_text(plan));
    test::check_golden("render/plans/" + name + ".json", render::plan_summary_json(plan));
    const auto expanded = render::expanded_plan_text(plan);
    REQUIRE(expanded.ok());
    test::check_golden("render/plans/" + name + ".expanded.txt", expanded.value());
  }
}

TEST_CASE("a plan of more than a thousand actions is not laid out") {
  const auto most = render::expanded_plan_text(test::tiny_plan("A on w1..w500: one; two"));
  CHECK(most.ok());
  const auto more = render::expanded_plan_text(test::tiny_plan("A on w1..w500: one; two\nB"));
  REQUIRE_FALSE(more.ok());
  CHECK(more.error().message ==
        "--expand writes one line an action, and this plan has 1001 actions; it stops at 1000 "
        "(without --expand the plan stays short, and `-o` saves it whole)");
}

TEST_CASE("long lists of steps and of targets are cut, and say how much was") {
  const std::string text = render::plan_text(test::tiny_plan(
      "A\nB, with previous\nC, with previous\nD, with previous\nE, with previous\n"
      "F, with previous\nG, with previous\nLast on server-number-1..server-number-90"));
  CHECK_THAT(text, Catch::Contains("   starts at once, together with 6 others\n"));
  CHECK_THAT(text, Catch::Contains("   starts when `A`, `B`, `C`, `D` and 3 more have ended\n"));
  CHECK_THAT(text, Catch::Contains("   on 90 targets: server-number-1, server-number-2, "
                                   "server-number-3 and 87 more\n"));
}

TEST_CASE("names are shown as they may be printed") {
  plan::Plan plan = test::tiny_plan("A on w1, drains");
  plan.steps[plan::StepId{0}].name = "\x1b[31mred\n";
  const std::string text = render::plan_text(plan);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("of a step without targets nobody can tell how long its timeout is") {
  const plan::Plan plan = test::compiled(
      "deployment \"Acme\"\nrole web { target \"a\" { limit = 5s zone = 1 } }\n"
      "step \"A\" on web where zone == 2 optional { run \"true\" takes 1s timeout target.limit }");
  CHECK_THAT(render::plan_text(plan), Catch::Contains(", timeout as its target says\n"));
}
