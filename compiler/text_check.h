// The first look at a file's bytes, before any parser: size, encoding, and what a reader cannot
// see.
#pragma once

#include "base/diagnostics.h"
#include "base/source.h"

namespace sluice::compiler {

inline constexpr std::size_t most_source_bytes = 16 * 1024 * 1024;

// Whether the text may be parsed; else what is wrong with it has been reported.
bool check_text(const base::SourceFile& file, base::FileId id, base::Diagnostics& diagnostics,
                std::size_t most_bytes = most_source_bytes);

}  // namespace sluice::compiler
