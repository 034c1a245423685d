// One source file in memory, for tests of the compiler.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/parse.h"

namespace sluice::test {

// What came of reading a text, with all that was said of it.
struct Parsed {
  base::Sources sources;
  base::Diagnostics diagnostics;
  compiler::SyntaxTree tree;

  // "1:5 E0111 `x` does not belong …", one a line, in source order.
  std::string summary() const;
  // As a person would see it.
  std::string printed() const;
};

Parsed parse_text(std::string_view text, std::string_view name = "test.deploy");

}  // namespace sluice::test
