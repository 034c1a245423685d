#include "compiler/syntax_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "compiler/literals.h"
#include "compiler/recovery.h"
#include "compiler/suggest.h"
#include "compiler/syntax_words.h"

namespace sluice::compiler {

namespace {

template <class Things, class Thing>
bool is_in(const Things& things, const Thing& thing) {
  return std::find(things.begin(), things.end(), thing) != things.end();
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 40;
  const std::string shown = base::printable(text.substr(0, most * 4));
  if (shown.size() <= most) return shown;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U) --end;
  return shown.substr(0, end) + "…";
}

class Explanation {
 public:
  Explanation(const TokenList& list, const Unexpected& unexpected)
      : list_(list), unexpected_(unexpected), token_(list.tokens[unexpected.token]) {
    found_ = text_from(unexpected.token);
    is_word_ = token_.kind == TokenKind::Word || token_.kind == TokenKind::Keyword;
    if (unexpected.token > 0) before_ = text_before(unexpected.token);
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
  // The token before, or the whole of the string that ends there.
  std::string_view text_before(std::size_t token) const {
    std::size_t first = token - 1;
    std::size_t open = 0;
    for (;; --first) {
      if (list_.tokens[first].kind == TokenKind::StringClose) ++open;
      if (list_.tokens[first].kind == TokenKind::StringOpen && open > 0) --open;
      if (open == 0 || first == 0) break;
    }
    const std::uint32_t begin = list_.tokens[first].begin;
    return list_.file->text().substr(begin, list_.tokens[token - 1].end - begin);
  }

  // The token, or the whole of the string that begins there.
  std::string_view text_from(std::size_t token) const {
    std::size_t last = token;
    std::size_t open = 0;
    for (;; ++last) {
      if (list_.tokens[last].kind == TokenKind::StringOpen) ++open;
      if (list_.tokens[last].kind == TokenKind::StringClose && open > 0) --open;
      if (open == 0 || list_.tokens[last].kind == TokenKind::End) break;
    }
    const std::uint32_t begin = list_.tokens[token].begin;
    return list_.file->text().substr(begin, list_.tokens[last].end - begin);
  }

  bool expects(std::string_view word) const { return is_in(unexpected_.expected, word); }
  bool on_new_line() const { return token_.first_on_line || token_.kind == TokenKind::End; }
  std::string shown() const { return shortened(found_); }
  std::string_view opening() const { return list_.text(unexpected_.begin); }

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
    say(fmt::format("the {} stands in quotes", what),
        fmt::format("write `{} \"{}\"`", behind, shortened(name)));
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
    say(fmt::format("`{}` is no word", shortened(name)),
        fmt::format("a name with other signs than letters, digits and `_` stands in quotes: \"{}\"",
                    shortened(name)));
    return true;
  }

  // `a.` at the end of a line takes the keyword of the next one for a name.
  bool missing_property() {
    if (unexpected_.token < 2 || list_.text(unexpected_.token - 2) != ".") return false;
    if (!list_.tokens[unexpected_.token - 1].first_on_line) return false;
    made_.span = list_.span(unexpected_.token - 2);
    say("a name is missing behind `.`");
    return true;
  }

  // The last word before the mistake that begins a phrase.
  std::string_view opening_before() const {
    for (std::size_t i = unexpected_.token; i-- > 0 && i + 8 > unexpected_.token;) {
      if (!begins_phrase(list_.text(i))) continue;
      const bool skipped = i > 0 && list_.text(i) == "skip" && list_.text(i - 1) == "unreachable";
      return skipped ? list_.text(i - 1) : list_.text(i);
    }
    return "";
  }

  // Of the declaration that has just ended on this line.
  std::string_view declaration_before() const {
    std::size_t first = unexpected_.token;
    while (first > 0 && !list_.tokens[first].first_on_line) --first;
    return list_.text(first);
  }

  bool is_foreign_quote() const {
    return found_.substr(0, 1) == "'" || found_.substr(0, 3) == "\xE2\x80\x9C" ||
           found_.substr(0, 3) == "\xE2\x80\x9D";
  }

