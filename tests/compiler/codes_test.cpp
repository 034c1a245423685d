// Every code of the table, shown: what its wrong example says is held in golden/CODE.expected.
// Further files of golden/ hold more of what can go wrong.
#include "compiler/codes.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/text_check.h"
#include "support/golden.h"
#include "support/memory_files.h"
#include "support/paths.h"

using namespace sluice;

namespace {

const std::string folder = test::source_dir() + "/tests/compiler/golden";

struct Compiled {
  base::Sources sources;
  base::Diagnostics diagnostics;
  std::string printed;

  bool says(std::string_view code) const {
    return printed.find("[" + std::string(code) + "]") != std::string::npos;
  }
};

// A file, and behind a line `=== NAME` each other that it names.
Compiled compile_files(test::MemoryFiles& files, compiler::Options options = {}) {
  Compiled made;
  const base::FileId file = made.sources.add(base::SourceFile("web.deploy", files.main()));
  options.reader = &files;
  compiler::compile(made.sources, file, options, made.diagnostics);
  made.printed = base::print_diagnostics(made.diagnostics, made.sources, false);
  return made;
}

Compiled compile_text(std::string_view text, const compiler::Options& options = {}) {
  test::MemoryFiles files(text);
  return compile_files(files, options);
}

// What the command of an example's first line, `# sluice check web.deploy …`, gives beside it.
compiler::Options options_of(std::string_view text) {
  compiler::Options options;
  if (!text.starts_with("# sluice check ")) return options;
  std::istringstream words{std::string(text.substr(0, text.find('\n')))};
  std::string value;
  for (std::string word; words >> word;) {
    if (!word.starts_with("--")) continue;
    REQUIRE(words >> value);
    const std::size_t equals = value.find('=');
    if (word == "--set") {
      REQUIRE(equals != std::string::npos);
      options.set.push_back({value.substr(0, equals), value.substr(equals + 1)});
      continue;
    }
    if (word == "--environment") {
      options.chosen = value;
      continue;
    }
    REQUIRE((word == "--only" || word == "--skip"));
    std::istringstream names(value);
    for (std::string name; std::getline(names, name, ',');) {
      (word == "--only" ? options.only : options.skip).push_back(name);
    }
  }
  return options;
}

Compiled compile_example(std::string_view text) {
  return compile_text(text, options_of(text));
}

// Those without an example are too large for one.
Compiled compile_wrong(const compiler::Code& code) {
  if (code.code == "E0101") {
    return compile_text(std::string(compiler::most_source_bytes, '#') + "\n");
  }
  if (code.code == "E0603") {
    std::string text = "deployment \"Acme\"\n";
    std::string files;
    for (int i = 1; i <= 65; ++i) {
      text += "import \"" + std::to_string(i) + ".deploy\"\n";
      files += "=== " + std::to_string(i) + ".deploy\n";
    }
    return compile_text(text + "step \"A\" { run \"true\" }\n" + files);
  }
  INFO(code.code);
  REQUIRE_FALSE(code.wrong.empty());
  return compile_example(code.wrong);
}

// What stands in quotes and looks like a code.
std::vector<std::string> codes_in(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = text.find("\"", at)) != std::string_view::npos; ++at) {
    const std::string_view word = text.substr(at, 7);
    const bool like = word.size() == 7 && (word[1] == 'E' || word[1] == 'W') && word[2] == '0' &&
                      word.find_first_not_of("0123456789", 2) == 6 && word[6] == '"';
    if (like) found.emplace_back(word.substr(1, 5));
  }
  return found;
}

}  // namespace

TEST_CASE("each code has an example that shows it, held by a golden file") {
  for (const compiler::Code& code : compiler::codes()) {
    INFO(code.code);
    const Compiled compiled = compile_wrong(code);
    INFO(compiled.printed);
    CHECK(compiled.says(code.code));
    test::check_golden("compiler/golden/" + std::string(code.code) + ".expected", compiled.printed);
  }
}

TEST_CASE("each code has an example set right, without a word said") {
  for (const compiler::Code& code : compiler::codes()) {
    INFO(code.code);
    if (!code.right.empty()) CHECK(compile_example(code.right).printed == "");
  }
}

TEST_CASE("each further file says what stands beside it") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".deploy") continue;
    ++files;
    const std::string name = entry.path().stem().string();
    INFO(name);
    test::check_golden("compiler/golden/" + name + ".expected",
                       compile_text(test::read_text(entry.path().string())).printed);
  }
  CHECK(files >= 10);
}

TEST_CASE("each code that the compiler can say is in the table, once and explained") {
  std::set<std::string> known;
  for (const compiler::Code& code : compiler::codes()) {
    INFO(code.code);
    CHECK(known.insert(std::string(code.code)).second);
    CHECK(compiler::find_code(code.code) == &code);
    CHECK(code.title.size() > 8);
    CHECK(code.explanation.back() == '.');
  }
  const std::string sources = test::source_dir() + "/compiler";
  for (const auto& entry : std::filesystem::directory_iterator(sources)) {
    for (const std::string& code : codes_in(test::read_text(entry.path().string()))) {
      INFO(entry.path().string() << ": " << code);
      CHECK(known.count(code) == 1);
    }
  }
  CHECK(compiler::find_code("E9999") == nullptr);
}
