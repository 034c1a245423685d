// Reads by the grammar's own tables, as the generated parser reads, and without what that spends on
// each rule: a function, a context, an exit, a prediction behind a lock. It decides nothing about
// the language and says nothing of a mistake: what it cannot read, the generated parser reads and
// tells.
#pragma once

#include <antlr4-runtime.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice::grammar {

inline constexpr std::size_t most_token_types = 128;
inline constexpr int most_precedences = 16;

// Types of tokens. The end of the file is 0 here.
class TokenSet {
 public:
  void set(std::size_t type) { words_[type / 64] |= std::uint64_t{1} << type % 64; }
  bool operator[](std::size_t type) const { return (words_[type / 64] >> type % 64 & 1U) != 0; }
  TokenSet& operator|=(const TokenSet& other) {
    words_[0] |= other.words_[0];
    words_[1] |= other.words_[1];
    return *this;
  }
  bool meets(const TokenSet& other) const {
    return (words_[0] & other.words_[0]) != 0 || (words_[1] & other.words_[1]) != 0;
  }
  bool operator==(const TokenSet&) const = default;
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  static_assert(most_token_types == 128);
  std::array<std::uint64_t, 2> words_{};
};

// The automaton of the grammar, flat, and what the first token decides in it.
class Tables {
 public:
  enum class Kind : std::uint8_t {
    Pass,    // goes on without a token
    Token,   // one of `value`
    Set,     // one of the set `extra`
    Call,    // of the rule `extra`, and then on to `follow`
    Stop,    // of the rule
    Guard,   // an operator that binds less than `value` does not belong here
    Choice,  // of the decision `extra`
    Loop,    // the same, of an operator with an expression before it: see `Decision::enter`
  };
  struct State {
    Kind kind = Kind::Pass;
    std::uint8_t value = 0;
    bool recursive = false;  // Call: of the rule that has operators
    std::uint16_t target = 0;
    std::uint16_t extra = 0;
    std::uint16_t follow = 0;
  };
  struct Decision {
    std::vector<std::uint16_t> targets;  // by alternative, from 1
    std::uint8_t enter = 0;              // Loop: the alternative that reads one operator more
    bool by_first_token = false;         // always
    // By precedence (where the first token is not always enough) and type; 0: not known yet.
    std::vector<std::uint8_t> chosen;
  };
  static constexpr std::uint8_t none = 0xff;  // of the alternatives fits

  explicit Tables(const antlr4::atn::ATN& atn) {
    flatten(atn);
    look_ahead(atn);
    for (const antlr4::atn::DecisionState* state : atn.decisionToState) decide(*state);
    for (State& state : states_) {
      state.target = behind_passes(state.target);
      state.follow = behind_passes(state.follow);
    }
    for (Decision& decision : decisions_) {
      for (std::uint16_t& target : decision.targets) target = behind_passes(target);
    }
    for (std::uint16_t& start : starts_) start = behind_passes(start);
  }

  const State& state(std::uint16_t number) const { return states_[number]; }
  const TokenSet& set(std::uint16_t number) const { return sets_[number]; }
  Decision& decision(std::uint16_t number) { return decisions_[number]; }
  std::uint16_t start(std::size_t rule) const { return starts_[rule]; }

 private:
  using AtnState = antlr4::atn::ATNState;
  using Transition = antlr4::atn::Transition;

  // What may come first behind a state: within its rule, and whether that may end without a token.
  struct Look {
    TokenSet first;
    bool ends = false;
    bool guarded = false;  // or what an operator's precedence decides

    bool add(const Look& other) {
      const Look before = *this;
      first |= other.first;
      guarded = guarded || other.guarded;
      return first != before.first || guarded != before.guarded;
    }
  };

  static std::uint16_t number(std::size_t value) {
    if (value > 0xfffeU) throw std::logic_error("the grammar is too large for its tables");
    return static_cast<std::uint16_t>(value);
  }
  static std::logic_error unknown() {
    return std::logic_error("the grammar has what its tables do not know");
  }
  static std::size_t type_of(ssize_t label) {
    return label < 0 ? 0 : static_cast<std::size_t>(label);
  }

