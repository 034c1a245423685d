#include "cli/not_scheduled.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::cli {

namespace {

bool uses_pieces(const plan::Plan& plan, const plan::Work& work) {
  return std::any_of(work.uses.begin(), work.uses.end(), [&](const plan::Use& use) {
    return plan.resources[use.resource].kind == plan::Resource::Kind::Pieces;
  });
}

// The phrase of the step that is not scheduled, or empty.
std::string_view phrase(const plan::Plan& plan, const plan::Step& step) {
  if (step.gate_of.valid()) return "between batches";
  if (!step.batches.sizes.empty()) return "batches";
  if (!step.by.empty()) return "by";
  if (step.stagger.ms > 0) return "stagger";
  const bool pieces = std::any_of(step.tasks.begin(), step.tasks.end(),
                                  [&](const plan::Task& task) { return uses_pieces(plan, task); });
  return pieces ? "uses … of" : "";
}

}  // namespace

std::string not_scheduled(const plan::Plan& plan) {
  for (const plan::Step& step : plan.steps) {
    const std::string_view found = phrase(plan, step);
    if (found.empty()) continue;
    const std::string place = plan::place_text(plan, step.place);
    return fmt::format("{}{}this version checks and plans `{}`, and does not schedule it yet",
                       place, place.empty() ? "" : ": ", found);
  }
  return "";
}

}  // namespace sluice::cli
