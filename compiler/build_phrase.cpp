#include "compiler/build_phrase.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "compiler/recovery.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

struct Opening {
  std::string_view word;
  Phrase phrase;
};
constexpr std::array openings = {
    Opening{"once", Phrase::Once},
    Opening{"on", Phrase::On},
    Opening{"where", Phrase::Where},
    Opening{"except", Phrase::Except},
    Opening{"window", Phrase::Window},
    Opening{"batches", Phrase::Batches},
    Opening{"by", Phrase::By},
    Opening{"via", Phrase::Via},
    Opening{"order", Phrase::Order},
    Opening{"stagger", Phrase::Stagger},
    Opening{"with", Phrase::WithPrevious},
    Opening{"after", Phrase::After},
    Opening{"when", Phrase::WhenCondition},
    Opening{"tolerate", Phrase::Tolerate},
    Opening{"unreachable", Phrase::Unreachable},
    Opening{"shared", Phrase::Shared},
    Opening{"optional", Phrase::Optional},
    Opening{"required", Phrase::Required},
    Opening{"disabled", Phrase::Disabled},
    Opening{"tags", Phrase::Tags},
    Opening{"skip", Phrase::SkipVerified},
    Opening{"timeout", Phrase::Timeout},
    Opening{"retry", Phrase::Retry},
    Opening{"idempotent", Phrase::Idempotent},
    Opening{"takes", Phrase::Takes},
    Opening{"fails", Phrase::Fails},
    Opening{"offline", Phrase::Offline},
    Opening{"gives", Phrase::Gives},
    Opening{"uses", Phrase::Uses},
    Opening{"drains", Phrase::Drains},
    Opening{"restores", Phrase::Restores},
    Opening{"interrupts", Phrase::Interrupts},
};

Phrase phrase_of(std::string_view word) {
  const auto found = std::find_if(openings.begin(), openings.end(),
                                  [&](const Opening& entry) { return entry.word == word; });
  SLUICE_CHECK(found != openings.end(), "the grammar has a phrase that the compiler does not know");
  return found->phrase;
}

using Words = std::vector<std::string>;

class PhraseBuilder {
 public:
  PhraseBuilder(const TokenList& list, const RuleTree& rules, const RuleNode& node,
                ExpressionBuilder& expressions)
      : list_(list), rules_(rules), node_(node), expressions_(expressions) {}

  std::optional<PhraseNode> build(bool in_header) {
    made_.phrase = phrase_of(list_.text(node_.first));
    made_.span = expressions_.span(node_);
    made_.in_header = in_header;
    if (!words_before() || !parts() || !words_behind()) return std::nullopt;
    return std::move(made_);
  }

 private:
  std::size_t second() const { return node_.first + 1; }
  std::string_view text_at(std::size_t token) const {
    return token < node_.end ? list_.text(token) : std::string_view();
  }
  bool is_plain_word(std::size_t token) const {
    return token < node_.end && list_.tokens[token].kind == TokenKind::Word;
  }
  Name word(std::size_t token) const { return expressions_.word(token); }

  bool refuse(base::Span span, std::string message, std::string hint) {
    expressions_.report("E0111", span, std::move(message), std::move(hint));
    return false;
  }

  // Whether the word at the token is one of those that may stand there.
  bool expect(std::size_t token, const Words& known) {
    const std::string_view found = list_.text(token);
    if (std::find(known.begin(), known.end(), found) != known.end()) return true;
    std::string opening;
    for (std::size_t i = node_.first; i < token; ++i) {
      opening += fmt::format("{}{}", opening.empty() ? "" : " ", list_.text(i));
    }
    const std::string meant = nearest(found, known);
    std::string hint = known.empty()   ? "take it out"
                       : meant.empty() ? fmt::format("it is {}", one_of(known))
                                       : fmt::format("did you mean `{}`?", meant);
    if (begins_phrase(nearest_phrase(found))) {
      hint = fmt::format("did you mean `{}`?", nearest_phrase(found));
    }
    return refuse(list_.span(token),
                  fmt::format("`{}` does not belong behind `{}`", found, opening), hint);
  }

  // `a`, `b` or `c`
  static std::string one_of(const Words& words) {
    std::string made;
    for (std::size_t i = 0; i < words.size(); ++i) {
      made += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
      made += fmt::format("`{}`", words[i]);
    }
    return made;
  }

  static std::string nearest_phrase(std::string_view found) {
    Words words;
    for (const Opening& opening : openings) words.emplace_back(opening.word);
    return nearest(found, words);
  }

