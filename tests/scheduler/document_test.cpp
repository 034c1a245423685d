// docs/SCHEDULING.md says what the scheduler does: its examples are run here.
#include <catch2/catch.hpp>
#include <string>

#include "support/golden.h"
#include "support/paths.h"
#include "support/script.h"

using namespace sluice;

TEST_CASE("the examples of docs/SCHEDULING.md are true") {
  const std::string document = test::read_text(test::source_dir() + "/docs/SCHEDULING.md");
  const std::string opening = "```script\n";
  std::size_t examples = 0;
  for (std::size_t at = document.find(opening); at != std::string::npos;
       at = document.find(opening, at + 1)) {
    const std::size_t begin = at + opening.size();
    const std::string example = document.substr(begin, document.find("```", begin) - begin);
    const std::size_t middle = example.find("\n\n");
    REQUIRE(middle != std::string::npos);
    INFO(example);
    test::check_starts(example.substr(0, middle), example.substr(middle));
    ++examples;
  }
  CHECK(examples == 30);
}
