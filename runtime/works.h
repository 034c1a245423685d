// All that a plan may do on a host.
#pragma once

#include <optional>
#include <string>

#include "plan/plan.h"

namespace sluice::runtime {

// What `problem` says of the first work (run, verify, undo, in the file's order) that it says
// something of, asked with its step; empty where there is none.
template <class Problem>
std::string first_problem(const plan::Plan& plan, const Problem& problem) {
  for (const plan::Step& step : plan.steps) {
    const auto of = [&](const base::Boxed<plan::Work>& work) {
      return work ? problem(step, *work) : std::string();
    };
    for (const plan::Task& task : step.tasks) {
      if (std::string found = problem(step, task); !found.empty()) return found;
      if (std::string found = of(task.verify); !found.empty()) return found;
      if (std::string found = of(task.undo); !found.empty()) return found;
    }
    if (std::string found = of(step.verify); !found.empty()) return found;
  }
  return "";
}

}  // namespace sluice::runtime
