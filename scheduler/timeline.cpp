#include "scheduler/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace sluice::scheduler {

const LaneTimes& Timeline::lane(plan::StepId step, std::uint32_t lane_index) const {
  SLUICE_CHECK(!lanes.empty(), "this timeline keeps no lanes");
  return lanes[first_lane[step.value] + lane_index];
}

const TaskTimes& Timeline::task(const plan::Plan& plan, plan::StepId step, std::uint32_t lane_index,
                                std::uint32_t task_index) const {
  const std::uint64_t per_lane = plan.steps[step].tasks.size();
  return tasks[first_task[step.value] + lane_index * per_lane + task_index];
}

std::span<const PartTimes> Timeline::parts_of(plan::StepId step, std::uint32_t lane_index) const {
  const auto key = [](const PartTimes& part) { return std::pair(part.step, part.lane); };
  const std::pair wanted(step, lane_index);
  const auto first =
      std::lower_bound(parts.begin(), parts.end(), wanted,
                       [&](const PartTimes& part, const auto& other) { return key(part) < other; });
  auto last = first;
  while (last != parts.end() && key(*last) == wanted) ++last;
  return {first, last};
}

std::vector<Interval> Timeline::attempts(const plan::Plan& plan, plan::StepId step,
                                         std::uint32_t lane_index, std::uint32_t task_index) const {
  const TaskTimes& times = task(plan, step, lane_index, task_index);
  if (times.attempts == 0) return {};
  const auto row = static_cast<std::uint64_t>(&times - tasks.data());
  const auto before = [](const AttemptRow& attempt, std::uint64_t wanted) {
    return attempt.task < wanted;
  };
  auto found = std::lower_bound(repeated_attempts.begin(), repeated_attempts.end(), row, before);
  if (found == repeated_attempts.end() || found->task != row) return {{times.start, times.end}};
  std::vector<Interval> all;
  for (; found != repeated_attempts.end() && found->task == row; ++found) {
    all.push_back(found->interval);
  }
  return all;
}

std::vector<Interval> Timeline::out_of_service(plan::TargetId target) const {
  const auto before = [](const OutRow& row, plan::TargetId wanted) { return row.target < wanted; };
  std::vector<Interval> all;
  for (auto row = std::lower_bound(out_rows.begin(), out_rows.end(), target, before);
       row != out_rows.end() && row->target == target; ++row) {
    all.push_back(row->interval);
  }
  return all;
}

std::string reason_text(const plan::Plan& plan, Reason reason, plan::StepId cause,
                        std::uint32_t contract) {
  const std::string name = cause.valid() ? fmt::format("`{}`", plan.steps[cause].name) : "";
  switch (reason) {
    case Reason::None:
      return "";
    case Reason::Disabled:
      return "disabled";
    case Reason::NoTargets:
      return "no targets";
    case Reason::AfterFailure:
      return cause.valid() ? fmt::format("{} failed", name) : "an earlier child step failed";
    case Reason::WithoutFailure:
      return "nothing failed";
    case Reason::FailedBefore:
      return fmt::format("the target failed in {}", name);
    case Reason::Halted:
      return "more failures than tolerated";
    case Reason::Aborted:
      return "aborted";
    case Reason::Paused:
      return "paused";
    case Reason::Condition:
      return "its condition does not hold";
    case Reason::NotKnown:
      return "its condition reads an output that was never written";
    case Reason::Verified:
      return "verified: it is in place already";
    case Reason::OutOfReach:
      return "the target was out of reach";
    case Reason::GateFailed:
      return cause.valid() ? fmt::format("{} failed between batches", name)
                           : "a step between batches failed";
    case Reason::Deadline:
      return "the deadline has passed";
    case Reason::RolledBack:
      return "rolled back with its step";
    case Reason::ExcludedBefore:
      return fmt::format("the target was excluded in {}", name);
    case Reason::LeftBehindBefore:
      return fmt::format("the target was left behind in {}", name);
    case Reason::Stuck:
      if (contract >= plan.contracts.size()) return "nothing could ever admit it";
      return fmt::format("nothing could ever admit its next target: `{}` would no longer hold",
                         plan.contracts[contract].text);
  }
  return "";
}

}  // namespace sluice::scheduler
