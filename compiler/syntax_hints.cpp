#include "compiler/syntax_hints.h"

#include <fmt/format.h>

#include <array>

#include "compiler/action_table.h"
#include "compiler/misfit.h"
#include "compiler/recovery.h"
#include "compiler/suggest.h"
#include "compiler/syntax_words.h"

namespace sluice::compiler {

namespace {

constexpr std::string_view own_variables =
    "a script's own variables stand in its block, as in `run script \"…\" { environment { TOKEN = "
    "api_token } }`";
constexpr std::string_view choice = "a choice is written `if lanes > 3 then 1 else 2`";

std::string property_hint(std::string_view word) {
  return fmt::format("`{0}` is a word of the language; a property named so is `target.{0}`", word);
}

// A word that begins a declaration, and nothing else.
bool stands_at_top(std::string_view word) {
  constexpr std::array<std::string_view, 12> words{
      "deployment", "import",  "inventory", "role",        "connect",  "variable",
      "secret",     "require", "procedure", "environment", "deadline", "resource"};
  return is_in(words, word);
}

class Hints : private Misfit {
 public:
  Hints(const TokenList& list, const Unexpected& unexpected) : Misfit(list, unexpected) {}

  std::string in_place(Rule rule) const {
    if (found_ == "?") return std::string(choice);
    const std::string_view foreign = hint_for(found_, rule);
    if (found_ == "and" && rule == Rule::Step && begins_phrase(behind(1)))
      return about_targets(rule);
    if (!foreign.empty() && !(found_ == "shell" && is_attribute()) &&
        (rule != Rule::Step || found_ != "and" || opening_before() == "on")) {
      return std::string(foreign);
    }
    if ((found_ == "and" || found_ == "or") && is_compared(unexpected_.token + 1)) {
      return property_hint(behind(1));
    }
    if (rule == Rule::Declaration && token_.kind == TokenKind::Keyword && begins_phrase(found_)) {
      return fmt::format("`{}` belongs to a step, as in `step \"Name\" on web window 3 {{ … }}`",
                         found_);
    }
    if (rule == Rule::RoleBody) return in_role();
    if (rule == Rule::StepBody && token_.kind == TokenKind::StringOpen && before_ == "{") {
      return fmt::format("what is done stands behind `run`: `run {}`", shown());
    }
    if (found_ == "{" && before_ == "failure") {
      return "what runs after a failure is a step or child step that says `when failure`";
    }
    std::string hint = about_targets(rule);
    if (hint.empty()) hint = about_phrase(rule);
    if (!hint.empty()) return hint;
    if (rule == Rule::StepBody && token_.kind == TokenKind::Keyword && stands_at_top(found_)) {
      if (found_ == "environment") return std::string(own_variables);
      return fmt::format("`{}` stands at the top of the file, outside of the steps", found_);
    }
    return token_.kind == TokenKind::Word ? of_word(rule) : std::string();
  }

  std::string within() const {
    const std::string_view word = behind_declaration() ? declaration_before() : opening();
    if (word == "on" && found_ == "if") {
      return "roles are written out, as in `on web, api`; of two steps, `when` chooses one";
    }
    if (word == "require") return in_contract();
    if (found_ == "=" && (is_type() || unexpected_.rule == Rule::Parameters)) {
      return "a parameter has no value of its own: every `use` gives it one";
    }
    if (before_ == ":" && is_type()) {
      return "types are string, number, boolean, duration, percentage, size and list";
    }
    if (found_ == "else" && before_ == "}") {
      return "the other case is a step of its own, with a `when` of its own";
    }
    if (found_ == "<" && before_ == "list") return "a type is one word, and `list` is the whole";
    constexpr std::array<std::string_view, 6> named{"variable",  "secret", "resource",
                                                    "procedure", "use",    "gives"};
    if (is_in(named, word) && word == before_ && token_.kind == TokenKind::StringOpen) {
      return fmt::format(
          "a name has no quotes here: `{} {}`", word,
          found_.size() > 2 ? shortened(found_.substr(1, found_.size() - 2)) : std::string("name"));
    }
    return of_value();
  }

