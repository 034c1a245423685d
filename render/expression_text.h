// An expression as it would be written in a file: what is shown of conditions and attributes.
#pragma once

#include <string>

#include "plan/plan.h"

namespace sluice::render {

// With no more parentheses than it needs; a text in quotes. Secrets by name, as everywhere.
std::string expression_text(const plan::Plan& plan, const plan::Expression& expression);

}  // namespace sluice::render
