#include "compiler/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/characters.h"
#include "base/utf8.h"
#include "plan/functions.h"

namespace sluice::compiler {

namespace {

using plan::Type;

struct Unit {
  std::string_view name;
  Type type;
  std::int64_t factor;
};

constexpr std::array units{
    Unit{"d", Type::Duration, 86'400'000},
    Unit{"h", Type::Duration, 3'600'000},
    Unit{"m", Type::Duration, 60'000},
    Unit{"s", Type::Duration, 1'000},
    Unit{"ms", Type::Duration, 1},
    Unit{"TiB", Type::Size, 1LL << 40},
    Unit{"TB", Type::Size, 1'000'000'000'000},
    Unit{"GiB", Type::Size, 1LL << 30},
    Unit{"GB", Type::Size, 1'000'000'000},
    Unit{"MiB", Type::Size, 1LL << 20},
    Unit{"MB", Type::Size, 1'000'000},
    Unit{"KiB", Type::Size, 1LL << 10},
    Unit{"kB", Type::Size, 1'000},
    Unit{"B", Type::Size, 1},
    Unit{"Gbps", Type::Rate, 1'000'000'000},
    Unit{"Mbps", Type::Rate, 1'000'000},
    Unit{"kbps", Type::Rate, 1'000},
    Unit{"bps", Type::Rate, 1},
};

// What people write instead of a unit, and the unit.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> meant{{
    {"sec", "s"},  {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},
    {"mins", "m"}, {"minute", "m"}, {"minutes", "m"}, {"hour", "h"},    {"hours", "h"},
    {"hr", "h"},   {"day", "d"},    {"days", "d"},    {"kb", "kB"},     {"KB", "kB"},
    {"K", "kB"},   {"M", "MB"},     {"G", "GB"},      {"percent", "%"},
}};

const Unit* find_unit(std::string_view name) {
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

Quantity wrong(std::string problem, std::string hint = "") {
  return {std::nullopt, false, std::move(problem), std::move(hint)};
}

Quantity too_large(std::string_view text) {
  return {std::nullopt, true, fmt::format("`{}` is out of range", text), ""};
}

struct Part {
  std::string_view digits;
  std::string_view unit;
};

// 1h30m is two parts; a part without letters has no unit.
std::vector<Part> parts_of(std::string_view text) {
  std::vector<Part> parts;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t digits = at;
    while (at < text.size() && (base::is_digit(text[at]) || text[at] == '.')) ++at;
    const std::size_t letters = at;
    while (at < text.size() && !base::is_digit(text[at])) ++at;
    parts.push_back({text.substr(digits, letters - digits), text.substr(letters, at - letters)});
  }
  return parts;
}

std::string unit_hint(std::string_view digits, std::string_view unit) {
  if (const std::string_view right = unit_meant(unit); !right.empty()) {
    return fmt::format("write `{}{}`", digits, right);
  }
  for (const Unit& known : units) {
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (std::equal(unit.begin(), unit.end(), known.name.begin(), known.name.end(), same)) {
      return fmt::format("write `{}{}`", digits, known.name);
    }
  }
  return "units are ms s m h d, B kB MB GB TB KiB MiB GiB TiB, bps kbps Mbps Gbps and %";
}

plan::Value value_of(Type type, std::int64_t amount) {
  if (type == Type::Duration) return {base::Duration{amount}};
  if (type == Type::Size) return {plan::Size{amount}};
  return {plan::Rate{amount}};
}

// Digits apart, hexadecimal, powers of ten: numbers elsewhere, not here.
bool is_foreign_number(std::string_view text) {
  const bool apart = text.find('_') != std::string_view::npos;
  const bool hexadecimal = text.size() > 1 && text[0] == '0' && (text[1] | 0x20) == 'x';
  const std::size_t power = text.find_first_of("eE");
  const bool exponent = power != std::string_view::npos &&
                        text.find_first_not_of("0123456789.eE") == std::string_view::npos;
  return apart || hexadecimal || exponent;
}

Quantity with_units(std::string_view text) {
  if (is_foreign_number(text)) {
    return wrong(fmt::format("`{}` is no number", text),
                 "a number is of digits alone, with a point where it has places");
  }
  std::int64_t total = 0;
  const Unit* before = nullptr;
  for (const Part& part : parts_of(text)) {
    const Unit* unit = find_unit(part.unit);
    if (part.unit.empty()) {
      return wrong(fmt::format("`{}` ends without a unit", text),
                   "each number of a sum has its unit, as in `1h30m`");
    }
    if (unit == nullptr) {
      return wrong(fmt::format("`{}` is no unit", part.unit), unit_hint(part.digits, part.unit));
    }
    if (part.digits.find('.') != std::string_view::npos) {
      return wrong(
          fmt::format("`{}` has a fraction; a quantity with a unit is a whole number", text),
          "write a smaller unit, or a sum such as `1h30m`");
    }
    const bool in_order =
        before == nullptr || (unit->type == before->type && unit->type == Type::Duration &&
                              unit->factor < before->factor);
    if (!in_order) {
      return wrong(fmt::format("the units of `{}` are not each once, the largest first", text),
                   "as in `1d2h30m`");
    }
    before = unit;
    std::int64_t count = 0;
    for (const char digit : part.digits) {
      if (__builtin_mul_overflow(count, 10, &count) ||
          __builtin_add_overflow(count, digit - '0', &count)) {
        return too_large(text);
      }
    }
    std::int64_t amount = 0;
    if (__builtin_mul_overflow(count, unit->factor, &amount) ||
        __builtin_add_overflow(total, amount, &total)) {
      return too_large(text);
    }
  }
  // A hundred years: beyond it, sums of durations could pass what an instant can say.
  constexpr std::int64_t longest = 36'525LL * 86'400'000;
  if (before->type == Type::Duration && total > longest) return too_large(text);
  return {value_of(before->type, total), false, "", ""};
}

Quantity plain_number(std::string_view text, std::string_view digits, bool percentage) {
  const auto dots = std::count(digits.begin(), digits.end(), '.');
  if (dots > 1) {
    return wrong(fmt::format("`{}` is no number", text),
                 fmt::format("a version is a string: \"{}\"", text));
  }
  const std::size_t dot = digits.find('.');
  if (dot != std::string_view::npos && digits.size() - dot - 1 > 6) {
    return wrong(fmt::format("`{}` has more than six places", text));
  }
  const auto number = plan::parse_number(digits);
  if (!number) return too_large(text);
  if (percentage) return {plan::Value{plan::Percentage{number->micros}}, false, "", ""};
  return {plan::Value{*number}, false, "", ""};
}

std::size_t shared_indentation(const std::vector<std::string_view>& lines) {
  std::optional<std::string_view> shared;
  for (const std::string_view line : lines) {
    const std::size_t blanks = line.find_first_not_of(" \t");
    if (blanks == std::string_view::npos) continue;
    const std::string_view indentation = line.substr(0, blanks);
    if (!shared) shared = indentation;
    const auto differ =
        std::mismatch(shared->begin(), shared->end(), indentation.begin(), indentation.end());
    shared = shared->substr(0, static_cast<std::size_t>(differ.first - shared->begin()));
  }
  return shared ? shared->size() : 0;
}

}  // namespace

Quantity read_quantity(std::string_view text) {
  std::string_view digits = text;
  const bool percentage = !digits.empty() && digits.back() == '%';
  if (percentage) digits.remove_suffix(1);
  const bool plain = std::all_of(digits.begin(), digits.end(),
                                 [](char c) { return base::is_digit(c) || c == '.'; });
  if (plain) return plain_number(text, digits, percentage);
  if (percentage) return wrong(fmt::format("`{}` is no percentage", text));
  return with_units(text);
}

std::optional<std::string> read_escape(std::string_view text) {
  if (text.size() == 2) {
    switch (text[1]) {
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'r':
        return "\r";
      case '"':
        return "\"";
      case '\\':
        return "\\";
      case '$':
        return "$";
      default:
        return std::nullopt;
    }
  }
  if (text.size() < 5 || text.size() > 10 || text.substr(0, 3) != "\\u{") return std::nullopt;
  char32_t code_point = 0;
  for (const char digit : text.substr(3, text.size() - 4)) {
    const char32_t value = base::is_digit(digit) ? static_cast<char32_t>(digit - '0')
                                                 : static_cast<char32_t>((digit | 0x20) - 'a' + 10);
    code_point = code_point * 16 + value;
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point == 0 || code_point > 0x10FFFF || surrogate) return std::nullopt;
  std::string bytes;
  base::append_utf8(bytes, code_point);
  return bytes;
}

std::string block_text(std::string_view text) {
  const std::size_t quotes = text.find_first_not_of('"');
  text.remove_prefix(text.find('\n') + 1);
  text.remove_suffix(quotes);
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  // The closing quotes' own line, where nothing stands before them.
  if (lines.back().find_first_not_of(" \t") == std::string_view::npos) lines.pop_back();
  const std::size_t indentation = shared_indentation(lines);
  std::string result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) result += '\n';
    result += lines[i].substr(std::min(indentation, lines[i].size()));
  }
  return result;
}

std::string_view unit_meant(std::string_view word) {
  const auto* const found = std::find_if(meant.begin(), meant.end(),
                                         [&](const auto& pair) { return pair.first == word; });
  return found == meant.end() ? std::string_view() : found->second;
}

}  // namespace sluice::compiler
