// What a person is told on standard error. It knows nothing of what is told.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace sluice::cli {

// Where it cannot be written (the disk below it is full, the reader went away) it is dropped: a
// run ends as it ends, whoever hears of it. fmt::print throws there.
template <class... Args>
void tell(fmt::format_string<Args...> text, Args&&... args) {
  const std::string told = fmt::format(text, std::forward<Args>(args)...);
  (void)std::fwrite(told.data(), 1, told.size(), stderr);
}

}  // namespace sluice::cli
