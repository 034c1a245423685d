#include "plan/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "plan/batches.h"

namespace sluice::plan {

namespace {

// How many lanes of each group a window lets work at once, batch by batch.
class GroupCounter {
 public:
  GroupCounter(const Plan& plan, StepId step, const GroupWindow& window)
      : plan_(plan), step_(step), window_(window) {
    for (std::uint32_t i = 0; i < window.groups.size(); ++i) {
      numbers_.emplace(value_key(window.groups[i].value), i);
    }
  }

  std::uint32_t most_at_once(const Batch& batch) {
    counts_.assign(window_.groups.size(), 0);
    for (std::uint32_t lane = batch.begin; lane < batch.end; ++lane) {
      const TargetId target = lane_target(plan_, step_, lane);
      const PropertySetId set = plan_.targets.properties(target);
      const bool by_row = window_.property == "name" || window_.property == "address";
      if (by_row || set != last_set_ || last_ == none) last_ = number(target);
      last_set_ = set;
      if (last_ != none) ++counts_[last_];
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      sum += std::min(counts_[i], window_.groups[i].limit.value);
    }
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, batch.end - batch.begin));
  }

 private:
  static constexpr std::uint32_t none = 0xffff'ffff;

  std::uint32_t number(TargetId target) const {
    const auto value = target_property(plan_, target, window_.property);
    const auto found = value ? numbers_.find(value_key(*value)) : numbers_.end();
    return found == numbers_.end() ? none : found->second;
  }

  const Plan& plan_;
  StepId step_;
  const GroupWindow& window_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::uint32_t> counts_;
  PropertySetId last_set_;
  std::uint32_t last_ = none;
};

}  // namespace

Limit own_limit(const Plan& plan, StepId id) {
  const Step& step = plan.steps[id];
  const std::uint32_t lanes = lane_count(plan, id);
  if (step.gate_of.valid()) return {std::min(lanes, 1U), "a gate: one after each batch"};
  Limit narrowest{std::min(step.window.value, lanes), step.window.rule};
  if (step.on_controller) return narrowest;
  // Each rule alone: the most over all batches of what it lets work in one.
  const auto tell = [&](std::uint32_t most, std::string rule) {
    if (most < narrowest.value) narrowest = {most, std::move(rule)};
  };
  std::vector<GroupCounter> counters;
  for (const GroupWindow& window : step.group_windows) counters.emplace_back(plan, id, window);
  std::uint32_t largest = 0;
  std::vector<std::uint32_t> by_groups(counters.size());
  std::uint32_t together = 0;
  Batch batch = first_batch(step, lanes);
  for (bool more = lanes > 0; more; more = next_batch(step, lanes, batch)) {
    std::uint32_t here = std::min(batch.end - batch.begin, narrowest.value);
    largest = std::max(largest, batch.end - batch.begin);
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const std::uint32_t most = counters[i].most_at_once(batch);
      by_groups[i] = std::max(by_groups[i], most);
      here = std::min(here, most);
    }
    together = std::max(together, here);
    // Batches of one size follow each other by the million: without groups the first tells all.
    if (counters.empty() && largest >= narrowest.value) break;
  }
  if (lanes > 0) {
    const std::string_view what = step.batches.sizes.empty() ? "value of `by`" : "batch";
    tell(largest, fmt::format("the largest {}", what));
    for (std::size_t i = 0; i < counters.size(); ++i) {
      tell(by_groups[i], fmt::format("the window per {}", step.group_windows[i].property));
    }
    tell(together, "its limits together");
  }
  return narrowest;
}

}  // namespace sluice::plan
