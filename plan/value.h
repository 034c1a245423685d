// The values of the language, and their types. Nothing converts silently: a function on values says
// which types it takes, and the compiler has checked them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace sluice::plan {

// Secret is the type of an expression that names one; there is no value of it.
enum class Type : std::uint8_t {
  String,
  Number,
  Boolean,
  Duration,
  Percentage,
  Size,
  Rate,
  List,
  Secret
};

// A 64-bit decimal with six places: `micros` is a millionth of one.
struct Number {
  std::int64_t micros = 0;
  auto operator<=>(const Number&) const = default;
};

// A share of a hundred with six places: 29% is 29'000'000.
struct Percentage {
  std::int64_t micros = 0;
  auto operator<=>(const Percentage&) const = default;
};

struct Size {
  std::int64_t bytes = 0;
  auto operator<=>(const Size&) const = default;
};

struct Rate {
  std::int64_t bits_per_second = 0;
  auto operator<=>(const Rate&) const = default;
};

struct Value {
  using List = std::vector<Value>;
  // In the order of Type, but for Secret.
  std::variant<std::string, Number, bool, base::Duration, Percentage, Size, Rate, List> content;

  Type type() const { return static_cast<Type>(content.index()); }
  bool operator==(const Value&) const = default;
};

// The type's name in the language: "string", "number", …
std::string_view type_name(Type type);
std::optional<Type> type_of_name(std::string_view name);

// The value as `fmt` would write it in a file, without quotes: 2.5, 25%, 1h30m, 20MB, 1Gbps, true.
// This is also what interpolation and a script's environment see, but for durations (seconds) and
// sizes (bytes) in the environment. A list is written only by environment_text, one item a line.
std::string to_text(const Value& value);
std::string environment_text(const Value& value);

// Two values are equal exactly where their keys are: for tables that look values up.
std::string value_key(const Value& value);

// `count` shares of a percentage: floor(count * percentage / 100) or its ceiling, exact.
std::uint32_t share_of(Percentage percentage, std::uint32_t count, bool round_up);

}  // namespace sluice::plan
