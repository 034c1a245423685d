// Numbers as other notations write them, as the decimals of six places that the language has.
#pragma once

#include <optional>
#include <string_view>

#include "plan/value.h"

namespace sluice::compiler {

// `12`, `1.50`, `.5`, `2.5e3`, without a sign; nothing where it is malformed or is no decimal of
// six places within 64 bits.
std::optional<plan::Number> exact_number(std::string_view text, bool negative);
// Digits in a base from 2 to 16, at least one.
std::optional<plan::Number> exact_integer(std::string_view digits, int base, bool negative);

}  // namespace sluice::compiler