  std::string of_sign() const {
    const std::string_view first = found_.substr(0, 1);
    if (found_ == ":") return of_colon();
    if (found_ == "=" && compares_here()) return "`==` compares, and `>=` and `<=`";
    if (found_ == "=" && (in_expression() || behind_declaration())) {
      return before_ == "=" ? "one `=` is enough" : "`==` compares";
    }
    if (is_foreign_quote()) return "strings stand between `\"`";
    if (static_cast<unsigned char>(first[0]) >= 0x80U) {
      return "names are of the letters `a` to `z` and `A` to `Z`, digits and `_`";
    }
    if (first == ";") return "a statement needs no sign at its end: take it out";
    if (first == "&" || first == "|") {
      const bool in_body = unexpected_.in_list && unexpected_.statement == Rule::StepBody;
      if (in_body && !compares_here()) return "a `run` holds one script: all of it in one string";
      return first == "&" ? "it is written `and`" : "it is written `or`";
    }
    if (first == "!") return "it is written `not`, or `!=` between two values";
    if (found_ == "-" && behind(1) == "-" && on_new_line() && !in_expression()) {
      return "a comment begins with `#`";
    }
    if (found_ == "/") {
      const std::string_view both = list_.file->text().substr(token_.begin, 2);
      if (both == "//" || both == "/*") return "a comment begins with `#`";
    }
    if ((found_ == "]" || found_ == ")") && before_ == ",") {
      return "a list has no comma behind its last value";
    }
    if (found_ == "%" && touches(TokenKind::Word)) {
      return fmt::format(
          "`{0}` alone stands for a percentage where it holds one, as `variable {0} = 10%` says",
          shortened(before_));
    }
    const bool in_number = found_ == "," && touches(TokenKind::Quantity) &&
                           kind_behind() == TokenKind::Quantity &&
                           list_.tokens[unexpected_.token + 1].begin == token_.end;
    return in_number ? "a number has no comma: a fraction is `2.5`, and of a duration `2s500ms`"
                     : "";
  }

 private:
  std::string of_colon() const {
    if (unexpected_.rule == Rule::String) return "a `}` ends the expression: `${target.name}:8080`";
    if (unexpected_.in_list && unexpected_.statement == Rule::Step) {
      return "a step is written `step \"Name\" { … }`";
    }
    const std::string_view usage = usage_of(before_);
    if (!usage.empty()) return fmt::format("write it as `{}`", usage);
    return "a value follows `=`, as in `name = value`";
  }

  bool is_type() const {
    return unexpected_.rule == Rule::Parameter || unexpected_.statement == Rule::Parameter;
  }

  std::string in_role() const {
    if (token_.kind == TokenKind::StringOpen) {
      return fmt::format("a target has its word before it: `target {}`", shown());
    }
    if (found_ == ",") return "each target has a word of its own: `target \"a\" target \"b\"`";
    if (token_.kind == TokenKind::Word && is_attribute()) {
      return fmt::format(
          "a property stands in the block of its target: `target \"web-1\" {{ {} = … }}`", shown());
    }
    return "";
  }

  // In a header, which targets and how many of them.
  std::string about_targets(Rule rule) const {
    if (rule != Rule::Step) return "";
    const std::string_view phrase = opening_before();
    const bool once_behind =
        before_ == "once" && unexpected_.token > 1 && list_.text(unexpected_.token - 2) == "on";
    if (once_behind) return fmt::format("`once` stands before `on`: `once on {}`", shown());
    if (found_ == "and" && begins_phrase(behind(1))) {
      return "the phrases of a header follow one another, with nothing between them";
    }
    const bool all = before_ == "each" || before_ == "every" || before_ == "all";
    if (phrase == "on" && all) return fmt::format("`on {}` takes each of its targets", shown());
    if (phrase == "on" && before_ == "first") {
      return fmt::format("the first target alone is `once on {}`", shown());
    }
    if (found_ == "[" && (phrase == "on" || phrase == "via")) {
      const bool index = kind_behind() == TokenKind::Quantity && behind(2) == "]";
      if (index && phrase == "via") return fmt::format("the first one is `via first {}`", before_);
      if (index) return fmt::format("the first target alone is `once on {}`", before_);
      return "a range stands in a target's name; `where` and `except` choose among targets";
    }
    if (found_ == "." && before_ == "target" && !phrase.empty()) {
      return fmt::format("a property stands alone here: `per {0}`, `by {0}`", behind(1));
    }
    if (found_ == "in" && behind(1) == "batches") return "it is written `batches 5`";
    constexpr std::array<std::string_view, 4> each{"of", "in", "each", "for"};
    if (phrase == "window" && is_in(each, found_)) {
      return before_.ends_with("%")
                 ? fmt::format("a percentage is of the step's targets: `window {}`", before_)
                 : "a window of its own for each value of a property is written `window 2 per "
                   "zone`";
    }
    return "";
  }

