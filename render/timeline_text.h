// A timeline for a terminal: a summary and a Gantt chart.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/prove.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct TextStyle {
  int width = 80;       // columns
  bool colour = false;  // ANSI colours
  bool unicode = true;  // block characters; else ASCII
};

// What is carried out, and in which environment: "Acme in prod"; its name in so many columns at
// most.
std::string deployment_text(const plan::Plan& plan, int columns);

// Steps with times and states, lowest availability a role, critical path, what was assumed. Of a
// prediction, `proofs` say what holds of each contract in general.
std::string summary_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                         const std::vector<std::string>& assumed, const TextStyle& style,
                         const std::vector<plan::Proof>& proofs = {});

// Fits the width; where there are more lanes than a screenful, lanes of one step that look alike
// are drawn as bands, so that 300 targets read as well as 3.
std::string gantt_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                       const TextStyle& style);

// How each target ends that did not simply succeed, and whether it is in service; at most a
// screenful of them, and how many the others are.
std::string end_state_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                           const TextStyle& style);

// "4m", "1h30m", "2.5s", "1m7.37s", "85ms": exact, and as short as can be.
std::string duration_text(base::Duration duration);
// The same; "—" for what never was.
std::string time_text(base::Instant at);

}  // namespace sluice::render
