#include "simulator/spread.h"

#include <algorithm>

#include "simulator/attempts.h"
#include "simulator/simulator.h"

namespace sluice::simulator {

namespace {

using base::Result;

// Those with the most work that varies.
std::vector<plan::StepId> uncertain_steps(const plan::Plan& plan, const Attempts& attempts) {
  std::vector<std::pair<std::int64_t, plan::StepId>> found;
  for (const plan::StepId step : plan.steps.ids()) {
    const auto tasks = static_cast<std::uint32_t>(plan.steps[step].tasks.size());
    const std::uint32_t lanes = plan::lane_count(plan, step);
    std::int64_t varying = 0;
    for (std::uint32_t lane = 0; lane < std::min(lanes, 100U); ++lane) {
      for (std::uint32_t task = 0; task < tasks; ++task) {
        const auto range = attempts.range(step, lane, task);
        if (range) varying += range->second.ms - range->first.ms;
      }
    }
    if (varying > 0) found.emplace_back(-varying, step);
  }
  std::sort(found.begin(), found.end());
  std::vector<plan::StepId> steps;
  for (const auto& [width, step] : found) {
    if (steps.size() < most_drivers) steps.push_back(step);
  }
  return steps;
}

}  // namespace

Result<std::vector<Driver>> spread_drivers(const plan::Plan& plan, const Settings& settings,
                                           const MonteCarlo& many) {
  const std::vector<plan::StepId> steps = uncertain_steps(plan, Attempts(plan, settings));
  std::vector<Driver> drivers;
  if (steps.empty()) return drivers;
  MonteCarlo fewer = many;
  fewer.runs = std::min(many.runs, most_driver_runs);
  fewer.progress = {};
  const Result<Outlook> whole = predict(plan, settings, fewer);
  if (!whole) return whole.error();
  const double all = whole.value().duration_ms.variance();
  if (all <= 0) return drivers;
  for (const plan::StepId step : steps) {
    Settings fixed = settings;
    fixed.fixed.push_back(step);
    const Result<Outlook> without = predict(plan, fixed, fewer);
    if (!without) return without.error();
    const Sample& duration = without.value().duration_ms;
    const double share = std::clamp(1 - duration.variance() / all, 0.0, 1.0);
    drivers.push_back({step, share, duration.quantile(950)});
  }
  std::stable_sort(drivers.begin(), drivers.end(),
                   [](const Driver& a, const Driver& b) { return a.share > b.share; });
  return drivers;
}

std::optional<base::Duration> one_more_slot_saves(const plan::Plan& plan, const Settings& settings,
                                                  plan::StepId step, base::Duration duration) {
  constexpr std::uint64_t most_lanes = 200'000;
  const plan::Step& own = plan.steps[step];
  if (own.on_controller || own.window.value >= plan::lane_count(plan, step)) return std::nullopt;
  std::uint64_t lanes = 0;
  for (const plan::StepId id : plan.steps.ids()) lanes += plan::lane_count(plan, id);
  if (lanes * plan.steps.size() > most_lanes) return std::nullopt;
  plan::Plan wider = plan;
  ++wider.steps[step].window.value;
  Settings same = settings;
  same.detail = scheduler::Detail::Summary;
  const auto prediction = simulate(wider, same);
  if (!prediction) return std::nullopt;
  return duration - prediction.value().timeline.duration;
}

}  // namespace sluice::simulator
