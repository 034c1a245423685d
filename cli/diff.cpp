// `sluice diff`: two plans held against each other, and the predicted time of each.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cli/commands.h"
#include "cli/load.h"
#include "render/plan_diff.h"
#include "simulator/simulator.h"

namespace sluice::cli {

namespace {

std::optional<base::Duration> predicted(const plan::Plan& plan) {
  simulator::Settings settings;
  settings.detail = scheduler::Detail::Summary;
  const auto prediction = simulator::simulate(plan, settings);
  if (!prediction) return std::nullopt;
  return prediction.value().timeline.duration;
}

}  // namespace

int diff_command(const DiffOptions& options) {
  const auto before = load_plan(options.input);
  if (const int* status = std::get_if<int>(&before)) return *status;
  InputOptions second = options.input;
  second.file = options.other;
  const auto after = load_plan(second);
  if (const int* status = std::get_if<int>(&after)) return *status;
  const auto& old_plan = std::get<plan::Plan>(before);
  const auto& new_plan = std::get<plan::Plan>(after);
  const render::PlanDiff diff = render::diff_plans(old_plan, new_plan);
  const render::PredictedTimes times{predicted(old_plan), predicted(new_plan)};
  if (options.format == Format::Json) {
    fmt::print("{}", render::diff_json(old_plan, new_plan, diff, times));
    return exit_done;
  }
  render::TextStyle style;
  style.width = terminal_width(1);
  style.colour = colour_wanted(1);
  fmt::print("{}", render::diff_text(old_plan, new_plan, diff, times, style));
  return exit_done;
}

}  // namespace sluice::cli