  // What is nearly a phrase of a step.
  std::string about_phrase(Rule rule) const {
    constexpr std::array<std::string_view, 5> failure{"error", "errors", "fail", "failed",
                                                      "failures"};
    constexpr std::array<std::string_view, 7> ended{"failed",    "fails",    "fail",   "failure",
                                                    "succeeded", "succeeds", "success"};
    const std::string_view phrase = opening_before();
    if (phrase == "after" && found_ == "and") return "several stand in a row: `after \"A\", \"B\"`";
    if (phrase == "when" && behind_string() && is_in(ended, found_)) {
      return fmt::format("a step waits for another, and asks how it ended: `after {} when {}`",
                         shortened(before_), found_.starts_with("f") ? "failure" : "success");
    }
    if ((phrase == "where" || phrase == "when") && found_ == "in") {
      return "each value is compared: `name == \"a\" or name == \"b\"`; `matches(name, \"web-*\")` "
             "takes a pattern";
    }
    if (rule == Rule::StepBody && phrase == "on" && is_in(failure, before_)) {
      return "what a failure does is written `on failure halt`";
    }
    if (phrase == "when" && found_ == "or" && !is_compared(unexpected_.token + 1)) {
      return "`success`, `failure` and `always` stand alone: `when always` is after both";
    }
    const bool in_step = rule == Rule::Step || rule == Rule::StepBody;
    if (in_step && token_.kind == TokenKind::Word && acts()) {
      return rule == Rule::Step
                 ? fmt::format("what is done stands in braces: `{{ run {} … }}`", found_)
                 : fmt::format("what is done stands behind `run`: `run {} …`", found_);
    }
    const bool role = rule == Rule::Step && phrase.empty() && behind_string() &&
                      token_.kind == TokenKind::Word &&
                      did_you_mean(found_, unexpected_.expected).empty();
    return role ? "roles stand behind `on`, as in `on web`" : "";
  }

  // The word is a kind of action, and what follows could be its argument or block.
  bool acts() const {
    const TokenKind next = kind_behind();
    return find_action(found_) != nullptr &&
           (next == TokenKind::StringOpen || next == TokenKind::TextBlock ||
            next == TokenKind::Quantity || next == TokenKind::OpenBrace);
  }

  std::string of_word(Rule rule) const {
    const std::string_view next = behind(1);
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
    if (rule == Rule::StepBody && next == "=") {
      return "attributes stand in the block of an action, as in `run http { url = \"…\" }`";
    }
    if (found_ == "lockstep") return "it is written `batches 5 in lockstep`";
    const bool behind_role = rule == Rule::Step && opening_before() == "on" && before_ != "failure";
    const bool nothing_like_it = did_you_mean(found_, unexpected_.expected).empty();
    return behind_role && nothing_like_it ? "several roles are joined by `,`, as in `on web, api`"
                                          : "";
  }

  std::string in_contract() const {
    constexpr std::array<std::string_view, 5> things{"target", "targets", "hosts", "servers",
                                                     "nodes"};
    if (found_ == "per" && kind_behind() != TokenKind::End) {
      return fmt::format("it stands behind the role: `require unavailable(web per {}) <= 1`",
                         behind(1));
    }
    if (is_in(things, found_)) return "a number of targets stands alone: `available(web) >= 7`";
    return "";
  }

  // Where a value should begin.
  std::string of_value() const {
    const std::string_view word = opening();
    if (word == "takes" && found_ == "between") return "from one to another is `20s to 40s`";
    if ((word == "window" || word == "batches") && found_ == "up") {
      return fmt::format("`up` stands behind its percentage: `{} 25% up`", word);
    }
    if (word == "variable" && found_ == "on") return "a boolean is written `true` or `false`";
    if (found_ == "{" && before_ == "=" && unexpected_.token > 1) {
      const std::string name = shortened(list_.text(unexpected_.token - 2));
      return unexpected_.statement == Rule::Attribute
                 ? fmt::format("a block has no `=` before it: `{} {{ … }}`", name)
                 : "a value is a text, a number, a duration and so on, or a list of them: `[1, 2]`";
    }
    const bool property = is_compared(unexpected_.token) ||
                          (word == "where" && token_.kind == TokenKind::Keyword && !on_new_line());
    return property ? property_hint(found_) : "";
  }
};

}  // namespace

std::string hint_in_place(const TokenList& list, const Unexpected& unexpected, Rule place) {
  return Hints(list, unexpected).in_place(place);
}

std::string hint_within(const TokenList& list, const Unexpected& unexpected) {
  return Hints(list, unexpected).within();
}

std::string hint_of_sign(const TokenList& list, const Unexpected& unexpected) {
  return Hints(list, unexpected).of_sign();
}

}  // namespace sluice::compiler
