// The functions of the language: names, types, and what they compute. One table, which the compiler
// checks calls against and the evaluator calls.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/value.h"

namespace sluice::plan {

struct Function {
  std::string_view name;
  std::vector<Type> parameters;
  Type result;
  base::Result<Value> (*apply)(std::span<const Value> arguments);
  std::string_view documentation;
  // `text` takes a value of any type; its parameter is listed as a string.
  bool any_type = false;
};

// Sorted by name. `count(role)` is not among them: the compiler knows it.
std::span<const Function> functions();
const Function* find_function(std::string_view name);

// `*` for any run of characters and `?` for one, over the whole text; linear in practice, and never
// more than the product of both lengths.
bool matches_pattern(std::string_view text, std::string_view pattern);

// A decimal with up to six places, optionally signed, in range; nothing for any other text.
std::optional<Number> parse_number(std::string_view text);

}  // namespace sluice::plan
