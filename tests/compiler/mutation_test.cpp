// Good and bad files, damaged at random from a seed: whatever comes of it, the compiler says it
// with a place, and does not crash or hang.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <set>

#include "compiler/codes.h"
#include "compiler/compile.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/source_text.h"

using namespace sluice;

namespace {

std::vector<std::string> good_and_bad_files() {
  std::set<std::string> paths;
  for (const char* folder : {"tests/compiler/syntax", "tests/compiler/golden", "examples"}) {
    const std::string root = test::source_dir() + "/" + folder;
    if (!std::filesystem::exists(root)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".deploy") paths.insert(entry.path().string());
    }
  }
  std::vector<std::string> texts;
  for (const std::string& path : paths) texts.push_back(test::read_text(path));
  for (const compiler::Code& code : compiler::codes()) texts.emplace_back(code.right);
  return texts;
}

// What must hold of any text.
bool is_sound(const std::string& text) {
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile("mutant.deploy", text));
  const bool planned = compiler::compile(sources, file, {}, diagnostics).has_value();
  bool sound = planned != diagnostics.has_errors();
  for (const base::Diagnostic& item : diagnostics.sorted()) {
    sound = sound && item.span.file == file && item.span.begin <= item.span.end &&
            item.span.end <= text.size() && !item.message.empty() &&
            compiler::find_code(item.code) != nullptr;
  }
  sound = sound && (planned || !base::print_diagnostics(diagnostics, sources, true).empty());
  if (!sound) {
    INFO(text);
    INFO(base::print_diagnostics(diagnostics, sources, false));
    CHECK(sound);
  }
  return sound;
}

std::string mutate(std::string text, const std::vector<std::string>& others, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const std::size_t changes = 1 + below(3);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(40), text.size() - at);
    const std::string& other = others[below(others.size())];
    static const std::vector<std::string> pieces{"{", "}",           "\"", "${", "\"\"\"", "(", "]",
                                                 "=", "step \"x\" ", "\n", "\r", "\\",     "é", "9",
                                                 ",", " if ",        "-",  ".",  "on ",    "#"};
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      case 2:
        if (at < text.size()) std::swap(text[at], text[below(text.size())]);
        break;
      case 3:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      default:
        text.insert(at, other.substr(below(other.size() + 1), length));
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a damaged file is refused or read, never more") {
  const std::vector<std::string> files = good_and_bad_files();
  std::mt19937 random(20240229);
  constexpr std::size_t mutants = 60;
  std::size_t sound = 0;
  for (const std::string& text : files) {
    for (std::size_t i = 0; i < mutants; ++i) sound += is_sound(mutate(text, files, random));
  }
  CHECK(sound == files.size() * mutants);
}

TEST_CASE("a file cut off anywhere is refused or read, never more") {
  for (const std::string& text : good_and_bad_files()) {
    const std::size_t stride = 1 + text.size() / 100;
    for (std::size_t length = 0; length < text.size(); length += stride) {
      REQUIRE(is_sound(text.substr(0, length)));
    }
  }
}

TEST_CASE("one `}` taken out of a file is one error, at the line behind it") {
  const std::string text =
      test::read_text(test::source_dir() + "/tests/compiler/syntax/whole_file.deploy");
  std::size_t braces = 0;
  for (std::size_t at = text.find("}\n"); at != std::string::npos; at = text.find("}\n", at + 1)) {
    const std::size_t line = text.rfind('\n', at) + 1;
    if (text.find_first_not_of(' ', line) != at) continue;
    ++braces;
    std::string damaged = text;
    damaged.erase(at, 1);
    const test::Parsed parsed = test::parse_text(damaged);
    INFO(damaged);
    INFO(parsed.printed());
    REQUIRE(parsed.diagnostics.error_count() == 1);
    const std::size_t behind = damaged.find_first_not_of(" \n", at);
    const base::Diagnostic error = parsed.diagnostics.sorted()[0];
    CHECK(error.code == "E0112");
    CHECK(error.span.begin == std::min(behind, damaged.size()));
  }
  CHECK(braces == 6);
}

TEST_CASE("one `{` or `}` too many or too few does not hide another mistake far from it") {
  const std::string text =
      test::read_text(test::source_dir() + "/tests/compiler/syntax/whole_file.deploy") +
      "\nstep \"Last\" windw 3 { run \"true\" }\n";
  for (std::size_t at = 0; at < text.rfind("step"); ++at) {
    if (text[at] != '{' && text[at] != '}') continue;
    for (const bool twice : {false, true}) {
      std::string damaged = text;
      if (twice) {
        damaged.insert(at, 1, text[at]);
      } else {
        damaged.erase(at, 1);
      }
      const test::Parsed parsed = test::parse_text(damaged);
      INFO(damaged);
      INFO(parsed.printed());
      CHECK(parsed.summary().find("`windw` does not belong") != std::string::npos);
      CHECK(parsed.diagnostics.error_count() <= 4);
    }
  }
}
