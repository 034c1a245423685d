// The mistakes that people make by hand, in every construct, and what is said of each: the messages
// are read in mistakes/*.expected, as a user reads them.
#include <catch2/catch.hpp>
#include <filesystem>

#include "compiler/compile.h"
#include "support/golden.h"
#include "support/memory_files.h"
#include "support/paths.h"

using namespace sluice;

namespace {

// Parts behind lines `----`; the first stands before each of the others.
std::vector<std::string> parts_of(const std::string& text) {
  constexpr std::string_view line = "----\n";
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(line, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + line.size();
  }
  return parts;
}

std::string said_of(const std::string& text) {
  test::MemoryFiles files(text);
  compiler::Options options;
  options.reader = &files;
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile("web.deploy", files.main()));
  compiler::compile(sources, file, options, diagnostics);
  return base::print_diagnostics(diagnostics, sources, false);
}

}  // namespace

TEST_CASE("mistakes made by hand are told in words that help") {
  const std::string folder = test::source_dir() + "/tests/compiler/mistakes";
  std::size_t mistakes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    const std::vector<std::string> parts = parts_of(test::read_text(entry.path().string()));
    std::string said;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      INFO(parts[i]);
      const std::string one = said_of(parts[0] + parts[i]);
      CHECK_FALSE(one.empty());
      said += parts[i] + "--\n" + one + "\n";
      ++mistakes;
    }
    test::check_golden("compiler/mistakes/" + entry.path().stem().string() + ".expected", said);
  }
  CHECK(mistakes >= 200);
}
