// The tokens of a file as ANTLR wants them: views that are made when it asks for them.
#pragma once

#include <antlr4-runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::grammar {

// A token as the parser wants it.
class TokenView final : public antlr4::Token {
 public:
  // `type` is 0 at the end of the file.
  TokenView(std::uint32_t index, std::uint32_t begin, std::uint32_t end, std::uint8_t type)
      : index_(index), begin_(begin), end_(end), type_(type) {}

  std::string getText() const override { return ""; }
  std::size_t getType() const override { return type_ == 0 ? antlr4::Token::EOF : type_; }
  std::size_t getLine() const override { return 0; }
  std::size_t getCharPositionInLine() const override { return 0; }
  std::size_t getChannel() const override { return antlr4::Token::DEFAULT_CHANNEL; }
  std::size_t getTokenIndex() const override { return index_; }
  std::size_t getStartIndex() const override { return begin_; }
  std::size_t getStopIndex() const override { return end_ - 1; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  antlr4::CharStream* getInputStream() const override { return nullptr; }
  std::string toString() const override { return ""; }

 private:
  std::uint32_t index_;
  std::uint32_t begin_;
  std::uint32_t end_;
  std::uint8_t type_;
};

// The tokens of the declaration that is read: as many views as the longest one needs, made when
// they are asked for. The list has `tokens`, each with `begin`, `end` and `type`, the last one of
// type 0.
template <class TokenList>
class Tokens final : public antlr4::TokenStream {
 public:
  explicit Tokens(const TokenList& list) : list_(list) {}

  // The views before are gone.
  void begin_at(std::size_t index) {
    first_ = at_ = index;
    made_ = 0;
  }

  void consume() override { at_ = std::min(at_ + 1, last()); }
  std::size_t LA(ssize_t i) override { return LT(i)->getType(); }
  antlr4::Token* LT(ssize_t k) override {
    if (k >= 0) return view(std::min(at_ + static_cast<std::size_t>(k) - 1, last()));
    const auto back = static_cast<std::size_t>(-k);
    return view(at_ < first_ + back ? first_ : at_ - back);
  }
  antlr4::Token* get(std::size_t index) const override { return view(index); }
  ssize_t mark() override { return 0; }
  void release(ssize_t /*marker*/) override {}
  std::size_t index() override { return at_; }
  void seek(std::size_t index) override { at_ = std::min(index, last()); }
  std::size_t size() override { return list_.tokens.size(); }
  std::string getSourceName() const override { return ""; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval& /*interval*/) override { return ""; }
  std::string getText() override { return ""; }
  std::string getText(antlr4::RuleContext* /*context*/) override { return ""; }
  std::string getText(antlr4::Token* /*start*/, antlr4::Token* /*stop*/) override { return ""; }

 private:
  static constexpr std::size_t page_size = 1024;

  std::size_t last() const { return list_.tokens.size() - 1; }

  TokenView* view(std::size_t index) const {
    if (index < first_) throw std::logic_error("a token before the declaration");
    const std::size_t place = index - first_;
    while (made_ <= place) make_next();
    return &pages_[place / page_size][place % page_size];
  }
  void make_next() const {
    if (made_ / page_size == pages_.size()) pages_.emplace_back().reserve(page_size);
    std::vector<TokenView>& page = pages_[made_ / page_size];
    const std::size_t index = first_ + made_;
    const auto& token = list_.tokens[index];
    const TokenView next(static_cast<std::uint32_t>(index), token.begin, token.end, token.type);
    if (made_ % page_size < page.size()) {
      page[made_ % page_size] = next;
    } else {
      page.push_back(next);
    }
    ++made_;
  }

  const TokenList& list_;
  mutable std::vector<std::vector<TokenView>> pages_;  // each of its full capacity: none moves
  mutable std::size_t made_ = 0;
  std::size_t first_ = 0;
  std::size_t at_ = 0;
};

}  // namespace sluice::grammar
