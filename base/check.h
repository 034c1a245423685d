// A check of our own assumptions, on in every build. It is not for a user's mistake (that is a
// Diagnostic) nor for the world's (that is a Result): a check that fails is a bug of sluice.
#pragma once

#include <string_view>

namespace sluice::base {

// Prints the place and the message to standard error and ends the process with status 5.
[[noreturn]] void check_failed(std::string_view condition, std::string_view message,
                               std::string_view file, int line);

}  // namespace sluice::base

#define SLUICE_CHECK(condition, message) \
  ((condition) ? void(0) : ::sluice::base::check_failed(#condition, message, __FILE__, __LINE__))
