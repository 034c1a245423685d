// One step of a plan in words: where it runs, how many at once and why, what failures do, what is
// run. Lines without their indent.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/worst_case.h"

namespace sluice::render {

// The targets, in which order, and every limit with the rule that resolved it.
std::vector<std::string> rolling_lines(const plan::Plan& plan, plan::StepId step);

// What failures do, at the worst of which `share` is the step's.
std::vector<std::string> failure_lines(const plan::Plan& plan, plan::StepId step,
                                       const plan::WorstShare& share);

// What is run: a line for each task, its verify and its undo beneath it; then the step's verify.
std::vector<std::string> work_lines(const plan::Plan& plan, plan::StepId step);

// `when` and the condition: "if something before it failed", …; empty for plain success.
std::string condition_text(const plan::Plan& plan, plan::When when,
                           const base::Boxed<plan::Expression>& condition);

// "in 4 batches: 1, 5, 5 and 3 targets"; with very many the first ones.
std::string batches_text(const plan::Plan& plan, plan::StepId step);

}  // namespace sluice::render
