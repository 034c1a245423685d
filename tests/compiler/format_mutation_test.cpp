// Files of ours, spoilt at random from a seed, and laid out: whatever stands in them, no word and
// no comment is lost, the layout settles at once, what can be compiled keeps its meaning, and what
// cannot be read stays as it was written.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "compiler/compile.h"
#include "compiler/format.h"
#include "compiler/literals.h"
#include "compiler/parse.h"
#include "support/golden.h"
#include "support/laid_out.h"
#include "support/paths.h"

using namespace sluice;
using test::formatted;
using test::meaning;

namespace {

// A token or a comment, as it must come through: a text block by its text, since it moves.
struct Piece {
  std::string text;
  std::size_t begin = 0;
  std::size_t end = 0;
  compiler::TokenKind kind = compiler::TokenKind::Unknown;
};

std::string trimmed(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

std::vector<Piece> pieces_of(const std::string& text) {
  static const compiler::TokenTypes types = compiler::token_types();
  const std::size_t from = text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0;
  compiler::Lexer lexer(text, static_cast<std::uint32_t>(from), types);
  std::vector<Piece> pieces;
  std::size_t at = from;
  for (compiler::Token token = lexer.next();; token = lexer.next()) {
    for (std::size_t i = text.find('#', at); i < token.begin; i = text.find('#', at)) {
      at = std::min(text.find('\n', i), text.size());
      pieces.push_back({trimmed(text.substr(i, at - i)), i, at});
    }
    if (token.kind == compiler::TokenKind::End) return pieces;
    const std::string_view word =
        std::string_view(text).substr(token.begin, token.end - token.begin);
    const bool block = token.kind == compiler::TokenKind::TextBlock;
    pieces.push_back(
        {block ? compiler::block_text(word) : trimmed(word), token.begin, token.end, token.kind});
    at = token.end;
  }
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (Piece& piece : pieces_of(text)) words.push_back(std::move(piece.text));
  return words;
}

// The source text of each declaration that cannot be read.
class Mistaken final : public compiler::DeclarationVisitor {
 public:
  bool begin(Beginning /*beginning*/) override { return true; }
  void declaration(const compiler::ParsedDeclaration& parsed) override {
    if (!parsed.mistaken || parsed.begin == parsed.end) return;
    const std::uint32_t from = parsed.list.tokens[parsed.begin].begin;
    const std::uint32_t to = parsed.list.tokens[parsed.end - 1].end;
    texts.emplace_back(parsed.list.file->text().substr(from, to - from));
  }
  std::vector<std::string> texts;
};

std::vector<std::string> mistaken_parts(const std::string& text) {
  base::Sources sources;
  const base::FileId file = sources.add(base::SourceFile("test.deploy", text));
  base::Diagnostics diagnostics;
  Mistaken mistaken;
  compiler::read_declarations(sources, file, diagnostics, mistaken);
  return mistaken.texts;
}

// What must hold of any text. Returns whether all of it could be laid out.
bool check_layout(const std::string& text) {
  INFO(text);
  const compiler::Formatted once = formatted(text);
  INFO("----\n" << once.text);
  CHECK(words_of(once.text) == words_of(text));
  CHECK(formatted(once.text).text == once.text);
  CHECK(formatted(once.text).complete == once.complete);
  if (once.complete) CHECK(meaning(once.text) == meaning(text));
  for (const std::string& part : mistaken_parts(text)) {
    CHECK(once.text.find(part) != std::string::npos);
  }
  return once.complete;
}

std::vector<std::string> files_of_ours() {
  std::vector<std::string> paths;
  for (const char* folder : {"/tests/compiler/layout", "/tests/compiler/syntax", "/examples"}) {
    const std::string root = test::source_dir() + folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".deploy") paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const std::string& path : paths) texts.push_back(test::read_text(path));
  return texts;
}

class Spoiler {
 public:
  explicit Spoiler(std::vector<std::string> files) : files_(std::move(files)) {}

  const std::vector<std::string>& files() const { return files_; }

  // One token taken out, put in from elsewhere, written twice, or changed with the one behind it.
  std::string spoilt(std::string text) {
    const std::vector<Piece> pieces = pieces_of(text);
    const std::size_t at = below(pieces.size() - 1);
    const Piece& piece = pieces[at];
    const Piece& next = pieces[at + 1];
    const std::string word = text.substr(piece.begin, piece.end - piece.begin);
    switch (below(4)) {
      case 0:
        return text.erase(piece.begin, word.size());
      case 1:
        return text.insert(piece.begin, word_from_anywhere() + " ");
      case 2:
        return text.insert(piece.begin, word + " ");
      default:
        return text.substr(0, piece.begin) + text.substr(next.begin, next.end - next.begin) +
               text.substr(piece.end, next.begin - piece.end) + word + text.substr(next.end);
    }
  }

