// JSON (RFC 8259) with the place of every value. No recursion: a hostile document costs no stack.
#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/utf8.h"
#include "compiler/document.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_levels = 128;

class JsonParser {
 public:
  JsonParser(std::string_view text, base::FileId file, Document& document, Report& report)
      : text_(text), file_(file), document_(document), report_(report) {}

  bool parse() {
    at_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    blanks();
    if (at_ == text_.size()) return fail(at_, "the file is empty");
    // A list is no inventory, and its reader says so, whatever stands in it.
    if (peek() == '[') return document_.add(Document::Kind::List, at_), true;
    if (!value()) return false;
    while (!levels_.empty()) {
      if (!after_value()) return false;
    }
    blanks();
    return at_ == text_.size() || fail(at_, "something stands behind the end of the document");
  }

 private:
  bool fail(std::size_t at, std::string message) {
    const auto begin = static_cast<std::uint32_t>(std::min(at, text_.size()));
    const std::uint32_t size = begin < text_.size() ? 1 : 0;
    report_.error("E0506", {file_, begin, begin + size}, std::move(message));
    return false;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }

  // A value, or the opening of one with its first key.
  bool value() {
    blanks();
    if (document_.is_full()) return fail(at_, "the document has more than 10,000,000 values");
    const char c = peek();
    if (c == '"') return string();
    if (c == '{' || c == '[') return open(c == '{');
    if (c == '-' || base::is_digit(c)) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      document_.add(word == "null" ? Document::Kind::Null : Document::Kind::Boolean, at_,
                    text_.substr(at_, word.size()));
      at_ += word.size();
      return true;
    }
    return fail(at_, at_ == text_.size() ? "the document ends where a value is missing"
                                         : "a value is missing here");
  }

  bool open(bool map) {
    if (levels_.size() == most_levels) {
      return fail(at_, fmt::format("this is nested deeper than {} levels", most_levels));
    }
    document_.open(map ? Document::Kind::Map : Document::Kind::List, at_);
    levels_.push_back(map);
    ++at_;
    blanks();
    if (peek() == (map ? '}' : ']')) return close();
    return map ? key() : value();
  }

  bool close() {
    document_.close();
    levels_.pop_back();
    ++at_;
    return true;
  }

  bool key() {
    blanks();
    if (peek() != '"') return fail(at_, "a key in quotes is missing here");
    if (!string()) return false;
    blanks();
    if (peek() != ':') return fail(at_, "a `:` is missing behind the key");
    ++at_;
    return value();
  }

  bool after_value() {
    blanks();
    const bool map = levels_.back();
    if (peek() == (map ? '}' : ']')) return close();
    if (peek() != ',') {
      return fail(at_, map ? "a `,` or `}` is missing here" : "a `,` or `]` is missing here");
    }
    ++at_;
    return map ? key() : value();
  }

  bool number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ > first;
    };
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const std::size_t whole = at_;
    bool good = digits() && !(zero && at_ > whole + 1);
    if (good && peek() == '.') good = (++at_, digits());
    if (good && (peek() == 'e' || peek() == 'E')) {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      good = digits();
    }
    if (!good) return fail(begin, "this is no number as JSON writes it");
    document_.add(Document::Kind::Number, begin, text_.substr(begin, at_ - begin));
    return true;
  }

  bool string() {
    const std::size_t begin = at_++;
    const std::size_t end = text_.find_first_of("\"\\\n", at_);
    if (end != std::string_view::npos && text_[end] == '"') {
      document_.add(Document::Kind::String, begin, text_.substr(at_, end - at_));
      at_ = end + 1;
      return true;
    }
    std::string made;
    while (true) {
      const std::size_t stop = text_.find_first_of("\"\\\n", at_);
      if (stop == std::string_view::npos || text_[stop] == '\n') {
        return fail(begin, "this string is not closed on its line");
      }
      made.append(text_.substr(at_, stop - at_));
      at_ = stop + 1;
      if (text_[stop] == '"') break;
      if (escape(made)) continue;
      const bool nul = text_.substr(stop, 6) == "\\u0000";
      return fail(stop, nul ? "a text has no NUL: no file and no script takes it"
                            : "there is no such escape in JSON");
    }
    document_.add(Document::Kind::String, begin, made);
    return true;
  }

  // Behind a backslash.
  bool escape(std::string& made) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (const std::size_t known = letters.find(c); c != '\0' && known != std::string_view::npos) {
      made += meant[known];
      return true;
    }
    if (c != 'u') return false;
    std::uint32_t unit = 0;
    if (!hexadecimal(unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
      std::uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      if (!hexadecimal(low) || low < 0xdc00 || low > 0xdfff) return false;
      unit = 0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00);
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
      return false;
    }
    if (unit == 0) return false;
    base::append_utf8(made, unit);
    return true;
  }

  bool hexadecimal(std::uint32_t& unit) {
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const char low = static_cast<char>(c | 0x20);
      std::uint32_t digit = 16;
      if (base::is_digit(c)) digit = static_cast<std::uint32_t>(c - '0');
      if (low >= 'a' && low <= 'f') digit = static_cast<std::uint32_t>(low - 'a' + 10);
      if (digit > 15) return false;
      unit = unit * 16 + digit;
    }
    return true;
  }

  std::string_view text_;
  base::FileId file_;
  Document& document_;
  Report& report_;
  std::size_t at_ = 0;
  std::vector<bool> levels_;  // true: a map
};

}  // namespace

bool parse_json(std::string_view text, base::FileId file, Document& document, Report& report) {
  return JsonParser(text, file, document, report).parse();
}

}  // namespace sluice::compiler
