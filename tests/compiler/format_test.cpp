// The one layout: what it looks like, that it keeps all that was written, and that it settles.
#include "compiler/format.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "compiler/compile.h"
#include "support/golden.h"
#include "support/laid_out.h"
#include "support/paths.h"
#include "support/source_text.h"

using namespace sluice;
using test::formatted;
using test::meaning;

namespace {

std::string without_blanks(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }),
             text.end());
  return text;
}

std::vector<std::string> all_files() {
  std::vector<std::string> files;
  for (const char* folder : {"/tests", "/examples"}) {
    const std::string root = test::source_dir() + std::string(folder);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".deploy") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("a file is laid out as stands beside it") {
  for (const std::string name : {"farm", "mistaken"}) {
    const std::string path = test::source_dir() + ("/tests/compiler/layout/" + name + ".deploy");
    test::check_golden("compiler/layout/" + name + ".expected",
                       formatted(test::read_text(path)).text);
  }
}

TEST_CASE("every file of ours keeps its words, comments and meaning, and settles at once") {
  const auto files = all_files();
  REQUIRE(files.size() >= 30);
  int compiled = 0;
  for (const std::string& path : files) {
    INFO(path);
    const std::string text = test::read_text(path);
    const compiler::Formatted once = formatted(text);
    CHECK(formatted(once.text).text == once.text);
    CHECK(without_blanks(once.text) == without_blanks(text));
    CHECK(meaning(once.text) == meaning(text));
    compiled += meaning(text).empty() ? 0 : 1;
  }
  CHECK(compiled >= 5);
}

TEST_CASE("the examples are laid out already") {
  for (const std::string& path : all_files()) {
    if (path.find("/examples/") == std::string::npos) continue;
    INFO(path);
    CHECK(formatted(test::read_text(path)).text == test::read_text(path));
  }
}

TEST_CASE("a text block moves with its statement and keeps its text") {
  const std::string text =
      "deployment \"x\"\nstep \"a\" {\n            run \"\"\"\n          one\n            two\n"
      "\n          \"\"\"\n}\n";
  const std::string moved = formatted(text).text;
  CHECK(moved ==
        "deployment \"x\"\nstep \"a\" {\n  run \"\"\"\n    one\n      two\n\n    \"\"\"\n}\n");
  CHECK(meaning(moved) == meaning(text));
}

TEST_CASE("a part with a mistake keeps its indentation, by which its braces are told") {
  const std::string text =
      "deployment \"Acme\"\n   {step \"One\" {\n    run \"true\"\n    verify {\n      run "
      "\"check\"\n"
      "    undo { run \"back\"procedure}\n  }\n}\nenvironment production {\n  variable release = "
      "\"2\"\n"
      "step \"Two\" {\n  run \"true\"\n}\nuse\n leave\n";
  const compiler::Formatted once = formatted(text);
  CHECK(once.text.find("\n   {step") != std::string::npos);
  CHECK(formatted(once.text).text == once.text);
  const std::string passed = "}\n   {\n  }\nstep \"One\" { run \"true\" }\n";
  CHECK(formatted(formatted(passed).text).text == formatted(passed).text);
}

TEST_CASE("what cannot be read at all comes back as it is") {
  const std::string text = std::string("deployment \"x\xff\"\n");
  const compiler::Formatted result = formatted(text);
  CHECK(result.text == text);
  CHECK_FALSE(result.complete);
}

TEST_CASE("a byte-order mark and carriage returns go, and nothing else") {
  CHECK(formatted("\xEF\xBB\xBF"
                  "deployment  \"x\"\r\n\r\n\r\nvariable a = 1 # one\r\n")
            .text == "deployment \"x\"\n\nvariable a = 1  # one\n");
}
