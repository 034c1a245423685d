// Which names a variable may not have: it reaches scripts as an environment variable, and the
// language's own phrases must not be mistaken for it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::compiler {

// Why the name is refused, in words; empty where it is fine.
std::string refused_variable_name(std::string_view name);

}  // namespace sluice::compiler
