// A file with all that it imports, as one syntax tree.
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
// Where a declaration is pointed at: of one with a body its first words alone.
base::Span span_of(const DeclarationNode& declaration);

Program load_program(base::Sources& sources, base::FileId main, FileReader* reader,
                     base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
