// What a picture says of a step and of what it runs: short lines for labels. Names come from the
// user: every one is cut, and escaped when it becomes a label.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace sluice::render {

// Text within an HTML-like label of Graphviz.
std::string label_text(std::string_view text, int width);

// Below a step's name: where it runs; how many at once; what failures do; when it runs.
std::vector<std::string> step_facts(const plan::Plan& plan, plan::StepId step);

// Below a task's name: what runs and for how long; its condition, its `verify`, its `undo`.
std::vector<std::string> task_facts(const plan::Plan& plan, plan::StepId step,
                                    const plan::Task& task);

// "http via lb-01 · 6s · up to 11 attempts · drains".
std::string work_facts(const plan::Plan& plan, plan::StepId step, const plan::Work& work);

}  // namespace sluice::render
