// Small pieces of messages, so that all of them are told alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::base {

// "1 target", "3 targets".
std::string counted(std::uint64_t count, std::string_view noun);
// In backticks, safe to print.
std::string quoted(std::string_view name);

}  // namespace sluice::base