  void flatten(const antlr4::atn::ATN& atn) {
    states_.resize(atn.states.size());
    decisions_.resize(atn.decisionToState.size());
    for (const antlr4::atn::RuleStartState* start : atn.ruleToStartState) {
      starts_.push_back(number(start->stateNumber));
    }
    for (const AtnState* from : atn.states) {
      if (from != nullptr) states_[from->stateNumber] = flat(*from);
    }
  }

  State flat(const AtnState& from) {
    auto& state = const_cast<AtnState&>(from);  // ANTLR asks for the type by what is not const
    if (state.getStateType() == AtnState::RULE_STOP) return {Kind::Stop, 0, false, 0, 0, 0};
    // Nothing leads to a state that leads nowhere: it was put aside when the tables were made.
    if (state.transitions.empty()) return {Kind::Stop, 0, false, 0, 0, 0};
    if (state.transitions.size() > 1) {
      const auto* decision = dynamic_cast<const antlr4::atn::DecisionState*>(&from);
      if (decision == nullptr) throw unknown();
      return choice(*decision);
    }
    const Transition& way = *from.transitions.front();
    const std::uint16_t target = number(way.target->stateNumber);
    switch (way.getSerializationType()) {
      case Transition::EPSILON:
      case Transition::ACTION:  // one that the generator puts into rules with operators: it does
                                // nothing
        return {Kind::Pass, 0, false, target, 0, 0};
      case Transition::ATOM:
      case Transition::SET: {
        const std::vector<ssize_t> labels = way.label().toList();
        if (labels.size() == 1) {
          return {Kind::Token, static_cast<std::uint8_t>(type_of(labels[0])), false, target, 0, 0};
        }
        TokenSet& set = sets_.emplace_back();
        for (const ssize_t label : labels) set.set(type_of(label));
        return {Kind::Set, 0, false, target, number(sets_.size() - 1), 0};
      }
      case Transition::RULE: {
        const auto& call = static_cast<const antlr4::atn::RuleTransition&>(way);
        const auto* start = static_cast<const antlr4::atn::RuleStartState*>(way.target);
        if (call.precedence < 0 || call.precedence >= most_precedences) throw unknown();
        return {Kind::Call,
                static_cast<std::uint8_t>(call.precedence),
                start->isLeftRecursiveRule,
                target,
                number(call.ruleIndex),
                number(call.followState->stateNumber)};
      }
      case Transition::PRECEDENCE: {
        const auto& guard = static_cast<const antlr4::atn::PrecedencePredicateTransition&>(way);
        return {Kind::Guard, static_cast<std::uint8_t>(guard.precedence), false, target, 0, 0};
      }
      default:
        throw unknown();
    }
  }

  State choice(const antlr4::atn::DecisionState& from) {
    Decision& decision = decisions_[static_cast<std::size_t>(from.decision)];
    bool loop = false;
    const auto* entry = dynamic_cast<const antlr4::atn::StarLoopEntryState*>(&from);
    if (entry != nullptr) loop = entry->isPrecedenceDecision;
    for (const Transition* way : from.transitions) {
      if (way->getSerializationType() != Transition::EPSILON) throw unknown();
      decision.targets.push_back(number(way->target->stateNumber));
      const bool leaves = way->target->getStateType() == AtnState::LOOP_END;
      if (loop && !leaves) decision.enter = static_cast<std::uint8_t>(decision.targets.size());
    }
    return {loop ? Kind::Loop : Kind::Choice,
            0,
            false,
            0,
            number(static_cast<std::size_t>(from.decision)),
            0};
  }

  // To and fro until nothing is added: what follows from what goes round in circles.
  void look_ahead(const antlr4::atn::ATN& atn) {
    looks_.resize(states_.size());
    for (bool more = true; more;) {
      more = false;
      for (std::size_t at = states_.size(); at-- > 0;) more = look_from(at) || more;
    }
    follows_.resize(starts_.size());
    for (bool more = true; more;) {
      more = false;
      for (const AtnState* from : atn.states) {
        if (from == nullptr || states_[from->stateNumber].kind != Kind::Call) continue;
        const State& call = states_[from->stateNumber];
        const Look& behind = looks_[call.follow];
        more = follows_[call.extra].add(behind) || more;
        if (behind.ends) more = follows_[call.extra].add(follows_[from->ruleIndex]) || more;
      }
    }
  }

