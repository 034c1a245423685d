#include "plan/value.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace sluice::plan {

namespace {

constexpr std::int64_t one = 1'000'000;  // micros of a whole number

constexpr std::array<std::string_view, 9> names{
    "string", "number", "boolean", "duration", "percentage", "size", "rate", "list", "secret"};

// A decimal with up to six places, without trailing zeros: 2.5, -0.000001, 3.
std::string decimal(std::int64_t micros) {
  const bool negative = micros < 0;
  const auto magnitude = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(micros)
                                  : static_cast<std::uint64_t>(micros);
  std::string text = fmt::format("{}{}", negative ? "-" : "", magnitude / one);
  if (magnitude % one != 0) {
    std::string places = fmt::format("{:06}", magnitude % one);
    while (places.back() == '0') places.pop_back();
    text += "." + places;
  }
  return text;
}

struct Unit {
  std::int64_t factor;
  std::string_view name;
};

// The largest unit first, each once; what is zero is "0" and the smallest unit.
template <std::size_t count>
std::string sum_of_units(std::int64_t amount, const std::array<Unit, count>& units) {
  if (amount == 0) return fmt::format("0{}", units.back().name);
  std::string text;
  for (const Unit& unit : units) {
    if (amount / unit.factor == 0) continue;
    text += fmt::format("{}{}", amount / unit.factor, unit.name);
    amount %= unit.factor;
  }
  return text;
}

// The largest unit that divides the amount: 20MB, 1500B, 1GiB.
template <std::size_t count>
std::string whole_unit(std::int64_t amount, const std::array<Unit, count>& units) {
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.factor == 0) {
      return fmt::format("{}{}", amount / unit.factor, unit.name);
    }
  }
  return fmt::format("{}{}", amount, units.back().name);
}

std::string duration_text(base::Duration duration) {
  static constexpr std::array<Unit, 5> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}}};
  if (duration.ms == 0) return "0s";
  return sum_of_units(duration.ms, units);
}

std::string size_text(Size size) {
  static constexpr std::array<Unit, 9> units{{{1LL << 40, "TiB"},
                                              {1'000'000'000'000, "TB"},
                                              {1LL << 30, "GiB"},
                                              {1'000'000'000, "GB"},
                                              {1LL << 20, "MiB"},
                                              {1'000'000, "MB"},
                                              {1LL << 10, "KiB"},
                                              {1'000, "kB"},
                                              {1, "B"}}};
  return whole_unit(size.bytes, units);
}

std::string rate_text(Rate rate) {
  static constexpr std::array<Unit, 4> units{
      {{1'000'000'000, "Gbps"}, {1'000'000, "Mbps"}, {1'000, "kbps"}, {1, "bps"}}};
  return whole_unit(rate.bits_per_second, units);
}

struct Writer {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(Number number) const { return decimal(number.micros); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(base::Duration duration) const { return duration_text(duration); }
  std::string operator()(Percentage share) const { return decimal(share.micros) + "%"; }
  std::string operator()(Size size) const { return size_text(size); }
  std::string operator()(Rate rate) const { return rate_text(rate); }
  std::string operator()(const Value::List& list) const {
    std::string text = "[";
    for (const Value& item : list) text += (text.size() > 1 ? ", " : "") + to_text(item);
    return text + "]";
  }
};

}  // namespace

std::string_view type_name(Type type) {
  return names[static_cast<std::size_t>(type)];
}

std::optional<Type> type_of_name(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Type>(i);
  }
  return std::nullopt;
}

std::string to_text(const Value& value) {
  return std::visit(Writer{}, value.content);
}

std::string environment_text(const Value& value) {
  switch (value.type()) {
    case Type::Duration:
      return decimal(std::get<base::Duration>(value.content).ms * (one / 1000));
    case Type::Size:
      return fmt::format("{}", std::get<Size>(value.content).bytes);
    case Type::List: {
      std::string text;
      for (const Value& item : std::get<Value::List>(value.content)) {
        if (!text.empty()) text += '\n';
        text += environment_text(item);
      }
      return text;
    }
    default:
      return to_text(value);
  }
}

std::string value_key(const Value& value) {
  std::string key(1, static_cast<char>('0' + static_cast<int>(value.type())));
  const auto* items = std::get_if<Value::List>(&value.content);
  if (items == nullptr) {
    const std::string text = to_text(value);
    return key + std::to_string(text.size()) + ":" + text;
  }
  for (const Value& item : *items) key += value_key(item);
  return key + ")";
}

std::uint32_t share_of(Percentage percentage, std::uint32_t count, bool round_up) {
  SLUICE_CHECK(percentage.micros >= 0, "a share is not negative");
  constexpr std::uint64_t whole = 100 * static_cast<std::uint64_t>(one);
  // 100 % of 2^32 targets is below 2^59: no overflow for what the compiler lets through (≤ 100%).
  const std::uint64_t product = static_cast<std::uint64_t>(percentage.micros) * count;
  return static_cast<std::uint32_t>((product + (round_up ? whole - 1 : 0)) / whole);
}

}  // namespace sluice::plan
