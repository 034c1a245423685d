// The first look at a file's bytes, before any parser: size, encoding, and what a reader cannot
// see.
#pragma once

#include "base/diagnostics.h"
#include "base/source.h"

namespace sluice::compiler {

inline constexpr std::size_t most_source_bytes = 16 * 1024 * 1024;
// Of a main file and all that it imports.
inline constexpr std::size_t most_bytes_in_all = 2 * most_source_bytes;
// Of more text than anybody writes by hand its mistakes of syntax are enough: names and values
// beside them would double the time and memory that they take.
inline constexpr std::size_t most_helped_bytes = 4 * 1024 * 1024;

// Whether the text may be parsed; else what is wrong with it has been reported.
bool check_text(const base::SourceFile& file, base::FileId id, base::Diagnostics& diagnostics,
                std::size_t most_bytes = most_source_bytes);

}  // namespace sluice::compiler
