#include "compiler/expected_duration.h"

#include <cmath>

#include "plan/target_durations.h"

namespace sluice::compiler {

namespace {

using base::Duration;
using Kind = plan::DurationModel::Kind;

bool uses_high(Kind kind) {
  return kind == Kind::Uniform || kind == Kind::Lognormal || kind == Kind::Triangular;
}

template <class Read>
std::int64_t mean(const plan::DurationModel& model, Read&& read) {
  const Duration low = read(model.low);
  const Duration high = uses_high(model.kind) ? read(model.high) : low;
  const Duration mode = model.kind == Kind::Triangular ? read(model.mode) : low;
  return mean_of(model.kind, low, mode, high).ms;
}

bool is_known(const plan::DurationModel& model) {
  const auto known = [](const plan::Expression& e) { return e.stage == plan::Stage::Known; };
  return known(model.low) && (!uses_high(model.kind) || known(model.high)) &&
         (model.kind != Kind::Triangular || known(model.mode));
}

Duration duration_of(const plan::Value& value) {
  const auto* duration = std::get_if<Duration>(&value.content);
  return duration == nullptr ? Duration{} : *duration;
}

}  // namespace

Duration mean_of(Kind kind, Duration low, Duration mode, Duration high) {
  switch (kind) {
    case Kind::Uniform:
      return {low.ms + (high.ms - low.ms) / 2};
    case Kind::Triangular:
      return {low.ms / 3 + mode.ms / 3 + high.ms / 3 +
              (low.ms % 3 + mode.ms % 3 + high.ms % 3) / 3};
    case Kind::Lognormal: {
      if (low.ms <= 0 || high <= low) return low;
      // The 95th percentile lies 1.6449 deviations above the median, on the scale of logarithms.
      const double deviation =
          std::log(static_cast<double>(high.ms) / static_cast<double>(low.ms)) / 1.6448536269514722;
      const double mean = static_cast<double>(low.ms) * std::exp(deviation * deviation / 2);
      return {mean < 9e15 ? std::llround(mean) : high.ms};
    }
    default:
      return low;
  }
}

ExpectedDuration::ExpectedDuration(const plan::Plan& plan, const plan::Step& step) : plan_(plan) {
  for (const plan::Task& task : step.tasks) {
    if (task.disabled) continue;
    add(task);
    if (task.verify) add(*task.verify);
  }
  if (step.verify) add(*step.verify);
}

void ExpectedDuration::add(const plan::Work& work) {
  const plan::DurationModel& model = work.takes;
  if (is_known(model)) {
    known_ms_ += mean(model, [](const plan::Expression& expression) {
      const plan::Value* value = plan::constant_value(expression);
      return value == nullptr ? Duration{} : duration_of(*value);
    });
    return;
  }
  per_target_.push_back(&model);
  by_name_ = by_name_ || plan::reads_names(model.low) || plan::reads_names(model.high) ||
             plan::reads_names(model.mode);
}

Duration ExpectedDuration::of(plan::TargetId target) const {
  if (per_target_.empty()) return {known_ms_};
  if (by_name_) return {known_ms_ + evaluated(target)};
  const auto [known, added] = of_set_.emplace(plan_.targets.properties(target).value, 0);
  if (added) known->second = evaluated(target);
  return {known_ms_ + known->second};
}

std::int64_t ExpectedDuration::evaluated(plan::TargetId target) const {
  const plan::PlanEnvironment environment(plan_, target, target);
  std::int64_t total = 0;
  for (const plan::DurationModel* model : per_target_) {
    total += mean(*model, [&](const plan::Expression& expression) {
      const auto value = plan::evaluate(expression, environment);
      return value ? duration_of(value.value()) : Duration{};
    });
  }
  return total;
}

}  // namespace sluice::compiler
