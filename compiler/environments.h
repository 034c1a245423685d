// The environment that was chosen, put in the place of what it replaces; and the others as they
// would be if they were chosen, so that a mistake in them is found before somebody needs them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/syntax.h"

namespace sluice::compiler {

// An environment that was not chosen, with what it mentions of the file; no inventory and no step.
struct OtherEnvironment {
  SyntaxTree tree;
  base::Span span;              // what is wrong outside of it is not its mistake
  bool roles_known = true;      // false: some come from an inventory, which is not read for it
  std::set<std::string> stubs;  // roles of the file that stand in the tree without their targets
};

// Takes the environments out of the tree; what `chosen` (empty: none) declares replaces what the
// file does. Returns the others.
std::vector<OtherEnvironment> choose_environment(const base::Sources& sources, SyntaxTree& tree,
                                                 const std::string& chosen,
                                                 base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
