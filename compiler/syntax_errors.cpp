#include "compiler/syntax_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "compiler/literals.h"
#include "compiler/misfit.h"
#include "compiler/recovery.h"
#include "compiler/suggest.h"
#include "compiler/syntax_hints.h"
#include "compiler/syntax_words.h"

namespace sluice::compiler {

namespace {

class Explanation : private Misfit {
 public:
  Explanation(const TokenList& list, const Unexpected& unexpected) : Misfit(list, unexpected) {
    made_.severity = base::Severity::Error;
    made_.code = "E0111";
    made_.span = list.span(token_);
    made_.span.end = made_.span.begin + static_cast<std::uint32_t>(found_.size());
  }

  base::Diagnostic run() {
    const bool told = unseen_character() || name_without_quotes() || split_name() ||
                      missing_property() || needless_equals() || sign_of_another_language() ||
                      split_quantity() || missing_equals() || missing_value() || missing_brace() ||
                      in_a_list();
    if (!told) within_statement();
    return std::move(made_);
  }

 private:
  void say(std::string message, std::string hint = "") {
    made_.message = std::move(message);
    if (!hint.empty()) made_.hints = {std::move(hint)};
  }

  // Where something is missing at the end of a line, the mark stands there.
  void mark_before() {
    if (on_new_line() && unexpected_.token > 0) made_.span = list_.span(unexpected_.token - 1);
  }

  bool name_without_quotes() {
    if (unexpected_.rule != Rule::Title || is_foreign_quote()) return false;
    made_.code = "E0115";
    const std::string what = titled();
    if (opening() == "step" && token_.kind == TokenKind::Keyword && begins_phrase(found_)) {
      say(fmt::format("the {} is missing behind `{}`", what, before_),
          fmt::format("write `step \"Name\" {} …`", found_));
      return true;
    }
    const std::string_view behind = opening() == "secret" ? before_
                                    : opening() == "use"  ? std::string_view("as")
                                                          : opening();
    if ((!is_word_ && token_.kind != TokenKind::Quantity) || on_new_line()) {
      mark_before();
      say(fmt::format("the {} is missing behind `{}`", what, before_),
          fmt::format("write `{} \"Name\"`", behind));
      return true;
    }
    const std::string_view rest = list_.file->text().substr(token_.begin);
    const std::string_view name = rest.substr(0, rest.find_first_of(" \t\r\n(){}<>=\"#,"));
    made_.span.end = made_.span.begin + static_cast<std::uint32_t>(name.size());
    std::string hint = fmt::format("write `{} \"{}\"`", behind, shortened(name));
    if (opening() == "except" && this->behind(1) == "==") {
      hint = fmt::format("by a property it is `where {} != …`", shortened(name));
    }
    if (opening() == "after" && found_ == "previous") {
      hint = "a step waits for the one above it anyway; `with previous` starts beside it";
    }
    if (opening() == "import" && this->behind(1) == "from") {
      hint = "the path stands alone: `import \"lib/haproxy.deploy\"`";
    }
    say(fmt::format("the {} stands in quotes", what), hint);
    return true;
  }

  // What the string is that is missing here.
  std::string titled() const {
    const std::string_view word = opening();
    if (word == "import" || word == "inventory") return "path";
    if (word == "secret") return "place of the secret";
    if (word == "use") return "name";
    if (word == "except") return "name of the target";
    return fmt::format("name of the {}", word == "after" ? "step" : word);
  }

  // A blank that is none, or what has no width: pasted from a page, and not to be seen.
  bool unseen_character() {
    if (token_.kind != TokenKind::Unknown) return false;
    const base::CodePoint character = base::decode_utf8(found_);
    const char32_t value = character.value;
    const bool blank = value == 0xA0 || (value >= 0x2000 && value <= 0x200F) || value == 0x202F ||
                       value == 0x205F || value == 0x3000 || value == 0xFEFF || value == 0x2028 ||
                       value == 0x2029 || value == 0xAD;
    if (!blank) return false;
    made_.span.end = made_.span.begin + character.bytes;
    say(fmt::format("the character U+{:04X} cannot be seen here",
                    static_cast<std::uint32_t>(value)),
        "put a plain blank in its place, or take it out");
    return true;
  }

