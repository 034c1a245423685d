// A timeline for a terminal: a summary and a Gantt chart.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct TextStyle {
  int width = 80;       // columns
  bool colour = false;  // ANSI colours
  bool unicode = true;  // block characters; else ASCII
};

// Steps with times and states, lowest availability a role, critical path, what was assumed.
std::string summary_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                         const std::vector<std::string>& assumed, const TextStyle& style);

// Fits the width; where there are more lanes than a screenful, lanes of one step that look alike
// are drawn as bands, so that 300 targets read as well as 3.
std::string gantt_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                       const TextStyle& style);

// How each target ends that did not simply succeed, and whether it is in service; at most a
// screenful of them, and how many the others are.
std::string end_state_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                           const TextStyle& style);

// One simulated run of a what-if, and the target whose failure it asks about.
struct WhatIf {
  std::string target;
  scheduler::Timeline timeline;
};

// A row a run, the worst first: what a single failure of `task` on each target would do.
std::string what_if_text(const plan::Plan& plan, const std::string& task,
                         const std::vector<WhatIf>& runs, const TextStyle& style);

// "4m", "1h30m", "2.5s", "1m7.37s", "85ms": exact, and as short as can be.
std::string duration_text(base::Duration duration);
// The same; "—" for what never was.
std::string time_text(base::Instant at);

}  // namespace sluice::render