  // The words that stand before names and values.
  bool words_before() {
    switch (made_.phrase) {
      case Phrase::On:
        return text_at(second()) != "failure" || after_on_failure();
      case Phrase::Via:
        made_.first = text_at(second()) == "first" && node_.end > node_.first + 2;
        return true;
      case Phrase::Order:
        return order();
      case Phrase::WhenCondition:
        if (rules_.children(node_).empty() || rules_.children(node_)[0].first > second()) {
          made_.names.push_back(word(second()));
        }
        return true;
      case Phrase::Unreachable:
        made_.names.push_back(word(second()));
        return expect(second(), {"fail", "skip"}) &&
               (text_at(node_.first + 2) != "at" || expect(node_.first + 3, {"most"}));
      case Phrase::SkipVerified:
        return expect(second(), {"verified"});
      case Phrase::Gives:
        made_.names.push_back(word(second()));
        return true;
      case Phrase::Takes:
        return takes();
      default:
        return true;
    }
  }

  // `on failure halt`, or a role of the name `failure`.
  bool after_on_failure() {
    const std::size_t answer = node_.first + 2;
    if (is_plain_word(answer)) {
      made_.phrase = Phrase::OnFailure;
      made_.names.push_back(word(answer));
      if (!expect(answer, {"halt", "continue", "ask", "rollback", "ignore"})) return false;
      if (!is_plain_word(answer + 1)) return behind_on_failure(answer + 1);
      made_.rollback_all = true;
      if (list_.text(answer) == "rollback") return expect(answer + 1, {"all"});
      return expect(answer + 1, {});
    }
    made_.names.push_back(word(second()));
    if (made_.in_header || answer < node_.end) return true;
    return refuse(made_.span, "`on failure` does not say what to do",
                  "write `on failure halt`, `continue`, `ask`, `rollback`, `rollback all` or "
                  "`ignore`");
  }

  bool behind_on_failure(std::size_t token) {
    if (token >= node_.end) return true;
    return refuse(list_.span(token), "`on failure` says one thing", "take the rest out");
  }

  // An unknown order is left to the resolver, which has words for it.
  bool order() {
    made_.names.push_back(word(second()));
    const auto parts = rules_.children(node_);
    if (text_at(second()) == "random" && parts.empty()) {
      return refuse(made_.span, "`order random` needs a seed, so that each run has the same order",
                    "write `order random 7`");
    }
    if (text_at(second()) != "target") return true;
    if (parts.empty()) {
      return refuse(made_.span, "`order target` does not say by which property",
                    "write `order target.rank`");
    }
    return property(parts[0]);
  }

  // `.rank` or `["install-time"]`.
  bool property(const RuleNode& selector) {
    if (selector.child_count == 0) {
      made_.names.push_back(word(selector.end - 1));
      return true;
    }
    const ExpressionNode read = expressions_.build(rules_.children(selector)[0]);
    const auto* text = std::get_if<std::string>(&read.value.content);
    if (read.kind != ExpressionNode::Kind::Literal || text == nullptr) {
      return refuse(read.span, "a property's name is a string here",
                    "as in `target[\"install-time\"]`");
    }
    made_.names.push_back({*text, read.span, true});
    return true;
  }

  // `takes normal(30s, 5s)` is read as a call, `takes history` as a name.
  bool takes() {
    const RuleNode& value = rules_.children(node_)[0];
    if (value.first > second()) return lognormal();
    const std::string_view name = list_.text(value.first);
    if (value.rule != Rule::Primary) return true;
    if (value.child_count == 0) {
      if (name != "history") return true;
      made_.names.push_back(word(value.first));
      return rules_.children(node_).size() == 1 ||
             refuse(made_.span, "`takes history` has no range", "take the rest out");
    }
    const RuleNode& arguments = rules_.children(value)[0];
    constexpr std::array models{std::string_view("normal"), std::string_view("lognormal"),
                                std::string_view("triangular"), std::string_view("exponential")};
    if (arguments.rule != Rule::Arguments ||
        std::find(models.begin(), models.end(), name) == models.end()) {
      return true;
    }
    made_.names.push_back(word(value.first));
    return model(name, arguments);
  }

  bool model(std::string_view name, const RuleNode& arguments) {
    struct Usage {
      std::string_view name;
      std::size_t arguments;
      std::string_view written;
    };
    constexpr std::array usages{
        Usage{"normal", 2, "takes normal(30s, 5s)` with mean and standard deviation"},
        Usage{"triangular", 3, "takes triangular(20s, 30s, 60s)` with least, usual and most"},
        Usage{"exponential", 1, "takes exponential(30s)` with the mean"},
        Usage{"lognormal", 9, "takes lognormal(median 30s, p95 60s)`"}};
    const auto* usage = std::find_if(usages.begin(), usages.end(),
                                     [&](const Usage& known) { return known.name == name; });
    const auto parts = rules_.children(arguments);
    const bool range = rules_.children(node_).size() > 1;
    if (parts.size() != usage->arguments || range) {
      return refuse(made_.span, fmt::format("`{}` is not given what it takes", name),
                    fmt::format("write `{}", usage->written));
    }
    for (const RuleNode& part : parts) made_.values.push_back(expressions_.build(part));
    values_built_ = true;
    return true;
  }

