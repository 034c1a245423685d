#include "compiler/build_phrase.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

constexpr std::array<std::pair<std::string_view, Phrase>, 18> phrases{{
    {"once", Phrase::Once},
    {"on", Phrase::On},
    {"window", Phrase::Window},
    {"order", Phrase::Order},
    {"via", Phrase::Via},
    {"with", Phrase::WithPrevious},
    {"after", Phrase::After},
    {"shared", Phrase::Shared},
    {"timeout", Phrase::Timeout},
    {"retry", Phrase::Retry},
    {"tolerate", Phrase::Tolerate},
    {"when", Phrase::WhenCondition},
    {"takes", Phrase::Takes},
    {"drains", Phrase::Drains},
    {"restores", Phrase::Restores},
    {"interrupts", Phrase::Interrupts},
    {"optional", Phrase::Optional},
    {"disabled", Phrase::Disabled},
}};

Phrase phrase_of(std::string_view word) {
  const auto found = std::find_if(phrases.begin(), phrases.end(),
                                  [&](const auto& entry) { return entry.first == word; });
  SLUICE_CHECK(found != phrases.end(), "the grammar has a phrase that the compiler does not know");
  return found->second;
}

class PhraseBuilder {
 public:
  PhraseBuilder(const TokenList& list, const RuleTree& rules, const RuleNode& node,
                ExpressionBuilder& expressions)
      : list_(list), rules_(rules), node_(node), expressions_(expressions) {}

  std::optional<PhraseNode> build(bool in_header) {
    made_.phrase = phrase_of(list_.text(node_.first));
    made_.span = expressions_.span(node_);
    made_.in_header = in_header;
    const bool fits = words();
    for (const RuleNode& part : rules_.children(node_)) {
      if (part.rule == Rule::RoleName) {
        made_.names.push_back(role_name(part, rules_, expressions_));
      } else if (part.rule == Rule::Title) {
        made_.names.push_back(expressions_.quoted_name(rules_.children(part)[0]));
      } else {
        made_.values.push_back(expressions_.build(part));
      }
    }
    if (!fits) return std::nullopt;
    return std::move(made_);
  }

 private:
  std::string_view last_word() const { return list_.text(node_.end - 1); }
  bool has_second_word() const {
    const auto parts = rules_.children(node_);
    return node_.end > node_.first + 1 && (parts.empty() || parts[0].first > node_.first + 1);
  }

  bool words() {
    switch (made_.phrase) {
      case Phrase::On:
        return !has_second_word() || after_on_failure();
      case Phrase::Window:
        made_.round_up = rules_.children(node_)[0].end < node_.end;
        return true;
      case Phrase::Via:
        made_.first = has_second_word();
        return true;
      case Phrase::Order:
        return take_word(node_.first + 1, {"inventory", "name", "reverse"},
                         {"target", "longest", "random"});
      case Phrase::WhenCondition:
        made_.names.push_back(expressions_.word(node_.first + 1));
        return true;
      case Phrase::Takes:
        return is_known_model(rules_.children(node_)[0]);
      default:
        return true;
    }
  }

  // `on failure halt`, or a role of the name `failure`.
  bool after_on_failure() {
    const std::size_t answer = node_.first + 2;
    if (answer < node_.end && list_.tokens[answer].kind == TokenKind::Word) {
      made_.phrase = Phrase::OnFailure;
      return take_word(answer, {"halt", "continue", "ignore"}, {"ask", "rollback"});
    }
    made_.names.push_back(expressions_.word(node_.first + 1));
    if (made_.in_header || answer < node_.end) return true;
    expressions_.report("E0111", made_.span, "`on failure` does not say what to do",
                        "write `on failure halt`, `on failure continue` or `on failure ignore`");
    return false;
  }

  // An unknown order is left to the resolver, which has words for it.
  bool take_word(std::size_t token, const std::vector<std::string>& known,
                 const std::vector<std::string>& later) {
    const Name word = expressions_.word(token);
    made_.names.push_back(word);
    if (std::find(known.begin(), known.end(), word.text) != known.end()) return true;
    const bool is_later = std::find(later.begin(), later.end(), word.text) != later.end();
    if (!is_later && made_.phrase == Phrase::Order) return true;
    std::string opening;
    for (std::size_t i = node_.first; i < token; ++i) {
      opening += fmt::format("{}{}", opening.empty() ? "" : " ", list_.text(i));
    }
    if (is_later) {
      expressions_.report("E0114", word.span,
                          fmt::format("this version does not know `{} {}` yet", opening, word.text),
                          known_words(known));
    } else {
      const std::string meant = nearest(word.text, known);
      expressions_.report(
          "E0111", word.span, fmt::format("`{}` does not belong behind `{}`", word.text, opening),
          meant.empty() ? known_words(known) : fmt::format("did you mean `{}`?", meant));
    }
    return false;
  }

  static std::string known_words(const std::vector<std::string>& known) {
    return fmt::format("it knows `{}`, `{}` and `{}`", known[0], known[1], known[2]);
  }

  // Distributions and what earlier runs took are of a later version.
  bool is_known_model(const RuleNode& value) {
    constexpr std::array<std::string_view, 4> later{"normal", "lognormal", "triangular",
                                                    "exponential"};
    if (value.rule != Rule::Primary) return true;
    const std::string_view word = list_.text(value.first);
    const bool called = value.child_count > 0 &&
                        rules_.children(value)[0].rule == Rule::Arguments &&
                        std::find(later.begin(), later.end(), word) != later.end();
    if (!called && (word != "history" || value.child_count > 0)) return true;
    expressions_.report("E0114", list_.span(value.first),
                        fmt::format("this version does not know `takes {}` yet", word),
                        "it knows `takes 30s` and `takes 20s to 40s`");
    return false;
  }

  const TokenList& list_;
  const RuleTree& rules_;
  const RuleNode& node_;
  ExpressionBuilder& expressions_;
  PhraseNode made_;
};

}  // namespace

std::optional<PhraseNode> build_phrase(const TokenList& list, const RuleTree& rules,
                                       const RuleNode& node, bool in_header,
                                       ExpressionBuilder& expressions) {
  return PhraseBuilder(list, rules, node, expressions).build(in_header);
}

Name role_name(const RuleNode& node, const RuleTree& rules, ExpressionBuilder& expressions) {
  return node.child_count > 0 ? expressions.quoted_name(rules.children(node)[0])
                              : expressions.word(node.first);
}

}  // namespace sluice::compiler
