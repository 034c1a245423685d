// A syntax tree written out, one node a line, so that a test can hold the whole of it.
#pragma once

#include <string>

#include "compiler/syntax.h"

namespace sluice::test {

std::string dump(const compiler::SyntaxTree& tree);
// One expression on one line, every operator in brackets: `(+ 1 (* 2 x))`.
std::string dump(const compiler::ExpressionNode& node);

}  // namespace sluice::test