  // `lognormal(median 30s, p95 60s)`: each value stands behind its word.
  bool lognormal() {
    made_.names.push_back(word(second()));
    const auto parts = rules_.children(node_);
    const bool fits = text_at(second()) == "lognormal" && text_at(parts[0].first - 1) == "median" &&
                      text_at(parts[1].first - 1) == "p95";
    return fits ||
           refuse(made_.span,
                  text_at(second()) == "lognormal" ? "`lognormal` takes its `median` and its `p95`"
                                                   : "only `lognormal` has words before its values",
                  "write `takes lognormal(median 30s, p95 60s)`");
  }

  // Names and values, as they stand.
  bool parts() {
    if (values_built_ || made_.phrase == Phrase::Order) return order_seed();
    for (const RuleNode& part : rules_.children(node_)) {
      switch (part.rule) {
        case Rule::RoleName:
        case Rule::PropertyName:
          made_.names.push_back(expressions_.name(part));
          break;
        case Rule::Title:
          made_.names.push_back(expressions_.quoted_name(rules_.children(part)[0]));
          break;
        case Rule::Limit:
          if (!limit(part)) return false;
          break;
        default:
          value(part);
          break;
      }
    }
    return true;
  }

  bool order_seed() {
    if (made_.phrase == Phrase::Order && text_at(second()) == "random") {
      value(rules_.children(node_)[0]);
    }
    return true;
  }

  void value(const RuleNode& part) {
    const std::string_view before = list_.text(part.first - 1);
    if (made_.phrase == Phrase::Takes && !made_.names.empty() && made_.names[0].text == "history") {
      return;
    }
    if (made_.phrase == Phrase::Retry && before == "backoff") {
      made_.backoff = expressions_.build(part);
    } else if (made_.phrase == Phrase::Retry && before == "to") {
      made_.up_to = expressions_.build(part);
    } else {
      made_.values.push_back(expressions_.build(part));
    }
  }

  bool limit(const RuleNode& node) {
    LimitNode made;
    made.span = expressions_.span(node);
    const auto parts = rules_.children(node);
    made.value = expressions_.build(parts[0]);
    made.round_up = text_at(parts[0].end) == "up" && parts[0].end < node.end;
    if (parts.size() > 1) made.per = expressions_.name(parts[1]);
    if (made.per && made_.phrase == Phrase::Batches) {
      return refuse(made.span, "batches have no `per`: they are of all the step's targets",
                    "a limit for each value is `window 2 per zone`");
    }
    made_.limits.push_back(std::move(made));
    return true;
  }

  // The words that stand behind names and values.
  bool words_behind() {
    switch (made_.phrase) {
      case Phrase::Batches:
        made_.in_lockstep = list_.text(node_.end - 2) == "in" && is_plain_word(node_.end - 1);
        return !made_.in_lockstep || expect_last("lockstep");
      case Phrase::Uses:
        made_.names.push_back(word(node_.end - 1));
        return true;
      case Phrase::Tags:
        return unquoted_tags();
      default:
        return true;
    }
  }

  bool expect_last(std::string_view known) {
    const std::string_view found = list_.text(node_.end - 1);
    if (found == known) return true;
    return refuse(list_.span(node_.end - 1), fmt::format("`{}` does not belong behind `in`", found),
                  fmt::format("write `in {}`", known));
  }

  // A tag that could be the next phrase would be read as one elsewhere.
  bool unquoted_tags() {
    for (const Name& tag : made_.names) {
      if (tag.quoted || !begins_phrase(tag.text)) continue;
      return refuse(tag.span, fmt::format("`{}` begins a phrase, and is no tag so", tag.text),
                    fmt::format("as a tag it stands in quotes: \"{}\"", tag.text));
    }
    return true;
  }

  const TokenList& list_;
  const RuleTree& rules_;
  const RuleNode& node_;
  ExpressionBuilder& expressions_;
  PhraseNode made_;
  bool values_built_ = false;
};

}  // namespace

std::optional<PhraseNode> build_phrase(const TokenList& list, const RuleTree& rules,
                                       const RuleNode& node, bool in_header,
                                       ExpressionBuilder& expressions) {
  return PhraseBuilder(list, rules, node, expressions).build(in_header);
}

}  // namespace sluice::compiler
