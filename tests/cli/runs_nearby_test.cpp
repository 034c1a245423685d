// Runs are kept beside their file: what who looks for them elsewhere is told.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

TEST_CASE("who looks for a run in the wrong folder is told where there are some") {
  const test::TemporaryDirectory directory;
  const auto run = [&](const std::vector<std::string>& words) {
    return test::run_program(words, "", directory.path());
  };
  CHECK(run({"status"}).err.find("perhaps") == std::string::npos);
  std::filesystem::create_directories(directory.path() + "/examples");
  test::write_text(directory.path() + "/examples/a.deploy",
                   "deployment \"A\"\nstep \"A\" { run \"true\" }\n");
  CHECK(run({"run", "examples/a.deploy", "--yes"}).status == 0);
  const auto result = run({"status"});
  CHECK(result.status == 2);
  CHECK(result.err.find("\n  perhaps --state examples/.sluice\n") != std::string::npos);
  CHECK(run({"status", "--state", "examples/.sluice"}).status == 0);
}