  bool sign_of_another_language() {
    std::string hint;
    if (found_ == ":") hint = "a value follows `=`, as in `name = value`";
    if (found_ == "=" && (in_expression() || behind_declaration()))
      hint = before_ == "=" ? "one `=` is enough" : "`==` compares";
    if (found_ == "=" && compares_here()) hint = "`==` compares, and `>=` and `<=`";
    if (static_cast<unsigned char>(found_.substr(0, 1)[0]) >= 0x80U) {
      hint = "names are of the letters `a` to `z` and `A` to `Z`, digits and `_`";
    }
    if (is_foreign_quote()) hint = "strings stand between `\"`";
    if (found_.substr(0, 1) == ";") hint = "a statement needs no sign at its end: take it out";
    if (found_.substr(0, 1) == "&") hint = "it is written `and`";
    if (found_.substr(0, 1) == "|") hint = "it is written `or`";
    if (found_.substr(0, 1) == "!") hint = "it is written `not`, or `!=` between two values";
    if (found_ == "/" && list_.file->text().substr(token_.begin, 2).size() == 2) {
      const char next = list_.file->text()[token_.begin + 1];
      if (next == '/' || next == '*') hint = "a comment begins with `#`";
    }
    if ((found_ == "]" || found_ == ")") && before_ == ",") {
      hint = "a list has no comma behind its last value";
    }
    if (found_ == "%" && touches(TokenKind::Word)) {
      hint = fmt::format(
          "`{}` alone stands for a percentage where it holds one, as `variable {} = "
          "10%` says",
          shortened(before_), shortened(before_));
    }
    if (found_ == "," && touches(TokenKind::Quantity) && on_both_sides()) {
      hint = "a number has no comma: a fraction is `2.5`, and of a duration `2s500ms`";
    }
    if (hint.empty()) return false;
    say(fmt::format("`{}` does not belong {}", shown(), where()), hint);
    return true;
  }

  // The token before is of that kind, and no blank stands between.
  bool touches(TokenKind kind) const {
    if (unexpected_.token == 0) return false;
    const Token& last = list_.tokens[unexpected_.token - 1];
    return last.kind == kind && last.end == token_.begin;
  }

  bool on_both_sides() const {
    const std::size_t next = std::min(unexpected_.token + 1, list_.tokens.size() - 1);
    return list_.tokens[next].begin == token_.end && list_.tokens[next].kind == TokenKind::Quantity;
  }

  bool compares_here() const {
    return opening() == "require" || opening_before() == "where" || opening_before() == "when";
  }

  // On the line on which a declaration has just ended.
  bool behind_declaration() const {
    return unexpected_.statement == Rule::Declaration && unexpected_.token > 0 && !on_new_line();
  }

  bool in_expression() const {
    constexpr std::array rules{Rule::Expression, Rule::Primary, Rule::List, Rule::Arguments,
                               Rule::Selector};
    return is_in(rules, unexpected_.rule);
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
    const std::string hint =
        shows && !usage.empty() ? fmt::format("write it as `{}`", usage) : std::string();
    if (on_new_line() || (token_.kind != TokenKind::Keyword && token_.kind != TokenKind::Unknown)) {
      say(fmt::format("a value is missing behind `{}`", shortened(before_)), hint);
    } else {
      say(fmt::format("`{}` is no value", shown()),
          is_compared(unexpected_.token) ? property_hint(found_) : hint);
    }
    return true;
  }

