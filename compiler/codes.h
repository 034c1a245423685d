// Every code that a diagnostic may carry, with what `sluice explain CODE` tells. A test fails where
// a code has no golden file, and where an example does not do what it claims.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace sluice::compiler {

struct Code {
  std::string_view code;         // E0111, W0301
  std::string_view title;        // lower case, no full stop
  std::string_view explanation;  // whole sentences: why, and what to do
  // A whole file that shows it, and behind a line `=== NAME` each other file that it needs; empty
  // where none can be shown.
  std::string_view wrong;
  std::string_view right;  // the same, set right
};

// In the order of the codes.
const std::vector<Code>& codes();
// Null where there is no such code.
const Code* find_code(std::string_view code);

// The tables, one a phase.
std::span<const Code> syntax_codes();
std::span<const Code> resolver_codes();
std::span<const Code> warning_codes();
std::span<const Code> inventory_codes();
std::span<const Code> declaration_codes();

}  // namespace sluice::compiler
