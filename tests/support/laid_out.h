// A text in the one layout, and what it means: for tests of the layout.
#pragma once

#include <string>

#include "compiler/format.h"

namespace sluice::test {

compiler::Formatted formatted(const std::string& text);
// The digest of the plan that the text means, or nothing where it has a mistake.
std::string meaning(const std::string& text);

}  // namespace sluice::test
