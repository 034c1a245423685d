#include "compiler/python_literal.h"

#include <algorithm>

#include "base/characters.h"
#include "base/utf8.h"
#include "compiler/exact_number.h"

namespace sluice::compiler {

namespace {

using Kind = InventoryValue::Kind;

constexpr int most_levels = 100;

bool is_word(char c) {
  return base::is_letter_or_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// One literal of one line. What is none of them ends it: `failed_` then.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  std::optional<InventoryValue> read() {
    blanks();
    InventoryValue value = items_or_one();
    blanks();
    if (at_ < text_.size() && text_[at_] != '#') failed_ = true;
    if (failed_) return std::nullopt;
    return value;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    blanks();
    return true;
  }

  InventoryValue fail() {
    failed_ = true;
    return {};
  }

  // At the top, `80, 443` is a tuple.
  InventoryValue items_or_one() {
    InventoryValue first = one();
    if (failed_ || peek() != ',') return first;
    plan::Value::List items;
    bool plain = add(items, std::move(first));
    while (!failed_ && take(',')) {
      if (at_ == text_.size() || peek() == '#') break;
      plain = add(items, one()) && plain;
    }
    return list(std::move(items), plain);
  }

  static InventoryValue list(plan::Value::List items, bool plain) {
    if (!plain) return {Kind::Map, {}};
    return {Kind::Held, {std::move(items)}};
  }

  // False for what a property's list cannot hold.
  static bool add(plan::Value::List& items, InventoryValue value) {
    const bool plain = (value.kind == Kind::Held || value.kind == Kind::Text) &&
                       value.value.type() != plan::Type::List;
    if (plain) items.push_back(std::move(value.value));
    return plain;
  }

  InventoryValue one() {
    if (++level_ > most_levels) return fail();
    InventoryValue value = one_at_level();
    --level_;
    blanks();
    return value;
  }

  InventoryValue one_at_level() {
    const char c = peek();
    if (c == '[') return sequence(']');
    if (c == '(') return parenthesis();
    if (c == '{') return braces();
    if (base::is_digit(c) || c == '.') return number(false);
    if (c == '-' || c == '+') {
      ++at_;
      blanks();
      return base::is_digit(peek()) || peek() == '.' ? number(c == '-') : fail();
    }
    if (c == '"' || c == '\'') return strings();
    return word();
  }

  InventoryValue sequence(char close) {
    ++at_;
    blanks();
    plan::Value::List items;
    bool plain = true;
    while (!failed_ && !take_close(close)) {
      plain = add(items, one()) && plain;
      if (!take(',') && peek() != close) return fail();
    }
    return list(std::move(items), plain);
  }

  bool take_close(char close) {
    if (peek() != close) return false;
    ++at_;
    return true;
  }

  // `(1)` is one; `()`, `(1,)` and `(1, 2)` are tuples.
  InventoryValue parenthesis() {
    ++at_;
    blanks();
    if (take_close(')')) return {Kind::Held, {plan::Value::List{}}};
    InventoryValue first = one();
    if (failed_ || take_close(')')) return first;
    plan::Value::List items;
    bool plain = add(items, std::move(first));
    if (!take(',')) return fail();
    while (!failed_ && !take_close(')')) {
      plain = add(items, one()) && plain;
      if (!take(',') && peek() != ')') return fail();
    }
    return list(std::move(items), plain);
  }

  // A map, or a set.
  InventoryValue braces() {
    ++at_;
    blanks();
    if (take_close('}')) return {Kind::Map, {}};
    plan::Value::List items;
    bool plain = true;
    bool map = false;
    while (!failed_ && !take_close('}')) {
      plain = add(items, one()) && plain;
      if (take(':')) {
        map = true;
        one();
      }
      if (!take(',') && peek() != '}') return fail();
    }
    return map ? InventoryValue{Kind::Map, {}} : list(std::move(items), plain);
  }

