// An expression of the syntax tree as the one layout writes it: for rules and contracts that show
// what was written, whatever blanks and brackets the file has.
#pragma once

#include <string>

#include "compiler/syntax.h"

namespace sluice::compiler {

std::string write_expression(const ExpressionNode& node);
// A word as it is, or in quotes where it was written so.
std::string write_name(const Name& name);
// The text between quotes, escaped so that it is read again as it is.
std::string write_string(std::string_view text);

}  // namespace sluice::compiler
