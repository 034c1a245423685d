#include "plan/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "plan/arithmetic.h"

namespace sluice::plan {

namespace {

using base::Error;
using base::Result;

const std::string& text_of(const Value& value) {
  return std::get<std::string>(value.content);
}

// ASCII only, on purpose: the same on every machine, whatever its locale.
template <class Convert>
Value converted(const Value& value, Convert convert) {
  std::string text = text_of(value);
  std::transform(text.begin(), text.end(), text.begin(), convert);
  return Value{std::move(text)};
}

Result<Value> lower(std::span<const Value> arguments) {
  return converted(arguments[0], [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

Result<Value> upper(std::span<const Value> arguments) {
  return converted(arguments[0], [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
}

Result<Value> replace(std::span<const Value> arguments) {
  const std::string& text = text_of(arguments[0]);
  const std::string& from = text_of(arguments[1]);
  const std::string& to = text_of(arguments[2]);
  if (from.empty()) return Error{"`replace` was given an empty text to look for"};
  std::string result;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(from, at)) != std::string::npos;) {
    result.append(text, at, found - at).append(to);
    at = found + from.size();
    if (result.size() > most_text_bytes) return Error{"`replace` made a text of more than 1 MiB"};
  }
  result.append(text, at);
  return Value{std::move(result)};
}

Result<Value> matches(std::span<const Value> arguments) {
  return Value{matches_pattern(text_of(arguments[0]), text_of(arguments[1]))};
}

Result<Value> number(std::span<const Value> arguments) {
  const auto parsed = parse_number(text_of(arguments[0]));
  if (!parsed) return Error{fmt::format("`{}` is not a number", text_of(arguments[0]))};
  return Value{*parsed};
}

Result<Value> text(std::span<const Value> arguments) {
  return Value{to_text(arguments[0])};
}

const std::array<Function, 6>& table() {
  static const std::array<Function, 6> rows{{
      {"lower", {Type::String}, Type::String, lower, "the text with A to Z in lower case"},
      {"matches",
       {Type::String, Type::String},
       Type::Boolean,
       matches,
       "whether the whole text fits a pattern of `*` and `?`"},
      {"number", {Type::String}, Type::Number, number, "the number that the text spells"},
      {"replace",
       {Type::String, Type::String, Type::String},
       Type::String,
       replace,
       "the first text with every second one replaced by the third"},
      {"text",
       {Type::String},
       Type::String,
       text,
       "the value as a text, as it would be written",
       true},
      {"upper", {Type::String}, Type::String, upper, "the text with a to z in upper case"},
  }};
  return rows;
}

}  // namespace

std::span<const Function> functions() {
  return table();
}

const Function* find_function(std::string_view name) {
  for (const Function& function : table()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t star = std::string_view::npos;  // the last `*` seen, and where it matched up to
  std::size_t star_at = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      star_at = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

std::optional<Number> parse_number(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::int64_t micros = 0;
  std::size_t digits = 0;
  int places = -1;  // behind the point; -1 before it
  for (const char c : text) {
    if (c == '.' && places < 0 && digits > 0) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9' || places == 6) return std::nullopt;
    if (places >= 0) ++places;
    ++digits;
    if (__builtin_mul_overflow(micros, 10, &micros) ||
        __builtin_add_overflow(micros, c - '0', &micros)) {
      return std::nullopt;
    }
  }
  if (digits == 0 || places == 0) return std::nullopt;
  for (int i = std::max(places, 0); i < 6; ++i) {
    if (__builtin_mul_overflow(micros, 10, &micros)) return std::nullopt;
  }
  return Number{negative ? -micros : micros};
}

}  // namespace sluice::plan