  // `role web-servers`: the name is no word.
  bool split_name() {
    if (found_ != "-" || in_expression() || unexpected_.token == 0) return false;
    const Token& word = list_.tokens[unexpected_.token - 1];
    if (word.kind != TokenKind::Word || word.end != token_.begin) return false;
    const std::string_view rest = list_.file->text().substr(word.begin);
    const std::string_view name = rest.substr(0, rest.find_first_of(" \t\r\n(){}<>=\"#,"));
    made_.span = {list_.file_id, word.begin, word.begin + static_cast<std::uint32_t>(name.size())};
    say(fmt::format("`{}` is no word", shortened(name)), as_a_name(name));
    return true;
  }

  // In quotes, but for the names of values, which expressions and scripts spell.
  std::string as_a_name(std::string_view name) const {
    constexpr std::array<std::string_view, 6> words{"variable",  "secret", "resource",
                                                    "procedure", "use",    "gives"};
    if (!is_in(words, behind_declaration() ? declaration_before() : opening())) {
      return fmt::format(
          "a name with other signs than letters, digits and `_` stands in quotes: \"{}\"",
          shortened(name));
    }
    std::string word = shortened(name);
    std::replace(word.begin(), word.end(), '-', '_');
    return fmt::format("it is of letters, digits and `_`: `{}`", word);
  }

  // `a.` at the end of a line takes the keyword of the next one for a name.
  bool missing_property() {
    if (unexpected_.token < 2 || list_.text(unexpected_.token - 2) != ".") return false;
    if (!list_.tokens[unexpected_.token - 1].first_on_line) return false;
    made_.span = list_.span(unexpected_.token - 2);
    say("a name is missing behind `.`");
    return true;
  }

  bool sign_of_another_language() {
    const std::string hint = hint_of_sign(list_, unexpected_);
    if (hint.empty()) return false;
    say(fmt::format("`{}` does not belong {}", shown(), where()), hint);
    return true;
  }

  // `30 s`, `25 %` and `1h 30m`.
  bool split_quantity() {
    if (unexpected_.token == 0 || on_new_line()) return false;
    if (list_.tokens[unexpected_.token - 1].kind != TokenKind::Quantity) return false;
    const std::size_t letters = before_.find_first_not_of("0123456789.");
    const bool more = token_.kind == TokenKind::Quantity && letters != std::string_view::npos &&
                      is_unit(before_.substr(letters));
    const std::string_view spelt = is_unit(found_) ? found_ : unit_meant(found_);
    const bool unit = !spelt.empty() && letters == std::string_view::npos;
    if (!more && !unit) return false;
    say(more || is_unit(found_) ? fmt::format("`{}` stands apart from `{}`", shown(), before_)
                                : fmt::format("`{}` is no unit", found_),
        fmt::format("write `{}{}`, without a blank", before_, more ? found_ : spelt));
    return true;
  }

  // `verify run "x"`, `environment production variable x = 1`: the body does not begin.
  bool missing_brace() {
    constexpr std::array bodies{Rule::StepBody, Rule::EnvironmentBody, Rule::ProcedureBody,
                                Rule::RoleBody};
    const bool body = is_in(bodies, unexpected_.statement) && !unexpected_.in_list &&
                      unexpected_.begin == unexpected_.token;
    if (!body || !expects("{") || unexpected_.token == 0) return false;
    mark_before();
    const std::string_view usage = usage_of(word_of_body());
    say(fmt::format("a `{{` is missing behind `{}`", shortened(before_)),
        usage.empty() ? "" : fmt::format("write it as `{}`", usage));
    return true;
  }

  std::string_view word_of_body() const {
    switch (unexpected_.statement) {
      case Rule::RoleBody:
        return "role";
      case Rule::EnvironmentBody:
        return "environment";
      case Rule::ProcedureBody:
        return "procedure";
      default:
        return before_ == "batches" ? std::string_view("between") : before_;
    }
  }

  // `timeout = 5m`, `minimum = 1`: only attributes and variables have a `=`.
  bool needless_equals() {
    if (found_ != "=" || unexpected_.token == 0) return false;
    std::string_view word = before_;
    const bool named = word != "variable" && opening() == "resource";
    if (named) word = opening();
    const std::string_view usage = usage_of(word);
    if (usage.empty() || list_.tokens[unexpected_.token - 1].kind == TokenKind::StringClose) {
      return false;
    }
    say(fmt::format("`=` does not belong behind `{}`", shortened(before_)),
        fmt::format("write it as `{}`", usage));
    return true;
  }

