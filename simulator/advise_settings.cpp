// Which settings of a step are worth a look, and what the plan is with each of them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "plan/batches.h"
#include "simulator/advise.h"
#include "simulator/attempts.h"

namespace sluice::simulator {

namespace {

std::uint32_t targets_of(const plan::Plan& plan, plan::StepId step) {
  return plan.steps[step].on_controller ? 0 : plan::lane_count(plan, step);
}

// What a lane takes where each of its tasks takes its median.
std::vector<std::int64_t> lane_lengths(const plan::Plan& plan, const Settings& settings,
                                       plan::StepId step) {
  const Attempts attempts(plan, settings);
  std::vector<std::int64_t> lengths(targets_of(plan, step));
  for (std::uint32_t lane = 0; lane < lengths.size(); ++lane) {
    lengths[lane] = attempts.median(step, lane).ms;
  }
  return lengths;
}

// Those between which the duration changes much, the file's own and both ends among them.
std::vector<std::uint32_t> windows_to_try(std::uint32_t own, std::uint32_t targets) {
  std::vector<std::uint32_t> windows{1, own, std::min(own * 2, targets), std::max(own / 2, 1U),
                                     targets};
  for (const std::uint32_t rounds : {2U, 3U, 4U, 5U, 6U, 8U, 10U, 20U}) {
    windows.push_back((targets + rounds - 1) / rounds);  // the least that needs so many rounds
  }
  std::sort(windows.begin(), windows.end());
  windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
  return windows;
}

}  // namespace

plan::StepId step_to_advise(const plan::Plan& plan, const Settings& settings) {
  plan::StepId best;
  std::int64_t most = -1;
  for (const plan::StepId step : plan.steps.ids()) {
    const bool several = targets_of(plan, step) > 1 && !plan.steps[step].disabled;
    if (!several) continue;
    const std::vector<std::int64_t> lengths = lane_lengths(plan, settings, step);
    const std::int64_t work = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    if (work > most) best = step;
    most = std::max(most, work);
  }
  return best;
}

std::vector<Setting> settings_to_try(const plan::Plan& plan, const Settings& settings,
                                     plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  const std::uint32_t targets = targets_of(plan, id);
  Setting own{std::min(step.window.value, targets), {}, Setting::Order::AsWritten};
  for (const plan::Limit& size : step.batches.sizes) own.batches.push_back(size.value);
  std::vector<Setting> all{own};
  const auto add = [&](const Setting& setting) {
    if (std::find(all.begin(), all.end(), setting) == all.end()) all.push_back(setting);
  };
  const std::vector<std::uint32_t> windows = windows_to_try(own.window, targets);
  for (const std::uint32_t window : windows) add({window, own.batches, own.order});
  for (const std::uint32_t window : windows) add({window, {}, own.order});
  // One target goes first, and only when it has done well do the others.
  if (targets > 2) {
    for (const std::uint32_t window : windows) add({window, {1, targets - 1}, own.order});
  }
  const std::vector<std::int64_t> lengths = lane_lengths(plan, settings, id);
  const auto [least, most] = std::minmax_element(lengths.begin(), lengths.end());
  if (!lengths.empty() && *least < *most && step.by.empty()) {
    add({own.window, own.batches, Setting::Order::LongestFirst});
    add({own.window, own.batches, Setting::Order::ShortestFirst});
  }
  return all;
}

plan::Plan with_setting(const plan::Plan& plan, const Settings& settings, plan::StepId id,
                        const Setting& setting) {
  plan::Plan changed = plan;
  plan::Step& step = changed.steps[id];
  step.window.value = setting.window;
  step.batches.sizes.clear();
  for (const std::uint32_t size : setting.batches) step.batches.sizes.push_back({size, ""});
  if (setting.order == Setting::Order::AsWritten) return changed;
  const std::vector<std::int64_t> lengths = lane_lengths(plan, settings, id);
  std::vector<std::uint32_t> lanes(lengths.size());
  std::iota(lanes.begin(), lanes.end(), 0U);
  const bool longest = setting.order == Setting::Order::LongestFirst;
  std::stable_sort(lanes.begin(), lanes.end(), [&](std::uint32_t a, std::uint32_t b) {
    return longest ? lengths[a] > lengths[b] : lengths[a] < lengths[b];
  });
  plan::TargetList list;
  for (const std::uint32_t lane : lanes) list.add(plan::lane_target(plan, id, lane));
  step.targets = changed.target_lists.add(std::move(list));
  return changed;
}

}  // namespace sluice::simulator