  bool look_from(std::size_t at) {
    const State& state = states_[at];
    Look& look = looks_[at];
    const Look before = look;
    switch (state.kind) {
      case Kind::Token:
        look.first.set(state.value);
        break;
      case Kind::Set:
        look.first |= sets_[state.extra];
        break;
      case Kind::Stop:
        look.ends = true;
        break;
      case Kind::Guard:
        look.guarded = true;
        take(look, looks_[state.target]);
        break;
      case Kind::Pass:
        take(look, looks_[state.target]);
        break;
      case Kind::Call:
        look.add(looks_[state.target]);
        if (looks_[state.target].ends) take(look, looks_[state.follow]);
        break;
      case Kind::Choice:
      case Kind::Loop:
        for (const std::uint16_t target : decisions_[state.extra].targets) {
          take(look, looks_[target]);
        }
        break;
    }
    return look.first != before.first || look.ends != before.ends || look.guarded != before.guarded;
  }
  static void take(Look& look, const Look& other) {
    look.add(other);
    look.ends = look.ends || other.ends;
  }

  // As the generator does: where no token may begin two alternatives, the first one decides, and a
  // list or what may be left out ends before any that begins none.
  void decide(const antlr4::atn::DecisionState& from) {
    Decision& decision = decisions_[static_cast<std::size_t>(from.decision)];
    TokenSet seen;
    decision.by_first_token = !from.nonGreedy;
    std::uint8_t leaving = none;
    std::vector<TokenSet> firsts;
    for (std::size_t i = 0; i < decision.targets.size(); ++i) {
      Look look = looks_[decision.targets[i]];
      if (look.ends) look.add(follows_[from.ruleIndex]);
      if (look.guarded || seen.meets(look.first)) decision.by_first_token = false;
      seen |= look.first;
      firsts.push_back(look.first);
      const std::size_t kind = from.transitions[i]->target->getStateType();
      if (kind == AtnState::BLOCK_END || kind == AtnState::LOOP_END) {
        leaving = static_cast<std::uint8_t>(i + 1);
      }
    }
    if (!decision.by_first_token) return decide_what_is_sure(decision, firsts, from.nonGreedy);
    decision.chosen.assign(most_token_types, leaving);
    for (std::size_t i = 0; i < firsts.size(); ++i) {
      firsts[i].for_each(
          [&](std::size_t type) { decision.chosen[type] = static_cast<std::uint8_t>(i + 1); });
    }
  }

  // Where one alternative alone may begin with the token, it is that one: so ANTLR would find.
  void decide_what_is_sure(Decision& decision, const std::vector<TokenSet>& firsts,
                           bool non_greedy) {
    decision.chosen.assign(most_precedences * most_token_types, 0);
    if (non_greedy) return;
    const bool loop = decision.enter != 0;
    std::array<int, most_token_types> strengths{};
    if (loop && !find_strengths(decision.targets[decision.enter - 1U], strengths)) return;
    for (int precedence = 0; precedence < most_precedences; ++precedence) {
      std::uint8_t* chosen =
          decision.chosen.data() + static_cast<std::size_t>(precedence) * most_token_types;
      std::array<std::uint8_t, most_token_types> count{};
      for (std::size_t i = 0; i < firsts.size(); ++i) {
        const auto alternative = static_cast<std::uint8_t>(i + 1);
        const State& first = states_[behind_passes(decision.targets[i])];
        if (first.kind == Kind::Guard && first.value < precedence) continue;
        firsts[i].for_each([&](std::size_t type) {
          // An operator that binds strongly enough goes on with the expression, else it ends it.
          const bool weak = strengths[type] < precedence;
          if (loop && alternative == decision.enter && weak) return;
          if (loop && alternative != decision.enter && strengths[type] > 0 && !weak) return;
          chosen[type] = ++count[type] == 1 ? alternative : 0;
        });
      }
    }
  }

