// Where a prediction has room, for a person: slack, how busy the slots were, what one more would
// save, which steps make it uncertain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "render/timeline_text.h"
#include "scheduler/slack.h"

namespace sluice::render {

// A step as it is explained; `saves`: how much sooner the whole would end with one more slot in its
// window, where that was tried.
struct Explained {
  scheduler::StepSlack slack;
  std::optional<base::Duration> saves;
  // How much of the duration's spread over many runs would be gone if its actions always took their
  // median, from 0 to 1; nothing where they vary little, or not at all.
  std::optional<double> spread;
};

// By StepId.
std::string explain_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                         const std::vector<Explained>& rows, const TextStyle& style);
// The member `explanation` of `sluice.timeline/1`, without braces around it.
std::string explain_json(const plan::Plan& plan, const std::vector<Explained>& rows);

}  // namespace sluice::render
