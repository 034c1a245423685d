// Target names with ranges: `web-[01..10].example`, `[a..f]`, `[1..9 step 2]`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::compiler {

// How many names a pattern stands for, worked out before any is made; an error where a range is
// malformed, runs backwards, or they are more than `most`.
base::Result<std::uint64_t> count_names(std::string_view pattern, std::uint64_t most);

// `[1..9]` where a pattern without a range has what was meant as one: `web-[1:9]`, `web-[1-9]`,
// `web-{1..9}`; else empty.
std::string range_meant(std::string_view pattern);

// Every name in order, the last range varying fastest. The pattern has been counted.
void for_each_name(std::string_view pattern, const std::function<void(std::string_view)>& visit);

}  // namespace sluice::compiler