  bool missing_equals() {
    if (unexpected_.statement != Rule::Attribute || !expects("=")) return false;
    const std::string name = shortened(before_ == "\"" ? "name" : before_);
    mark_before();
    say(fmt::format("`=` is missing behind `{}`", name),
        fmt::format("write `{} = value`, or `{} {{ … }}` for a map", name, name));
    return true;
  }

  bool missing_value() {
    const bool value = expects("a number") && expects("(") && expects("a string");
    if (!value || unexpected_.token == 0) return false;
    mark_before();
    const std::string_view usage = usage_of(opening());
    constexpr std::array<std::string_view, 4> simple{"resource", "deadline", "at", "minimum"};
    const bool shows = unexpected_.statement == Rule::Phrase || is_in(simple, opening());
    std::string hint = hint_within(list_, unexpected_);
    if (hint.empty() && shows && !usage.empty()) hint = fmt::format("write it as `{}`", usage);
    if (on_new_line() || (token_.kind != TokenKind::Keyword && token_.kind != TokenKind::Unknown)) {
      say(fmt::format("a value is missing behind `{}`", shortened(before_)), hint);
    } else {
      say(fmt::format("`{}` is no value", shown()), hint);
    }
    return true;
  }

  bool in_a_list() {
    if (!unexpected_.in_list && unexpected_.statement != Rule::Declaration) return false;
    const Rule rule = unexpected_.in_list ? unexpected_.statement : Rule::Declaration;
    const Place* place = place_of(rule);
    if (place == nullptr) return false;
    if (token_.kind == TokenKind::End || (rule == Rule::Step && is_body_word())) {
      mark_before();
      say(fmt::format("a `{{` is missing behind `{}`", shortened(before_)),
          "a step is written `step \"Name\" { … }`");
      return true;
    }
    if (behind_declaration()) {
      say(fmt::format("`{}` does not belong behind `{}`", shown(), shortened(before_)));
      // `user` behind `connect ssh` is no misspelt `use`.
      const bool misspelt = token_.kind == TokenKind::Word && !is_attribute();
      if (misspelt && declaration_before() != "connect") {
        made_.hints = did_you_mean(found_, unexpected_.expected);
      }
      if (made_.hints.empty()) made_.hints = hints_behind_declaration();
      return true;
    }
    say(fmt::format("`{}` does not belong {}", shown(), place->where),
        hint_in_place(list_, unexpected_, rule));
    if (!made_.hints.empty()) return true;
    if (token_.kind == TokenKind::Word || found_ == "in") {
      made_.hints = did_you_mean(found_, expected_words());
    }
    if (!made_.hints.empty()) return true;
    if (rule == Rule::Step && is_word_ && behind_string()) {
      const bool word_too = token_.kind == TokenKind::Keyword && kind_behind() == TokenKind::Word;
      made_.hints = {fmt::format("where it runs stands behind `on`: `on {}`",
                                 word_too ? shortened(behind(1)) : shown())};
      return true;
    }
    // On the line of a phrase it was meant to be a part of it, unless it begins something itself.
    const std::string_view phrase = opening_before();
    const TokenKind next = kind_behind();
    const bool begins = is_word_ && rule == Rule::StepBody &&
                        (next == TokenKind::StringOpen || next == TokenKind::OpenBrace);
    const std::string_view usage =
        on_new_line() || begins || phrase == "on" ? std::string_view() : usage_of(phrase);
    made_.hints = {usage.empty() ? std::string(place->hint)
                                 : fmt::format("write it as `{}`", usage)};
    return true;
  }

  std::vector<std::string> hints_behind_declaration() const {
    if (found_ == "?") return {"a choice is written `if lanes > 3 then 1 else 2`"};
    if (std::string hint = hint_within(list_, unexpected_); !hint.empty()) return {hint};
    const std::string_view usage = usage_of(declaration_before());
    if (usage.empty()) return {};
    return {fmt::format("write it as `{}`", usage)};
  }

