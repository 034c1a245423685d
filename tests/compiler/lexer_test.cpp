// Our lexer and the one that the grammar generates read the same tokens out of any text: the
// grammar stays the one definition.
#include "compiler/lexer.h"

#include <DeployLexer.h>
#include <antlr4-runtime.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "compiler/parse.h"
#include "support/golden.h"
#include "support/paths.h"

using namespace sluice;

namespace {

// The generated lexer sees each byte beyond ASCII as U+0001 (grammar/DeployLexer.g4); one that
// stands in the text itself is a sign that is nothing, like U+0002.
std::string by_grammar(const std::string& text) {
  std::string bytes = text;
  for (char& c : bytes) {
    if (c == '\x01') c = '\x02';
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) c = '\x01';
  }
  antlr4::ANTLRInputStream input(bytes);
  grammar::DeployLexer lexer(&input);
  lexer.removeErrorListeners();
  std::string all;
  for (;;) {
    const std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    if (token->getType() == antlr4::Token::EOF) return all;
    all += fmt::format("{} {} {}\n", token->getType(), token->getStartIndex(),
                       token->getStopIndex() + 1);
  }
}

std::string by_hand(const std::string& text) {
  const compiler::TokenTypes types = compiler::token_types();
  compiler::Lexer lexer(text, 0, types);
  std::string all;
  for (;;) {
    const compiler::Token token = lexer.next();
    if (token.kind == compiler::TokenKind::End) return all;
    all += fmt::format("{} {} {}\n", token.type, token.begin, token.end);
  }
}

void check_same(const std::string& text) {
  const std::string hand = by_hand(text);
  const std::string generated = by_grammar(text);
  if (hand == generated) return;
  INFO(text);
  CHECK(hand == generated);
}

std::vector<std::string> sources() {
  std::vector<std::string> texts;
  const std::string root = test::source_dir();
  for (const std::string folder : {"/examples", "/tests/compiler", "/tests/fuzz/corpus"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + folder)) {
      if (entry.is_regular_file() && entry.file_size() < 20'000) {
        texts.push_back(test::read_text(entry.path().string()));
      }
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("both lexers read each file of the tests and examples alike") {
  const std::vector<std::string> texts = sources();
  CHECK(texts.size() > 200);
  for (const std::string& text : texts) check_same(text);
}

TEST_CASE("both lexers read alike what was cut, doubled and mixed") {
  const std::vector<std::string> texts = sources();
  std::mt19937 random(20'251'125);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  for (int i = 0; i < 2'000; ++i) {
    std::string text = texts[below(texts.size())].substr(0, 600);
    for (int change = 0; change < 4 && !text.empty(); ++change) {
      const std::string& other = texts[below(texts.size())];
      const std::size_t from = other.empty() ? 0 : below(other.size());
      text.insert(below(text.size()), other.substr(from, below(12)));
      text.erase(below(text.size()), below(6));
    }
    check_same(text);
  }
}

TEST_CASE("both lexers read every short run of signs alike") {
  constexpr std::string_view signs = "\"\\$\r\n{}#u1.a%=!<;'\xC3\xA9 \x01";
  for (std::size_t length = 1; length <= 3; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= signs.size();
    for (std::size_t number = 0; number < count; ++number) {
      std::string text;
      for (std::size_t i = 0, rest = number; i < length; ++i, rest /= signs.size()) {
        text += signs[rest % signs.size()];
      }
      check_same(text);
      if (length < 3) check_same("\"" + text + "\" x");
      if (length < 3) check_same("\"${" + text + "}\" x");
      if (length < 3) check_same("\"\"\"\n" + text + "\"\"\" x");
    }
  }
}
