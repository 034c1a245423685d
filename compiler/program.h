// A file with all that it imports, as one syntax tree; and the environment that was chosen put in
// the place of what it replaces.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/file_reader.h"
#include "compiler/syntax.h"

namespace sluice::compiler {

inline constexpr std::size_t most_imports = 64;

// Parses the main file and, where an `import` stands, what it names; the imported files are added
// to the sources. What an import holds stands in the tree where the import stood, once.
struct Program {
  SyntaxTree tree;
  std::vector<std::string> paths;  // of the files, by their ids, as the reader knows them
};
Program load_program(base::Sources& sources, base::FileId main, FileReader* reader,
                     base::Diagnostics& diagnostics);

// Takes the environments out of the tree; what `chosen` (empty: none) declares replaces what the
// file does.
void choose_environment(SyntaxTree& tree, const std::string& chosen,
                        base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
