// Which phrases may stand where: told before anything is made of them.
#pragma once

#include "compiler/report.h"
#include "compiler/syntax.h"

namespace sluice::compiler {

enum class StepPlace { Top, Child, Gate };

// Reports phrases that are said twice, that do not belong to such a step, or that stand on the
// wrong side of its `{`; a header in another order; and `verify` and `undo` that do not fit.
void check_step_phrases(const StepNode& node, StepPlace place, Report& report);

}  // namespace sluice::compiler