  // The same words with other blanks, line ends and comments between them.
  std::string scattered(const std::string& text) {
    static const std::vector<std::string> gaps{" ",
                                               "   ",
                                               "\n",
                                               "\n\n\n",
                                               "\t",
                                               "\r\n",
                                               "  # a note\n ",
                                               "\n# a note\n",
                                               "\n\n  #  one\n\n # two\n\n"};
    std::string made;
    std::size_t at = 0;
    bool in_string = false;
    for (const Piece& piece : pieces_of(text)) {
      const bool comment = text[piece.begin] == '#' && !in_string;
      const std::string_view gap = std::string_view(text).substr(at, piece.begin - at);
      const bool may = !in_string && !gap.empty() && !comment &&
                       (made.empty() || gap.find('\n') == std::string_view::npos || below(2) == 0);
      made += may && below(6) == 0 ? gaps[below(gaps.size())] : std::string(gap);
      if (!made.empty() && may && gap.find('\n') != std::string_view::npos && made.back() != '\n' &&
          after_comment_) {
        made += '\n';
      }
      after_comment_ = comment;
      made += text.substr(piece.begin, piece.end - piece.begin);
      at = piece.end;
      if (piece.kind == compiler::TokenKind::StringOpen) in_string = true;
      if (piece.kind == compiler::TokenKind::StringClose) in_string = false;
    }
    return made + text.substr(at);
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string word_from_anywhere() {
    const std::string& file = files_[below(files_.size())];
    const std::vector<Piece> pieces = pieces_of(file);
    const Piece& piece = pieces[below(pieces.size())];
    return file.substr(piece.begin, piece.end - piece.begin);
  }

  std::vector<std::string> files_;
  std::mt19937 random_{20261126};
  bool after_comment_ = false;
};

}  // namespace

TEST_CASE("a file with other blanks, line ends and comments keeps its words and its meaning") {
  Spoiler spoiler(files_of_ours());
  std::size_t whole = 0;
  std::size_t all = 0;
  for (const std::string& file : spoiler.files()) {
    for (int i = 0; i < 25; ++i, ++all) whole += check_layout(spoiler.scattered(file)) ? 1U : 0U;
  }
  CHECK(all >= 500);
  CHECK(whole * 2 > all);  // most can be read
}

TEST_CASE("a file with a word too many, too few or out of place loses nothing in its layout") {
  Spoiler spoiler(files_of_ours());
  std::size_t broken = 0;
  std::size_t all = 0;
  for (const std::string& file : spoiler.files()) {
    for (int i = 0; i < 80; ++i, ++all) broken += check_layout(spoiler.spoilt(file)) ? 0U : 1U;
  }
  CHECK(all >= 1500);
  CHECK(broken * 2 > all);  // most cannot
}

TEST_CASE("a mistake in one declaration leaves the layout of the others as it would be") {
  Spoiler spoiler(files_of_ours());
  std::size_t kept = 0;
  std::size_t all = 0;
  const std::string before = "deployment   \"x\"\nrole web {   target \"a\"   }\n";
  const std::string after = "variable   last   =   1 # one\nstep \"Last\" on web {run \"true\"}\n";
  for (const std::string& file : spoiler.files()) {
    if (file.compare(0, 10, "deployment") != 0) continue;
    const std::size_t from = std::min(file.find("\nstep"), file.size());
    const std::string steps = file.substr(from);
    for (int i = 0; i < 200 && steps.size() > 10; ++i) {
      const std::string text = before + spoiler.spoilt(steps) + "\n" + after;
      const compiler::Formatted once = formatted(text);
      if (once.complete) continue;
      ++all;
      const bool first = once.text.find("deployment \"x\"\nrole web { target \"a\" }\n") == 0;
      const bool last = once.text.find(
                            "\nvariable last = 1  # one\nstep \"Last\" on web { run "
                            "\"true\" }\n") != std::string::npos;
      INFO(text << "----\n" << once.text);
      CHECK(first);
      kept += last ? 1U : 0U;
    }
  }
  CAPTURE(kept, all);
  CHECK(all >= 500);
  CHECK(kept * 100 >= all * 95);  // but where a quote or a comment takes a brace along
}
