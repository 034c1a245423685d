// How many targets at once, how many may fail: every count of a step, resolved.
#pragma once

#include "compiler/resolver.h"

namespace sluice::compiler {

// `window`, `batches`, `stagger`, `tolerate`, `unreachable`; of a step whose targets stand in their
// order.
void resolve_limits(const StepNode& node, plan::Step& step, Resolver& resolver);

}  // namespace sluice::compiler