  // A property that is named like a word of the language: `where role == "primary"`.
  bool is_compared(std::size_t token) const {
    constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};
    return list_.tokens[token].kind == TokenKind::Keyword && is_in(signs, list_.text(token + 1));
  }
  std::string property_hint(std::string_view word) const {
    return fmt::format("`{0}` is a word of the language; a property named so is `target.{0}`",
                       word);
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
      if (is_word_ && !is_attribute()) {
        made_.hints = did_you_mean(found_, unexpected_.expected);
      }
      if (made_.hints.empty()) made_.hints = hints_behind_declaration();
      return true;
    }
    say(fmt::format("`{}` does not belong {}", shown(), place->where), special_hint(rule));
    if (!made_.hints.empty()) return true;
    if (is_word_) made_.hints = did_you_mean(found_, expected_words());
    if (!made_.hints.empty()) return true;
    const bool behind_name =
        unexpected_.token > 0 && list_.tokens[unexpected_.token - 1].kind == TokenKind::StringClose;
    if (rule == Rule::Step && is_word_ && behind_name) {
      made_.hints = {fmt::format("where it runs stands behind `on`: `on {}`", shown())};
      return true;
    }
    // On the line of a phrase it was meant to be a part of it.
    const std::string_view phrase = opening_before();
    const std::string_view usage =
        on_new_line() || phrase == "on" ? std::string_view() : usage_of(phrase);
    made_.hints = {usage.empty() ? std::string(place->hint)
                                 : fmt::format("write it as `{}`", usage)};
    return true;
  }

  // `user = …`, which has lost its block.
  bool is_attribute() const {
    return list_.text(std::min(unexpected_.token + 1, list_.tokens.size() - 1)) == "=";
  }

  std::vector<std::string> hints_behind_declaration() const {
    if (found_ == "?") return {"a choice is written `if lanes > 3 then 1 else 2`"};
    const std::string_view usage = usage_of(declaration_before());
    if (usage.empty()) return {};
    return {fmt::format("write it as `{}`", usage)};
  }

  std::string special_hint(Rule rule) const {
    if (found_ == "?") return "a choice is written `if lanes > 3 then 1 else 2`";
    const std::string_view next =
        list_.text(std::min(unexpected_.token + 1, list_.tokens.size() - 1));
    const std::string_view foreign = hint_for(found_, rule);
    if (!foreign.empty() && (rule != Rule::Step || found_ != "and" || opening_before() == "on")) {
      return std::string(foreign);
    }
    if ((found_ == "and" || found_ == "or") && is_compared(unexpected_.token + 1)) {
      return property_hint(next);
    }
    if (rule == Rule::Step && before_ == "once" && unexpected_.token > 1 &&
        list_.text(unexpected_.token - 2) == "on") {
      return fmt::format("`once` stands before `on`: `once on {}`", shown());
    }
    if (rule == Rule::Declaration && token_.kind == TokenKind::Keyword && begins_phrase(found_)) {
      return fmt::format("`{}` belongs to a step, as in `step \"Name\" on web window 3 {{ … }}`",
                         found_);
    }
    if (const std::string_view hint = hint_in_step(rule); !hint.empty()) return std::string(hint);
    if (rule == Rule::StepBody && token_.kind == TokenKind::Keyword && place_at_top()) {
      if (found_ == "environment") {
        return "a script's own variables stand in its block, as in `run script \"…\" { environment "
               "{ TOKEN = "
               "api_token } }`";
      }
      return fmt::format("`{}` stands at the top of the file, outside of the steps", found_);
    }
    if (token_.kind != TokenKind::Word) return "";
    if (rule == Rule::Declaration && next == "=") {
      return fmt::format("a variable is declared: `variable {} = …`", shown());
    }
    if ((rule == Rule::Declaration || rule == Rule::StepBody) && next == "(") {
      return fmt::format("a procedure is used so: `use {}(…)`", shown());
    }
    if (rule == Rule::StepBody && unexpected_.token > 1 &&
        list_.text(unexpected_.token - 2) == "run" && !on_new_line() && next != "=") {
      return fmt::format("what is worked out is an attribute, as in `run wait {{ duration = {} }}`",
                         shown());
    }
    if (rule == Rule::RoleBody && next == "=") {
      return fmt::format(
          "a property stands in the block of its target: `target \"web-1\" {{ {} = … }}`", shown());
    }
    if (rule == Rule::StepBody && list_.text(unexpected_.token + 1) == "=") {
      return "attributes stand in the block of an action, as in `run http { url = \"…\" }`";
    }
    if (found_ == "lockstep") return "it is written `batches 5 in lockstep`";
    const bool behind_role = rule == Rule::Step && opening_before() == "on" && before_ != "failure";
    const bool nothing_like_it = did_you_mean(found_, unexpected_.expected).empty();
    return behind_role && nothing_like_it ? "several roles are joined by `,`, as in `on web, api`"
                                          : "";
  }

  // What is nearly a phrase of a step.
  std::string_view hint_in_step(Rule rule) const {
    constexpr std::array<std::string_view, 5> each{"of", "in", "each", "for", "at"};
    constexpr std::array<std::string_view, 5> failure{"error", "errors", "fail", "failed",
                                                      "failures"};
    const std::string_view phrase = opening_before();
    if (phrase == "after" && found_ == "and") return "several stand in a row: `after \"A\", \"B\"`";
    if (rule == Rule::Step && phrase == "window" && is_in(each, found_)) {
      return "a window of its own for each value of a property is written `window 2 per zone`";
    }
    if (rule == Rule::StepBody && phrase == "on" && is_in(failure, before_)) {
      return "what a failure does is written `on failure halt`";
    }
    if (rule == Rule::StepBody && phrase == "when" && found_ == "or") {
      return "`success`, `failure` and `always` stand alone: `when always` is after both";
    }
    const bool behind_name =
        unexpected_.token > 0 && list_.tokens[unexpected_.token - 1].kind == TokenKind::StringClose;
    if (rule == Rule::Step && phrase.empty() && behind_name && token_.kind == TokenKind::Word &&
        did_you_mean(found_, unexpected_.expected).empty()) {
      return "roles stand behind `on`, as in `on web`";
    }
    return "";
  }

  // A word that begins a declaration, and nothing else.
  bool place_at_top() const {
    constexpr std::array<std::string_view, 12> words{
        "deployment", "import",  "inventory", "role",        "connect",  "variable",
        "secret",     "require", "procedure", "environment", "deadline", "resource"};
    return is_in(words, found_);
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
    if (is_word_ && !ended) made_.hints = did_you_mean(found_, unexpected_.expected);
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

  const TokenList& list_;
  const Unexpected& unexpected_;
  const Token& token_;
  std::string_view found_;
  std::string_view before_;
  bool is_word_ = false;
  base::Diagnostic made_;
};

}  // namespace

base::Diagnostic syntax_error(const TokenList& list, const Unexpected& unexpected) {
  return Explanation(list, unexpected).run();
}

}  // namespace sluice::compiler
