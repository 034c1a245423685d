#include "scheduler/slack.h"

#include <algorithm>

#include "base/check.h"
#include "plan/graph.h"
#include "plan/limits.h"

namespace sluice::scheduler {

namespace {

using base::Duration;
using base::Instant;

Duration length_of(Instant start, Instant end, Duration whole) {
  if (start == Instant::never()) return {0};
  return (end == Instant::never() ? Instant{whole.ms} : end) - start;
}

}  // namespace

std::vector<StepSlack> slack_of(const plan::Plan& plan, const Timeline& timeline) {
  const std::uint32_t steps = plan.steps.size();
  std::vector<StepSlack> rows(steps);
  std::vector<std::int64_t> late(steps, timeline.duration.ms);
  const std::vector<plan::Edge> edges = plan::step_edges(plan);
  std::vector<std::vector<std::uint32_t>> behind(steps);
  for (const plan::Edge& edge : edges) behind[edge.before].push_back(edge.after);
  const auto order = plan::topological_order(steps, edges);
  SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
  for (auto step = order->rbegin(); step != order->rend(); ++step) {
    for (const std::uint32_t after : behind[*step]) {
      const StepTimes& times = timeline.steps[after];
      const Duration length = length_of(times.start, times.end, timeline.duration);
      late[*step] = std::min(late[*step], late[after] - length.ms);
    }
  }
  for (const plan::StepId id : plan.steps.ids()) {
    const StepTimes& times = timeline.steps[id.value];
    StepSlack& row = rows[id.value];
    row.slots = plan::own_limit(plan, id).value;
    if (times.start == Instant::never()) continue;
    const Duration length = length_of(times.start, times.end, timeline.duration);
    row.available = {length.ms * row.slots};
    for (std::uint32_t lane = 0; lane < plan::lane_count(plan, id); ++lane) {
      const LaneTimes& lane_times = timeline.lane(id, lane);
      row.busy.ms += length_of(lane_times.start, lane_times.end, timeline.duration).ms;
    }
    if (!plan.steps[id].gate_of.valid() && times.end != Instant::never()) {
      row.slack = Duration{late[id.value] - times.end.ms};
    }
  }
  return rows;
}

}  // namespace sluice::scheduler
