// Every file of every corpus: seeds, and what fuzzing ever found.
#include <catch2/catch.hpp>
#include <filesystem>

#include "fuzz/harness.h"
#include "support/golden.h"
#include "support/paths.h"

using namespace sluice;

TEST_CASE("what fuzzing has found and begun with holds for every harness") {
  for (const fuzz::Harness& harness : fuzz::harnesses()) {
    const std::string folder =
        test::source_dir() + "/tests/fuzz/corpus/" + std::string(harness.name);
    INFO(folder);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      INFO(entry.path());
      harness.run(test::read_text(entry.path().string()));
      ++files;
    }
    CHECK(files >= 5);
  }
}

TEST_CASE("no harness minds an example of another") {
  for (const fuzz::Harness& harness : fuzz::harnesses()) {
    for (const fuzz::Harness& other : fuzz::harnesses()) {
      const std::string folder =
          test::source_dir() + "/tests/fuzz/corpus/" + std::string(other.name);
      for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        harness.run(test::read_text(entry.path().string()));
      }
    }
  }
  SUCCEED();
}
