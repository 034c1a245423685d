#include "compiler/recovery.h"

#include <algorithm>
#include <array>
#include <span>

namespace sluice::compiler {

namespace {

bool is_word(TokenKind kind) {
  return kind == TokenKind::Word || kind == TokenKind::Keyword;
}

bool is_in(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Search {
 public:
  Search(const TokenList& list, const Mistake& mistake)
      : list_(list),
        mistake_(mistake),
        indentation_(list.tokens[mistake.begin].indentation),
        at_(std::max(mistake.error, mistake.begin + 1)) {
    // A block that does not belong there is skipped with all that is in it.
    if (list.tokens[mistake.begin].kind == TokenKind::OpenBrace) at_ = mistake.begin;
    // `skip verify`: the second word is a misspelt part of the phrase, and begins nothing.
    const bool misspelt = mistake.error == mistake.begin + 1 &&
                          list.text(mistake.begin) == "skip" &&
                          list.text(mistake.error) == "verify";
    if (misspelt) ++at_;
  }

  std::size_t run() {
    count_brackets();
    for (;; ++at_) {
      const Token& token = list_.tokens[at_];
      if (token.kind == TokenKind::End || token.kind == TokenKind::CloseBrace) return at_;
      const bool begins_line =
          is_word(token.kind) && token.first_on_line && token.indentation <= indentation_;
      if (begins_line && mistake_.container != Container::Header) return at_;
      if (brackets_ == 0 && begins_item()) return at_;
      follow(token.kind);
      if (token.kind != TokenKind::OpenBrace) continue;
      if (mistake_.container == Container::Header) return at_;
      skip_block();
    }
  }

 private:
  // A mistake within brackets or a string: what stands in them begins nothing.
  void count_brackets() {
    const std::size_t stop = at_;
    for (at_ = mistake_.begin; at_ < stop; ++at_) follow(list_.tokens[at_].kind);
  }

  void follow(TokenKind kind) {
    switch (kind) {
      case TokenKind::OpenBracket:
      case TokenKind::OpenParenthesis:
      case TokenKind::StringOpen:
      case TokenKind::InterpolationOpen:
        ++brackets_;
        break;
      case TokenKind::CloseBracket:
      case TokenKind::CloseParenthesis:
      case TokenKind::StringClose:
      case TokenKind::InterpolationClose:
        if (brackets_ > 0) --brackets_;
        break;
      default:
        break;
    }
  }

  bool begins_item() const {
    const Token& token = list_.tokens[at_];
    if (!is_word(token.kind)) return false;
    const std::string_view text = list_.text(token);
    const TokenKind next = list_.tokens[at_ + 1].kind;
    const bool titled = next == TokenKind::StringOpen;
    switch (mistake_.container) {
      case Container::File:
      case Container::EnvironmentBody:
        return begins_declaration(list_, at_);
      case Container::ProcedureBody:
        return (text == "step" && titled) || (text == "use" && is_word(next));
      case Container::RoleBody:
        return (text == "target" && titled) || text == "connect" || text == "minimum";
      case Container::TargetBody:
      case Container::Block:
        return list_.text(at_ + 1) == "=" || next == TokenKind::OpenBrace;
      case Container::Header:
        return begins_phrase(text);
      case Container::StepBody:
        return begins_phrase(text) || text == "run" || (text == "step" && titled) ||
               text == "use" || text == "verify" || text == "undo" || text == "between";
    }
    return false;
  }

  // Stays on its `}`.
  void skip_block() {
    std::size_t open = 0;
    for (;; ++at_) {
      const TokenKind kind = list_.tokens[at_].kind;
      if (kind == TokenKind::OpenBrace) ++open;
      if (kind == TokenKind::CloseBrace && --open == 0) return;
      if (list_.tokens[at_ + 1].kind == TokenKind::End) return;
    }
  }

  const TokenList& list_;
  const Mistake& mistake_;
  std::uint32_t indentation_;
  std::size_t at_;
  std::size_t brackets_ = 0;
};

}  // namespace

std::size_t resume_at(const TokenList& list, const Mistake& mistake) {
  if (list.tokens[mistake.begin].kind == TokenKind::End) return mistake.begin;
  return Search(list, mistake).run();
}

bool begins_phrase(std::string_view word) {
  constexpr std::array words{
      std::string_view("once"),     std::string_view("on"),        std::string_view("where"),
      std::string_view("except"),   std::string_view("window"),    std::string_view("batches"),
      std::string_view("by"),       std::string_view("via"),       std::string_view("order"),
      std::string_view("stagger"),  std::string_view("with"),      std::string_view("after"),
      std::string_view("when"),     std::string_view("tolerate"),  std::string_view("unreachable"),
      std::string_view("shared"),   std::string_view("optional"),  std::string_view("required"),
      std::string_view("disabled"), std::string_view("tags"),      std::string_view("skip"),
      std::string_view("timeout"),  std::string_view("retry"),     std::string_view("idempotent"),
      std::string_view("takes"),    std::string_view("fails"),     std::string_view("offline"),
      std::string_view("gives"),    std::string_view("uses"),      std::string_view("drains"),
      std::string_view("restores"), std::string_view("interrupts")};
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool begins_declaration(const TokenList& list, std::size_t token) {
  const std::string_view word = list.text(token);
  const TokenKind next = list.tokens[token + 1].kind;
  constexpr std::array titled{std::string_view("deployment"), std::string_view("import"),
                              std::string_view("inventory"), std::string_view("step")};
  constexpr std::array named{std::string_view("role"),      std::string_view("variable"),
                             std::string_view("connect"),   std::string_view("secret"),
                             std::string_view("procedure"), std::string_view("use"),
                             std::string_view("resource"),  std::string_view("environment"),
                             std::string_view("require"),   std::string_view("at")};
  if (next == TokenKind::StringOpen && is_in(titled, word)) return true;
  if (is_word(next) && is_in(named, word)) return true;
  return word == "deadline" && (is_word(next) || next == TokenKind::Quantity);
}

}  // namespace sluice::compiler
