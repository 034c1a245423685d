// Timeouts that are each target's own, carried out.
#include <catch2/catch.hpp>
#include <string>

#include "support/golden.h"

using sluice::test::run_program;

TEST_CASE("what is too slow for its own target is ended, and told with that target's timeout") {
  const sluice::test::TemporaryDirectory place;
  const std::string file = place.path() + "/own.deploy";
  sluice::test::write_text(file, R"(deployment "Own timeouts"
connect local
role web {
  target "quick" { limit = 1m }
  target "slow" { limit = 200ms }
  target "slower" { limit = 400ms }
}
step "Work" on web {
  run "[ \"$target_name\" = quick ] || exec sleep 60"
  takes 100ms
  timeout target.limit
  tolerate 2 failures
}
)");
  const auto run = run_program({"run", file, "--yes"});
  INFO(run.err);
  CHECK(run.status == 3);
  CHECK_THAT(
      run.err,
      Catch::Contains("`Work` failed on `slow`, attempt 1 of 1: longer than its timeout of 200ms"));
  CHECK_THAT(run.err,
             Catch::Contains(
                 "`Work` failed on `slower`, attempt 1 of 1: longer than its timeout of 400ms"));
  CHECK(run.err.find("on `quick`") == std::string::npos);
  // The plan in the journal holds them as they were.
  const auto status = run_program({"status", "--state", place.path() + "/.sluice"});
  INFO(status.out);
  CHECK_THAT(status.out, Catch::Contains("degraded"));
}
