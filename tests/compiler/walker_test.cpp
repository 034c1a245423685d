// The tables of the grammar and the generated parser read the same rules out of any text, so that
// what has no mistake need not be read by the slower one.
#include "compiler/parse.h"

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "support/golden.h"
#include "support/paths.h"

using namespace sluice;
using compiler::Reading;

namespace {

class Writer final : public compiler::DeclarationVisitor {
 public:
  bool begin(Beginning beginning) override {
    all += beginning.repaired ? "repaired\n" : "";
    return true;
  }
  void declaration(const compiler::ParsedDeclaration& parsed) override {
    all += fmt::format("{} {} {}\n", parsed.begin, parsed.end, parsed.mistaken);
    if (!parsed.mistaken) write(parsed.rules, parsed.rules.root(), 1);
    right += parsed.mistaken ? 0U : 1U;
  }
  std::string all;
  std::size_t right = 0;

 private:
  void write(const compiler::RuleTree& rules, const compiler::RuleNode& node, std::size_t level) {
    all += fmt::format("{:{}}{} {} {} {}\n", "", level, static_cast<int>(node.rule), node.first,
                       node.end, node.depth);
    for (const compiler::RuleNode& child : rules.children(node)) write(rules, child, level + 1);
  }
};

// How many declarations were read, without a mistake.
std::size_t check_same(const std::string& text) {
  std::string read[2];
  std::size_t right = 0;
  for (const Reading reading : {Reading::Tables, Reading::Generated}) {
    base::Sources sources;
    base::Diagnostics diagnostics;
    const base::FileId file = sources.add(base::SourceFile("test.deploy", text));
    Writer writer;
    compiler::read_declarations(sources, file, diagnostics, writer, reading);
    read[reading == Reading::Tables ? 0 : 1] =
        writer.all + base::print_diagnostics(diagnostics, sources, false);
    right = writer.right;
  }
  if (read[0] != read[1]) {
    INFO(text);
    CHECK(read[0] == read[1]);
  }
  return right;
}

std::vector<std::string> sources() {
  std::vector<std::string> texts;
  const std::string& root = test::source_dir();
  for (const std::string folder : {"/examples", "/tests/compiler", "/tests/fuzz/corpus", "/docs"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + folder)) {
      if (entry.is_regular_file() && entry.file_size() < 20'000) {
        texts.push_back(test::read_text(entry.path().string()));
      }
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("the tables and the generated parser read each file of the tests and examples alike") {
  std::size_t right = 0;
  for (const std::string& text : sources()) right += check_same(text);
  CHECK(right > 1'000);
}

TEST_CASE("the tables and the generated parser read operators of every strength alike") {
  constexpr std::array operators{"+", "-", "*", "/", "==", "<", "and", "or", "- -", "and not"};
  std::size_t right = 0;
  for (const char* first : operators) {
    for (const char* second : operators) {
      for (const char* third : operators) {
        right +=
            check_same(fmt::format("variable x = a {} b.c {} (d[1] {} if e then f else -g) {} "
                                   "not h {} [i, j(k)]\nrole r {{ }}",
                                   first, second, third, second, first));
      }
    }
  }
  CHECK(right > 1'500);
}

TEST_CASE("the tables and the generated parser read alike what was cut, doubled and mixed") {
  const std::vector<std::string> texts = sources();
  std::mt19937 random(20'261'126);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  std::size_t right = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string text = texts[below(texts.size())];
    if (text.size() > 800) text = text.substr(below(text.size() - 700), 700);
    for (int change = 0; change < 3 && !text.empty(); ++change) {
      const std::string& other = texts[below(texts.size())];
      const std::size_t from = other.empty() ? 0 : below(other.size());
      text.insert(below(text.size()), other.substr(from, below(12)));
      text.erase(below(text.size()), below(6));
    }
    right += check_same(text);
  }
  CHECK(right > 500);
}
