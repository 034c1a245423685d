// Source text ─▶ syntax tree. The only door to the generated parser (grammar/), which is seen by
// parse.cpp alone.
#pragma once

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/syntax.h"

namespace sluice::compiler {

// Reports every syntax error it can find, in the user's words, and returns what could be read: a
// declaration or step with an error in it may be missing. Bounded: 16 MiB of text, 128 levels of
// nesting; beyond that one error and an empty tree.
SyntaxTree parse(const base::Sources& sources, base::FileId file, base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
