// The version of this program, in one place; it stands in saved plans and journals.
#pragma once

namespace sluice::cli {

inline constexpr const char* program_version = "0.1.0";

}  // namespace sluice::cli
