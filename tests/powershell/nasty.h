// Values that have broken out of somebody's quotes, and what else a string may hold.
#pragma once

#include <string>
#include <vector>

namespace sluice::test {

std::vector<std::string> nasty_values();

}  // namespace sluice::test
