#include "compiler/shell_words.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/characters.h"

namespace sluice::compiler {

namespace {

bool begins_name(char c) {
  return base::is_letter(c) || c == '_';
}
bool is_in_name(char c) {
  return begins_name(c) || base::is_digit(c);
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool ends_word(char c) {
  return is_blank(c) || c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<' ||
         c == '>';
}

// What surrounds the place that is read.
enum class Around { Plain, Quotes, Test, Arithmetic };

class Reading {
 public:
  explicit Reading(std::string_view text) : text_(text) {}

  std::vector<ShellVariable> run() {
    while (at_ < text_.size()) step();
    return std::move(found_);
  }

 private:
  char here(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n';
  }
  bool starts(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  Around around() const { return around_.empty() ? Around::Plain : around_.back(); }

  void step() {
    const char c = here();
    if (c == '\\') {
      at_ += 2;
    } else if (c == '$') {
      dollar();
    } else if (c == '"') {
      toggle_quotes();
    } else if (around() == Around::Quotes) {
      ++at_;
    } else if (c == '\'') {
      at_ = std::min(text_.find('\'', at_ + 1), text_.size() - 1) + 1;
    } else if (c == '#' && at_word_start()) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '\n') {
      ++at_;
      skip_here_documents();
    } else if (starts("<<")) {
      here_document();
    } else {
      sign(c);
    }
  }

  bool at_word_start() const { return at_ == 0 || ends_word(text_[at_ - 1]); }

  void toggle_quotes() {
    ++at_;
    if (around() == Around::Quotes) {
      around_.pop_back();
    } else {
      around_.push_back(Around::Quotes);
    }
  }

  void sign(char c) {
    const bool test = starts("[[") && at_word_start();
    if (test) around_.push_back(Around::Test);
    if (around() == Around::Test && starts("]]")) around_.pop_back();
    if (c == '(') around_.push_back(Around::Plain);
    if (c == ')' && !around_.empty()) around_.pop_back();
    at_ += test ? 2 : 1;
  }

  void dollar() {
    if (starts("$((")) {
      around_.push_back(Around::Arithmetic);
      around_.push_back(Around::Arithmetic);
      at_ += 3;
      return;
    }
    if (starts("$(")) {
      around_.push_back(Around::Plain);
      at_ += 2;
      return;
    }
    const bool braced = here(1) == '{';
    const std::size_t begin = at_ + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text_.size() && is_in_name(text_[end])) ++end;
    const bool named = begin < text_.size() && begins_name(text_[begin]);
    std::size_t behind = end;
    if (braced) behind = std::min(text_.find_first_of("}\n", end), text_.size() - 1) + 1;
    if (named) add(begin, end, behind, braced);
    at_ = std::max(behind, at_ + 1);
  }

  void add(std::size_t begin, std::size_t end, std::size_t behind, bool braced) {
    // `${#name}` and `${name%…}` are the script's own business.
    const bool whole = !braced || (behind > end && behind - end == 1);
    const bool parted = whole && around() == Around::Plain && !is_assigned();
    found_.push_back({text_.substr(begin, end - begin), at_, behind - at_, braced, parted});
  }

  // What stands behind `name=`, `case` or `<<<` is not parted.
  bool is_assigned() const {
    std::size_t word = at_;
    while (word > 0 && !ends_word(text_[word - 1])) --word;
    std::size_t name = word;
    while (name < at_ && is_in_name(text_[name])) ++name;
    if (name > word && name < at_ && (text_[name] == '=' || text_.substr(name, 2) == "+=")) {
      return begins_name(text_[word]);
    }
    std::size_t before = word;
    while (before > 0 && (text_[before - 1] == ' ' || text_[before - 1] == '\t')) --before;
    const std::string_view head = text_.substr(0, before);
    return head.size() >= 4 && head.substr(head.size() - 4) == "case";
  }

  // `<<END` begins with the next line; `<<<` is a word.
  void here_document() {
    if (starts("<<<")) {
      at_ += 3;
      return;
    }
    at_ += 2;
    if (here() == '-') ++at_;
    while (here() == ' ' || here() == '\t') ++at_;
    const char quote = here();
    const bool quoted = quote == '\'' || quote == '"';
    if (quoted) ++at_;
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_in_name(text_[at_])) ++at_;
    if (at_ > begin) ends_.emplace_back(text_.substr(begin, at_ - begin));
    if (quoted && here() == quote) ++at_;
  }

  void skip_here_documents() {
    for (const std::string_view end : ends_) {
      while (at_ < text_.size()) {
        const std::size_t line_end = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, line_end - at_);
        at_ = std::min(line_end + 1, text_.size());
        while (!line.empty() && line.front() == '\t') line.remove_prefix(1);
        if (line == end) break;
      }
    }
    ends_.clear();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Around> around_;
  std::vector<std::string_view> ends_;  // of here-documents whose lines are still to come
  std::vector<ShellVariable> found_;
};

}  // namespace

std::vector<ShellVariable> shell_variables(std::string_view script) {
  return Reading(script).run();
}

std::vector<std::string_view> shell_assignments(std::string_view script) {
  std::vector<std::string_view> names;
  std::string_view before;
  bool reads = false;  // every word behind `read` is a name
  for (std::size_t at = 0; at < script.size();) {
    if (!begins_name(script[at]) || (at > 0 && is_in_name(script[at - 1]))) {
      if (ends_word(script[at]) && script[at] != ' ' && script[at] != '\t') reads = false;
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < script.size() && is_in_name(script[at])) ++at;
    const std::string_view word = script.substr(begin, at - begin);
    const char next = at < script.size() ? script[at] : '\n';
    const bool assigned = next == '=' || (next == '+' && script.substr(at, 2) == "+=");
    constexpr std::array declaring{std::string_view("for"), std::string_view("local"),
                                   std::string_view("export"), std::string_view("readonly")};
    const bool declared = std::find(declaring.begin(), declaring.end(), before) != declaring.end();
    if (assigned || declared || reads) names.push_back(word);
    if (word == "read" || word == "mapfile" || word == "readarray" || word == "getopts") {
      reads = true;
    }
    before = word;
  }
  return names;
}

}  // namespace sluice::compiler
