// The words that syntax errors are told with: what stands where, and how it is written.
#pragma once

#include <string_view>

#include "compiler/rule_tree.h"

namespace sluice::compiler {

// `s`, `MB`, `%`, …
bool is_unit(std::string_view word);

// A list of things: a file, a body, a header.
struct Place {
  Rule rule;
  std::string_view where;  // "in a role"
  std::string_view hint;   // what it holds
};

// Null where the rule is none of them.
const Place* place_of(Rule rule);

// How a phrase or declaration is written, by the word it begins with: "timeout 5m". Two ways are
// joined as "a` or `b", to stand between backticks. Empty for any other word.
std::string_view usage_of(std::string_view word);

// For a word of another tool: how that is said here, in such a place; else empty.
std::string_view hint_for(std::string_view word, Rule place);

}  // namespace sluice::compiler
