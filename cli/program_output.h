// What a program prints, taken with a limit on its time and its bytes.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::cli {

// Starts the program in a session of its own, with nothing to read; whatever of it still runs at
// the end is killed. Fails where it takes longer, prints more, or ends with another status than 0;
// the error has the last line that it wrote to standard error. `name` is how messages call it.
base::Result<std::string> program_output(const std::vector<std::string>& command,
                                         const std::string& name, std::chrono::milliseconds time,
                                         std::size_t most_bytes);

}  // namespace sluice::cli
