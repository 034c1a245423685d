// What `check` says of a plan, in words.
#include "render/verdicts.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "support/tiny_plan.h"

using namespace sluice;
using plan::Finding;

TEST_CASE("a crowd of notes is cut and counted, and no error is") {
  const plan::Plan plan = test::tiny_plan("A on w1");
  std::vector<Finding> findings;
  for (int i = 0; i < 150; ++i) {
    findings.push_back({Finding::Severity::Note, fmt::format("note {}.", i), {}, false});
    findings.push_back({Finding::Severity::Error, fmt::format("error {}.", i), {}, false});
  }
  const std::string text = render::verdicts_text(plan, {}, findings, "a.deploy", {});
  CHECK_THAT(text, Catch::Contains("note 99.\n"));
  CHECK_THAT(text, !Catch::Contains("note 100.\n"));
  CHECK_THAT(text, Catch::Contains("error 149.\n"));
  CHECK_THAT(text, Catch::EndsWith("and 50 more, which `--format json` tells\n"));
  findings.resize(200);
  CHECK_THAT(render::verdicts_text(plan, {}, findings, "a.deploy", {}),
             Catch::Contains("note 99.\n") && !Catch::Contains(" more, "));
}