  InventoryValue number(bool negative) {
    const std::size_t begin = at_;
    std::size_t end = begin;
    while (end < text_.size()) {
      const char c = text_[end];
      const bool sign = (c == '+' || c == '-') && end > begin &&
                        (text_[end - 1] == 'e' || text_[end - 1] == 'E') && !is_prefixed(begin);
      if (!is_word(c) && c != '.' && !sign) break;
      ++end;
    }
    at_ = end;
    const std::string_view written = text_.substr(begin, end - begin);
    std::string digits;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] != '_') {
        digits += written[i];
        continue;
      }
      const bool between = i > 0 && i + 1 < written.size() && is_word(written[i - 1]) &&
                           written[i - 1] != '_' && is_word(written[i + 1]) &&
                           written[i + 1] != '_';
      if (!between) return fail();
    }
    return is_prefixed(begin) ? based_number(digits, negative, written)
                              : decimal_number(digits, negative, written);
  }

  bool is_prefixed(std::size_t begin) const {
    if (begin + 1 >= text_.size() || text_[begin] != '0') return false;
    const char c = text_[begin + 1];
    return c == 'x' || c == 'X' || c == 'o' || c == 'O' || c == 'b' || c == 'B';
  }

  InventoryValue based_number(std::string_view digits, bool negative, std::string_view written) {
    const char letter = static_cast<char>(digits[1] | 0x20);
    const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    digits.remove_prefix(2);
    const auto fits = [&](char c) {
      const char low = static_cast<char>(c | 0x20);
      const int value = base::is_digit(c)          ? c - '0'
                        : low >= 'a' && low <= 'f' ? low - 'a' + 10
                                                   : 99;
      return value < base;
    };
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), fits)) return fail();
    return held(exact_integer(digits, base, negative), negative, written);
  }

  InventoryValue decimal_number(std::string_view digits, bool negative, std::string_view written) {
    std::size_t at = 0;
    const auto skip_digits = [&] {
      const std::size_t begin = at;
      while (at < digits.size() && base::is_digit(digits[at])) ++at;
      return at - begin;
    };
    std::size_t count = skip_digits();
    const std::size_t whole = count;
    bool is_float = false;
    if (at < digits.size() && digits[at] == '.') {
      is_float = true;
      ++at;
      count += skip_digits();
    }
    if (count == 0) return fail();
    if (at < digits.size() && (digits[at] == 'e' || digits[at] == 'E')) {
      is_float = true;
      ++at;
      if (at < digits.size() && (digits[at] == '+' || digits[at] == '-')) ++at;
      if (skip_digits() == 0) return fail();
    }
    if (at != digits.size()) return fail();
    const bool zeros = digits.substr(0, whole).find_first_not_of('0') == std::string_view::npos;
    if (!is_float && whole > 1 && digits[0] == '0' && !zeros) return fail();
    // Python itself reads no longer whole number from a text.
    if (!is_float && whole > 4300) return fail();
    return held(exact_number(digits, negative), negative, written);
  }

  static InventoryValue held(std::optional<plan::Number> number, bool negative,
                             std::string_view written) {
    if (number) return {Kind::Held, {*number}};
    return {Kind::Text, {std::string(negative ? "-" : "") + std::string(written)}};
  }

  InventoryValue word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (peek() == '"' || peek() == '\'') {
      at_ = begin;
      return strings();
    }
    if (name == "True") return {Kind::Held, {true}};
    if (name == "False") return {Kind::Held, {false}};
    if (name == "None") return {Kind::Null, {}};
    return fail();
  }

  // One or more, which are joined.
  InventoryValue strings() {
    std::string all;
    while (true) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      const std::string_view prefix = text_.substr(begin, at_ - begin);
      const char quote = peek();
      if (quote != '"' && quote != '\'') {
        at_ = begin;
        break;
      }
      const bool raw = prefix == "r" || prefix == "R" || prefix == "br" || prefix == "rb" ||
                       prefix == "Br" || prefix == "bR" || prefix == "Rb" || prefix == "rB";
      const bool plain =
          prefix.empty() || prefix == "u" || prefix == "U" || prefix == "b" || prefix == "B";
      if (!raw && !plain) return fail();
      if (!string_body(quote, raw, all)) return fail();
      blanks();
    }
    return {Kind::Held, {std::move(all)}};
  }

  bool string_body(char quote, bool raw, std::string& all) {
    const std::string_view three = text_.substr(at_, 3);
    const bool long_one = three.size() == 3 && three[1] == quote && three[2] == quote;
    at_ += long_one ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) {
        if (!long_one) return ++at_, true;
        const std::string_view end = text_.substr(at_, 3);
        if (end.size() == 3 && end[1] == quote && end[2] == quote) return at_ += 3, true;
      }
      if (c != '\\') {
        all += c;
        ++at_;
        continue;
      }
      if (at_ + 1 == text_.size()) return false;
      if (raw) {
        all.append(text_.substr(at_, 2));
        at_ += 2;
      } else if (!escape(all)) {
        return false;
      }
    }
    return false;
  }

  // At a backslash with a character behind it.
  bool escape(std::string& all) {
    const char c = text_[at_ + 1];
    at_ += 2;
    constexpr std::string_view letters = "abfnrtv\\'\"";
    constexpr std::string_view meant = "\a\b\f\n\r\t\v\\'\"";
    if (const std::size_t known = letters.find(c); known != std::string_view::npos) {
      all += meant[known];
      return true;
    }
    if (c == 'x') return code_point(2, 16, all);
    if (c == 'u') return code_point(4, 16, all);
    if (c == 'U') return code_point(8, 16, all);
    if (c >= '0' && c <= '7') {
      --at_;
      std::size_t count = 0;
      while (count < 3 && at_ + count < text_.size() && text_[at_ + count] >= '0' &&
             text_[at_ + count] <= '7') {
        ++count;
      }
      return code_point(count, 8, all);
    }
    if (c == 'N') return false;  // a character by its name
    all += '\\';
    all += c;
    return true;
  }

  bool code_point(std::size_t count, int base, std::string& all) {
    if (at_ + count > text_.size()) return false;
    const auto number = exact_integer(text_.substr(at_, count), base, false);
    if (!number) return false;
    at_ += count;
    const auto value = static_cast<char32_t>(number->micros / 1'000'000);
    if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return false;
    base::append_utf8(all, value);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int level_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<InventoryValue> read_python_literal(std::string_view text) {
  // Most values are plain words, which need no closer look.
  if (text.empty()) return std::nullopt;
  constexpr std::string_view first = "0123456789.+-\"'[({TFN";
  const char c = text[0];
  const bool prefix = text.find_first_of("\"'") < 3;
  if (first.find(c) == std::string_view::npos && !prefix && c != ' ' && c != '\t') {
    return std::nullopt;
  }
  return Literal(text).read();
}

}  // namespace sluice::compiler