  // Of the operators that may follow: by type, how strongly each binds.
  bool find_strengths(std::uint16_t enter, std::array<int, most_token_types>& strengths) const {
    const State& choice = states_[behind_passes(enter)];
    if (choice.kind != Kind::Choice) return false;
    for (const std::uint16_t target : decisions_[choice.extra].targets) {
      const State& guard = states_[behind_passes(target)];
      if (guard.kind != Kind::Guard) return false;
      looks_[guard.target].first.for_each([&](std::size_t type) { strengths[type] = guard.value; });
    }
    return true;
  }

  std::uint16_t behind_passes(std::uint16_t at) const {
    while (states_[at].kind == Kind::Pass) at = states_[at].target;
    return at;
  }

  std::vector<State> states_;
  std::vector<TokenSet> sets_;
  std::vector<Decision> decisions_;
  std::vector<std::uint16_t> starts_;  // by rule
  std::vector<Look> looks_;            // by state
  std::vector<Look> follows_;          // by rule
};

// Walks through the tables over a host's tokens. The host has
//   type(at)                              the type of a token; 0 for the end
//   predict(decision, precedence, at)     the alternative that ANTLR finds (Tables::none: it finds
//                                         none), and whether the first token alone decides so
//   open(rule, at), close(rule, at)       a rule begins before a token, and ends before one; where
//                                         `open` says false, no more is read
//   wrap(rule)                            the rule that was closed last begins another
class Walker {
 public:
  struct Predicted {
    std::uint8_t alternative = Tables::none;
    bool always = false;
  };

  explicit Walker(const antlr4::atn::ATN& atn) : tables_(atn) {}

  // Behind the rule's last token; nothing where it cannot be read.
  template <class Host>
  std::optional<std::size_t> read(Host& host, std::size_t rule, std::size_t at) {
    using Kind = Tables::Kind;
    frames_.clear();
    std::uint8_t precedence = 0;
    auto current = static_cast<std::uint16_t>(rule);
    if (!host.open(current, at)) return std::nullopt;
    std::uint16_t next = tables_.start(current);
    for (;;) {
      const Tables::State& state = tables_.state(next);
      next = state.target;
      switch (state.kind) {
        case Kind::Pass:
          break;
        case Kind::Token:
          if (host.type(at) != state.value) return std::nullopt;
          ++at;
          break;
        case Kind::Set:
          if (!tables_.set(state.extra)[host.type(at)]) return std::nullopt;
          ++at;
          break;
        case Kind::Call:
          frames_.push_back({state.follow, current, precedence});
          current = state.extra;
          if (state.recursive) precedence = state.value;
          if (!host.open(current, at)) return std::nullopt;
          break;
        case Kind::Stop:
          host.close(current, at);
          if (frames_.empty()) return at;
          next = frames_.back().follow;
          current = frames_.back().rule;
          precedence = frames_.back().precedence;
          frames_.pop_back();
          break;
        case Kind::Guard:
          if (state.value < precedence) return std::nullopt;
          break;
        case Kind::Choice:
        case Kind::Loop: {
          Tables::Decision& decision = tables_.decision(state.extra);
          const std::uint8_t chosen = choose(host, state.extra, decision, precedence, at);
          if (chosen == Tables::none) return std::nullopt;
          if (chosen == decision.enter) {
            host.close(current, at);
            host.wrap(current);
          }
          next = decision.targets[chosen - 1U];
          break;
        }
      }
    }
  }

 private:
  struct Frame {
    std::uint16_t follow;
    std::uint16_t rule;
    std::uint8_t precedence;
  };

  template <class Host>
  static std::uint8_t choose(Host& host, std::uint16_t number, Tables::Decision& decision,
                             std::uint8_t precedence, std::size_t at) {
    const std::size_t type = host.type(at);
    if (decision.by_first_token) return decision.chosen[type];
    std::uint8_t& known = decision.chosen[precedence * most_token_types + type];
    if (known != 0) return known;
    const Predicted predicted = host.predict(number, precedence, at);
    if (predicted.always) known = predicted.alternative;
    return predicted.alternative;
  }

  Tables tables_;
  std::vector<Frame> frames_;
};

}  // namespace sluice::grammar
