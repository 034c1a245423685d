// What scripts hand to later steps: `name=value` lines in the file that $SLUICE_OUTPUT names. It
// reads bytes; who fetches the file is the executor's business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/executor.h"

namespace sluice::runtime {

inline constexpr std::string_view output_variable = "SLUICE_OUTPUT";
inline constexpr std::size_t most_output_file_bytes = 64 * std::size_t{1024};

// One for each name, in the order of first mention; the last line of a name counts. Empty lines and
// a carriage return at a line's end do not matter. Fails, saying which line, where one is no
// `name=value` (a name is an identifier) or is not UTF-8, and where there are more than 64 KiB: the
// attempt has failed then, since what its readers would see is not what it meant.
base::Result<std::vector<Output>> parse_outputs(std::string_view bytes);

// Into the completion of an attempt whose file has been read: its outputs, or why it has failed.
// One that has failed already keeps its own reason.
void take_outputs(std::string_view bytes, Completion& completion);

}  // namespace sluice::runtime
