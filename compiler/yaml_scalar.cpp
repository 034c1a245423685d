// YAML 1.1's plain scalars, as PyYAML resolves them (https://yaml.org/type/).
#include <algorithm>
#include <array>
#include <string>

#include "base/characters.h"
#include "compiler/document.h"
#include "compiler/exact_number.h"

namespace sluice::compiler {

namespace {

using Kind = InventoryValue::Kind;

template <class Fits>
bool all(std::string_view text, Fits fits) {
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

std::string without_underscores(std::string_view text) {
  std::string made(text);
  std::erase(made, '_');
  return made;
}

InventoryValue held(std::optional<plan::Number> number, std::string_view text) {
  if (number) return {Kind::Held, {*number}};
  return {Kind::Text, {std::string(text)}};
}

// `[1-9][0-9_]*` and behind it `:59` or so, at least one.
std::optional<std::string_view> sexagesimal_whole(std::string_view digits) {
  if (digits.empty() || !base::is_digit(digits[0])) return std::nullopt;
  const std::size_t first = digits.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto fits = [](char c) { return base::is_digit(c) || c == '_'; };
  if (!all(digits.substr(0, first), fits)) return std::nullopt;
  std::string_view rest = digits.substr(first);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view part = rest.substr(0, end);
    if (!all(part, base::is_digit) || part.size() > 2 || (part.size() == 2 && part[0] > '5')) {
      return std::nullopt;
    }
    rest.remove_prefix(end);
  }
  return digits;
}

// Base 60; nothing where it is too large.
std::optional<plan::Number> sexagesimal_value(std::string_view digits, bool negative) {
  std::int64_t total = 0;
  for (std::string_view rest = digits; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const auto part = exact_integer(without_underscores(rest.substr(0, end)), 10, false);
    if (!part || __builtin_mul_overflow(total, std::int64_t{60}, &total) ||
        __builtin_add_overflow(total, part->micros, &total)) {
      return std::nullopt;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return plan::Number{negative ? -total : total};
}

std::optional<InventoryValue> integer(std::string_view text) {
  const bool negative = text[0] == '-';
  std::string_view digits = text;
  if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  const auto in_base = [&](std::size_t prefix, int base) {
    return held(exact_integer(without_underscores(digits.substr(prefix)), base, negative), text);
  };
  const auto decimal = [](char c) { return base::is_digit(c) || c == '_'; };
  if (digits == "0") return InventoryValue{Kind::Held, {plan::Number{0}}};
  if (digits.starts_with("0b") &&
      all(digits.substr(2), [](char c) { return c == '0' || c == '1' || c == '_'; })) {
    return in_base(2, 2);
  }
  if (digits.starts_with("0x") && all(digits.substr(2), [](char c) {
        const char low = static_cast<char>(c | 0x20);
        return base::is_digit(c) || (low >= 'a' && low <= 'f') || c == '_';
      })) {
    return in_base(2, 16);
  }
  if (digits[0] == '0') {
    const bool octal =
        all(digits.substr(1), [](char c) { return (c >= '0' && c <= '7') || c == '_'; });
    return octal ? std::optional(in_base(1, 8)) : std::nullopt;
  }
  if (digits[0] == '_') return std::nullopt;
  if (all(digits, decimal)) return in_base(0, 10);
  if (const auto whole = sexagesimal_whole(digits)) {
    return held(sexagesimal_value(*whole, negative), text);
  }
  return std::nullopt;
}

// `1.5`, `1.`, `.5e+3`, `12:30.5`; an exponent has a sign and needs the point before it.
std::optional<InventoryValue> fraction(std::string_view text) {
  constexpr std::array special = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
  const bool negative = text[0] == '-';
  std::string_view digits = text;
  const bool has_sign = digits[0] == '-' || digits[0] == '+';
  if (has_sign) digits.remove_prefix(1);
  if (is_one_of(digits, special)) return InventoryValue{Kind::Text, {std::string(text)}};
  const std::size_t point = digits.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const auto decimal = [](char c) { return base::is_digit(c) || c == '_'; };
  const std::string_view whole = digits.substr(0, point);
  std::string_view behind = digits.substr(point + 1);
  if (const auto base_sixty = sexagesimal_whole(whole)) {
    if (!behind.empty() && !all(behind, decimal)) return std::nullopt;
    return InventoryValue{Kind::Text, {std::string(text)}};
  }
  const std::size_t e = behind.find_first_of("eE");
  std::string_view exponent;
  if (e != std::string_view::npos) {
    exponent = behind.substr(e + 1);
    behind = behind.substr(0, e);
    const bool good = exponent.size() > 1 && (exponent[0] == '-' || exponent[0] == '+') &&
                      all(exponent.substr(1), base::is_digit);
    if (!good) return std::nullopt;
  }
  if (!behind.empty() && !all(behind, decimal)) return std::nullopt;
  if (whole.empty() ? (behind.empty() || !base::is_digit(behind[0]) || has_sign)
                    : (!base::is_digit(whole[0]) || !all(whole, decimal))) {
    return std::nullopt;
  }
  return held(exact_number(without_underscores(digits), negative), text);
}

}  // namespace

InventoryValue read_yaml_scalar(std::string_view text) {
  constexpr std::array nulls = {"", "~", "null", "Null", "NULL"};
  constexpr std::array truths = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
  constexpr std::array lies = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
  if (text.size() <= 5) {
    if (is_one_of(text, nulls)) return {Kind::Null, {}};
    if (is_one_of(text, truths)) return {Kind::Held, {true}};
    if (is_one_of(text, lies)) return {Kind::Held, {false}};
  }
  const char c = text[0];
  if (base::is_digit(c) || c == '-' || c == '+' || c == '.') {
    if (const auto number = integer(text)) return *number;
    if (const auto number = fraction(text)) return *number;
  }
  return {Kind::Held, {std::string(text)}};
}

}  // namespace sluice::compiler
