#include "compiler/exact_number.h"

#include <algorithm>
#include <charconv>

namespace sluice::compiler {

namespace {

constexpr int places = 6;
constexpr std::int64_t unit = 1'000'000;

std::optional<plan::Number> signed_number(std::int64_t micros, bool negative) {
  return plan::Number{negative ? -micros : micros};
}

}  // namespace

std::optional<plan::Number> exact_number(std::string_view text, bool negative) {
  std::string digits;
  int after_point = 0;  // how many of the digits stand behind the point
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    const char c = text[at];
    if (c == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    digits += c;
    if (point) ++after_point;
  }
  if (digits.empty()) return std::nullopt;
  int exponent = 0;
  if (at < text.size()) {
    std::string_view written = text.substr(at + 1);
    if (!written.empty() && written[0] == '+') written.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(written.data(), written.data() + written.size(), exponent);
    if (written.empty() || error != std::errc{} || end != written.data() + written.size()) {
      return std::nullopt;
    }
    if (exponent < -400 || exponent > 400) return std::nullopt;
  }
  // The digits are a whole number times ten to this power, of millionths.
  int power = exponent - after_point + places;
  const std::size_t leading = digits.find_first_not_of('0');
  if (leading == std::string::npos) return plan::Number{0};
  digits.erase(0, leading);
  while (digits.back() == '0') {
    digits.pop_back();
    ++power;
  }
  if (power < 0 || digits.size() + static_cast<std::size_t>(power) > 19) return std::nullopt;
  digits.append(static_cast<std::size_t>(power), '0');
  std::int64_t micros = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), micros);
  if (error != std::errc{}) return std::nullopt;
  return signed_number(micros, negative);
}

std::optional<plan::Number> exact_integer(std::string_view digits, int base, bool negative) {
  std::int64_t whole = 0;
  std::int64_t micros = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), whole, base);
  if (digits.empty() || digits[0] == '-' || error != std::errc{} ||
      end != digits.data() + digits.size() || __builtin_mul_overflow(whole, unit, &micros)) {
    return std::nullopt;
  }
  return signed_number(micros, negative);
}

}  // namespace sluice::compiler
