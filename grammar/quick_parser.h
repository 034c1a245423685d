// What the generated parser derives from: what ANTLR's own one does for each rule, for less. It
// decides nothing about the language; the grammar alone does. The generated code calls these by
// their names, so that they stand in for those of ANTLR that are not virtual.
#pragma once

#include <antlr4-runtime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::grammar {

// Rooms for the contexts of rules, in the order in which they are entered, given back from the end.
class Contexts {
 public:
  struct Mark {
    std::size_t made = 0;
    std::size_t pages = 0;
    std::size_t used = 0;
  };

  Contexts() = default;
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts() { rewind({}); }

  template <class Context, class... Arguments>
  Context* createInstance(Arguments&&... arguments) {
    static_assert(sizeof(Context) <= page_bytes && alignof(Context) <= alignof(std::max_align_t));
    auto* made = new (room(sizeof(Context))) Context(std::forward<Arguments>(arguments)...);
    made_.push_back(made);
    return made;
  }

  Mark mark() const { return {made_.size(), at_page_, used_}; }
  // What was made since then is gone.
  void rewind(const Mark& mark) {
    while (made_.size() > mark.made) {
      std::destroy_at(made_.back());
      made_.pop_back();
    }
    at_page_ = mark.pages;
    used_ = mark.used;
  }

 private:
  static constexpr std::size_t page_bytes = std::size_t{16} * 1024;
  struct Page {
    alignas(std::max_align_t) std::array<std::byte, page_bytes> bytes;
  };

  std::byte* room(std::size_t bytes) {
    constexpr std::size_t step = alignof(std::max_align_t);
    const std::size_t rounded = (bytes + step - 1) / step * step;
    if (used_ + rounded > page_bytes) {
      ++at_page_;
      used_ = 0;
    }
    // Not make_unique, which would clear what is written anyway.
    if (at_page_ == pages_.size()) pages_.push_back(std::unique_ptr<Page>(new Page));
    std::byte* at = pages_[at_page_]->bytes.data() + used_;
    used_ += rounded;
    return at;
  }

  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<antlr4::ParserRuleContext*> made_;
  std::size_t at_page_ = 0;
  std::size_t used_ = 0;  // of the page that is written
};

// ANTLR's predictions, and a table of those that its tables decide at the first token: what they
// say once they say always, so that neither a lock nor a search is needed to ask again.
class QuickPredictions final : public antlr4::atn::ParserATNSimulator {
 public:
  QuickPredictions(antlr4::Parser* parser, antlr4::atn::ParserATNSimulator& usual)
      : ParserATNSimulator(parser, usual.atn, usual.decisionToDFA, usual.getSharedContextCache()),
        parser_(parser),
        known_(decisionToDFA.size()) {}

  std::size_t adaptivePredict(antlr4::TokenStream* tokens, std::size_t decision,
                              antlr4::ParserRuleContext* context) override {
    const std::size_t token = tokens->LA(1);
    const int precedence = parser_->getPrecedence();
    if (token >= most_tokens || precedence >= most_precedences) {
      return ParserATNSimulator::adaptivePredict(tokens, decision, context);
    }
    std::uint8_t& known = entry(decision, static_cast<std::size_t>(precedence), token);
    if (known != 0) return known;
    const std::size_t predicted = ParserATNSimulator::adaptivePredict(tokens, decision, context);
    if (decides(decision, precedence, token, predicted)) {
      known = static_cast<std::uint8_t>(predicted);
    }
    return predicted;
  }

  // Whether the state behind the first token accepts, whatever follows and wherever the rule
  // stands. What it asks before it does is the precedence alone: the grammar has no other
  // predicates.
  bool decides(std::size_t decision, int precedence, std::size_t token,
               std::size_t predicted) const {
    if (predicted == 0 || predicted >= std::numeric_limits<std::uint8_t>::max()) return false;
    const antlr4::dfa::DFA& dfa = decisionToDFA[decision];
    _edgeLock.readLock();
    const antlr4::dfa::DFAState* start =
        dfa.isPrecedenceDfa() ? dfa.getPrecedenceStartState(precedence) : dfa.s0;
    bool decided = false;
    if (start != nullptr) {
      const auto edge = start->edges.find(token);
      decided = edge != start->edges.end() && edge->second->isAcceptState &&
                !edge->second->requiresFullContext;
    }
    _edgeLock.readUnlock();
    return decided;
  }

 private:
  static constexpr std::size_t most_tokens = 128;
  static constexpr int most_precedences = 16;

  std::uint8_t& entry(std::size_t decision, std::size_t precedence, std::size_t token) {
    auto& of_decision = known_[decision];
    if (of_decision.empty()) of_decision.resize(most_precedences * most_tokens);
    return of_decision[precedence * most_tokens + token];
  }

  antlr4::Parser* parser_;
  std::vector<std::vector<std::uint8_t>> known_;  // by decision, precedence and token; 0: not known
};

class QuickParser : public antlr4::Parser {
 public:
  using antlr4::Parser::Parser;

  void reset() override {
    Parser::reset();
    _tracker.rewind({});
  }

 protected:
  // Without the search for the type of a context's parent: whatever a rule is called from is a
  // rule.
  void exitRule() {
    triggerExitRuleEvent();
    setState(_ctx->invokingState);
    _ctx = static_cast<antlr4::ParserRuleContext*>(_ctx->parent);
  }

  template <class Action>
  class AtEnd {
   public:
    explicit AtEnd(Action action) : action_(std::move(action)) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { action_(); }

   private:
    Action action_;
  };
  template <class Action>
  static AtEnd<Action> finally(Action action) {
    return AtEnd<Action>(std::move(action));
  }

  Contexts _tracker;  // NOLINT(readability-identifier-naming): the name that generated code uses
};

}  // namespace sluice::grammar
