// What scripts hand to later steps, read from the bytes of $SLUICE_OUTPUT.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/outputs.h"

using namespace sluice;
using runtime::Completion;
using runtime::Output;
using runtime::parse_outputs;

namespace {

std::string problem(std::string_view bytes) {
  const auto outputs = parse_outputs(bytes);
  return outputs ? "" : outputs.error().message;
}

}  // namespace

TEST_CASE("outputs are lines of name=value, and the last of a name counts") {
  const auto outputs = parse_outputs("healthy=yes\r\n\nnote=a = b\nhealthy=no\nempty=");
  REQUIRE(outputs.ok());
  CHECK(outputs.value() ==
        std::vector<Output>{{"healthy", "no"}, {"note", "a = b"}, {"empty", ""}});
  CHECK(parse_outputs("").value().empty());
}

TEST_CASE("what is no output is told with its line") {
  CHECK(problem("a=1\nnonsense\n") ==
        "line 2 of what was written to $SLUICE_OUTPUT is no `name=value`: `nonsense`");
  CHECK(problem("=1") == "line 1 of what was written to $SLUICE_OUTPUT is no `name=value`: `=1`");
  CHECK(problem("a-b=1").find("line 1") == 0);
  CHECK(problem("a=\xff").find("not UTF-8") != std::string::npos);
  CHECK(problem(std::string("a=x\0y", 6)).find("holds a NUL") != std::string::npos);
  CHECK(problem("a=" + std::string(64 * 1024, 'x')).find("more than 64 KiB") == 0);
  CHECK(problem("a=" + std::string(64 * 1024 - 2, 'x')).empty());
}

TEST_CASE("an attempt with outputs that cannot be read has failed, and keeps its own reason") {
  Completion well;
  well.outcome = scheduler::Outcome::Succeeded;
  runtime::take_outputs("a=1", well);
  CHECK(well.outcome == scheduler::Outcome::Succeeded);
  CHECK(well.outputs == std::vector<Output>{{"a", "1"}});
  runtime::take_outputs("a", well);
  CHECK(well.outcome == scheduler::Outcome::Failed);
  CHECK(well.detail.find("line 1") == 0);
  Completion failed;
  failed.detail = "exit status 3";
  runtime::take_outputs("a", failed);
  CHECK(failed.detail == "exit status 3");
}