  // With the words that could have gone on with the phrase before.
  std::vector<std::string> expected_words() const {
    std::vector<std::string> words = unexpected_.expected;
    const std::string_view phrase = opening_before();
    if (phrase == "retry") words.emplace_back("every");
    if (phrase == "takes") words.emplace_back("to");
    if (phrase == "window") words.emplace_back("up");
    if (phrase == "tolerate") words.insert(words.end(), {"failure", "failures"});
    return words;
  }

  bool is_body_word() const {
    return found_ == "run" || found_ == "step" || token_.kind == TokenKind::CloseBrace;
  }

  std::string where() const {
    if (unexpected_.rule == Rule::String) return "in `${…}`";
    if (behind_declaration()) return fmt::format("behind `{}`", shortened(before_));
    if (in_expression()) return "in an expression";
    const Place* place = place_of(unexpected_.in_list ? unexpected_.statement : unexpected_.rule);
    if (place != nullptr) return std::string(place->where);
    return fmt::format("behind `{}`", shortened(before_));
  }

  // Something has begun and does not go on as it should.
  void within_statement() {
    const bool ended =
        unexpected_.token > 0 && (on_new_line() || token_.kind == TokenKind::OpenBrace ||
                                  token_.kind == TokenKind::CloseBrace);
    const std::string closing = missing_closing(ended);
    if (!closing.empty()) {
      mark_before();
      say(fmt::format("a `{}` is missing behind `{}`", closing, shortened(before_)));
      return;
    }
    const std::vector<std::string> awaited = helpful();
    if (ended && in_expression() && awaited.size() == 1) {
      mark_before();
      say(fmt::format("{} is missing behind `{}`", awaited[0], shortened(before_)));
      return;
    }
    if (ended) {
      mark_before();
      say(fmt::format("something is missing behind `{}`", shortened(before_)));
    } else {
      say(fmt::format("`{}` does not belong {}", shown(), where()));
    }
    if (std::string hint = hint_within(list_, unexpected_); !hint.empty()) made_.hints = {hint};
    if (made_.hints.empty() && token_.kind == TokenKind::Word && !ended) {
      made_.hints = did_you_mean(found_, unexpected_.expected);
    }
    if (!made_.hints.empty()) return;
    if (unexpected_.rule == Rule::String) {
      made_.hints = {"one expression stands between `${` and `}`"};
      return;
    }
    const std::string_view usage = usage_of(opening());
    constexpr std::size_t few = 4;
    const std::vector<std::string> expected = helpful();
    if (!expected.empty() && expected.size() <= few && (usage.empty() || in_expression())) {
      made_.hints = {fmt::format("here may stand {}", fmt::join(expected, ", "))};
    } else if (!usage.empty()) {
      made_.hints = {fmt::format("write it as `{}`", usage)};
    }
  }

  // `available(web >= 70%`, `["a", "b"` at the end of its line.
  std::string missing_closing(bool ended) const {
    constexpr std::array lists{Rule::List,       Rule::Arguments,   Rule::Primary,
                               Rule::Selector,   Rule::Expression,  Rule::Measured,
                               Rule::Parameters, Rule::UseArguments};
    const bool compares = unexpected_.rule == Rule::Measured && !is_word_;
    if ((!ended && !compares) || !is_in(lists, unexpected_.rule)) return "";
    for (const std::string_view closing : {"]", ")"}) {
      if (expects(closing) && !expects("a number")) return std::string(closing);
    }
    return "";
  }

  // An operator may follow nearly anything and helps nobody.
  std::vector<std::string> helpful() const {
    constexpr std::array<std::string_view, 15> operators{
        "+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", ".", "[", "(", "and", "or"};
    std::vector<std::string> kept;
    if (unexpected_.rule == Rule::List || unexpected_.rule == Rule::Arguments) {
      kept.emplace_back("`,`");
    }
    for (const std::string& word : unexpected_.expected) {
      if (is_in(operators, word)) continue;
      const bool described = word.find(' ') != std::string::npos;
      kept.push_back(described ? word : fmt::format("`{}`", word));
    }
    return kept;
  }

  base::Diagnostic made_;
};

}  // namespace

base::Diagnostic syntax_error(const TokenList& list, const Unexpected& unexpected) {
  return Explanation(list, unexpected).run();
}

}  // namespace sluice::compiler
