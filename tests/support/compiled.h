// A plan of a text, as the compiler makes it; what it says against the text fails the test.
#pragma once

#include <string>

#include "plan/plan.h"

namespace sluice::test {

plan::Plan compiled(std::string text, const std::string& file = "farm.deploy");

}  // namespace sluice::test
