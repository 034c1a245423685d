// What the command line chooses of the deployment: steps and targets. What is left out is in no
// plan, but for a `required` step.
#pragma once

#include "compiler/resolver.h"

namespace sluice::compiler {

// `--limit` and `--exclude`, with the targets known.
void select_targets(const SyntaxTree& tree, Resolver& resolver);
// Those of a step's targets that were chosen.
plan::TargetListId selected(plan::TargetListId list, Resolver& resolver);

// `--only` and `--skip`, and steps that have no target left: with everything else resolved.
void leave_out_steps(const SyntaxTree& tree, Resolver& resolver);

}  // namespace sluice::compiler
