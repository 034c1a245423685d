#include "plan/target_durations.h"

#include <algorithm>
#include <optional>

namespace sluice::plan {

namespace {

using base::Duration;
using base::Error;
using base::Result;

}  // namespace

bool reads_names(const Expression& expression) {
  const bool named = expression.op == Operator::TargetProperty &&
                     (expression.name == "name" || expression.name == "address");
  return named || std::any_of(expression.operands.begin(), expression.operands.end(), reads_names);
}

std::vector<TargetId> unlike_targets(const Plan& plan, const TargetList& list, bool by_name) {
  std::vector<TargetId> unlike;
  std::vector<bool> seen(by_name ? 0 : plan.property_sets.size());
  list.for_each([&](TargetId target) {
    if (!by_name) {
      const std::uint32_t set = plan.targets.properties(target).value;
      if (seen[set]) return;
      seen[set] = true;
    }
    unlike.push_back(target);
  });
  return unlike;
}

Result<Duration> duration_for(const Plan& plan, const TargetDuration& duration, TargetId target) {
  if (duration.is_same()) return duration.same;
  const Result<Value> value = evaluate(*duration.by_target, PlanEnvironment(plan, target, target));
  if (!value) return value.error();
  const Duration* found = std::get_if<Duration>(&value.value().content);
  if (found == nullptr) return Error{"it is no duration"};
  return *found;
}

Result<std::vector<Duration>> durations_for(const Plan& plan, const TargetDuration& duration,
                                            const TargetList& list) {
  std::vector<Duration> all;
  all.reserve(list.size());
  const bool by_set = !duration.is_same() && !reads_names(*duration.by_target);
  std::vector<std::optional<Duration>> of_set(by_set ? plan.property_sets.size() : 0);
  std::optional<Error> error;
  list.for_each([&](TargetId target) {
    if (error) return;
    std::optional<Duration>* const known =
        by_set ? &of_set[plan.targets.properties(target).value] : nullptr;
    if (known != nullptr && *known) return all.push_back(**known);
    const Result<Duration> found = duration_for(plan, duration, target);
    if (!found) {
      error = found.error();
      return;
    }
    if (known != nullptr) *known = found.value();
    all.push_back(found.value());
  });
  if (error) return *error;
  return all;
}

Result<DurationSpan> span_of(const Plan& plan, const TargetDuration& duration,
                             const TargetList& list) {
  if (duration.is_same()) return DurationSpan{duration.same, duration.same};
  std::optional<DurationSpan> span;
  for (const TargetId target : unlike_targets(plan, list, reads_names(*duration.by_target))) {
    const Result<Duration> found = duration_for(plan, duration, target);
    if (!found) return found.error();
    if (!span) span = DurationSpan{found.value(), found.value()};
    span->least = std::min(span->least, found.value());
    span->most = std::max(span->most, found.value());
  }
  return span.value_or(DurationSpan{});
}

}  // namespace sluice::plan
