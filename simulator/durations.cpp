#include "simulator/durations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/random.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Error;
using base::Result;

Duration duration_of(const plan::Value& value) {
  return std::get<Duration>(value.content);
}

// From low to high in whole milliseconds, both included, each as likely as the others.
Duration uniform(Duration low, Duration high, std::uint64_t bits) {
  const auto width = static_cast<double>(high.ms - low.ms) + 1.0;
  const auto offset = static_cast<std::int64_t>(base::to_unit_interval(bits) * width);
  return {std::min(low.ms + offset, high.ms)};
}

}  // namespace

Durations::Durations(const plan::Plan& plan, std::uint64_t seed, std::uint32_t run)
    : plan_(plan), seed_(seed), run_(run) {
  for (const plan::Step& step : plan.steps) {
    first_.push_back(models_.size());
    for (const plan::Task& task : step.tasks) {
      Model model;
      model.task = &task;
      model.identity = base::stable_hash(task.name, base::stable_hash(step.name));
      const plan::Value* low = plan::constant_value(task.takes.low);
      const plan::Value* high = task.takes.kind == plan::DurationModel::Kind::Uniform
                                    ? plan::constant_value(task.takes.high)
                                    : low;
      if (low != nullptr && high != nullptr) {
        model.known = true;
        model.low = duration_of(*low);
        model.high = duration_of(*high);
      }
      models_.push_back(model);
    }
  }
}

Result<Duration> Durations::of(const scheduler::Action& action) const {
  const Model& model = models_[first_[action.step.value] + action.task];
  if (model.known && model.low == model.high) return model.low;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  if (model.known) return draw(model, action, target);
  Result<Model> found = bounds(model, target);
  if (!found) return found.error();
  return draw(found.value(), action, target);
}

Result<Durations::Model> Durations::bounds(const Model& model, plan::TargetId target) const {
  const plan::PlanEnvironment environment(plan_, target, target);
  const plan::DurationModel& takes = model.task->takes;
  const auto failed = [&](const std::string& why) {
    const std::string_view name =
        target.valid() ? plan_.targets.name(target) : plan::controller_name;
    return Error{
        fmt::format("cannot tell how long `{}` takes on `{}`: {}", model.task->name, name, why)};
  };
  Model known = model;
  const Result<plan::Value> low = plan::evaluate(takes.low, environment);
  if (!low) return failed(low.error().message);
  known.low = known.high = duration_of(low.value());
  if (takes.kind == plan::DurationModel::Kind::Uniform) {
    const Result<plan::Value> high = plan::evaluate(takes.high, environment);
    if (!high) return failed(high.error().message);
    known.high = duration_of(high.value());
  }
  if (known.low.ms < 0 || known.high < known.low) {
    return failed(fmt::format("{} to {} is no range of durations",
                              plan::to_text(plan::Value{known.low}),
                              plan::to_text(plan::Value{known.high})));
  }
  return known;
}

Duration Durations::draw(const Model& model, const scheduler::Action& action,
                         plan::TargetId target) const {
  if (model.low == model.high) return model.low;
  const std::string_view name = target.valid() ? plan_.targets.name(target) : plan::controller_name;
  const std::uint64_t identity = base::stable_hash(name, model.identity);
  const plan::Via& via = model.task->via;
  if (via.kind != plan::Via::Kind::Each) {
    return uniform(model.low, model.high, base::random_bits(seed_, run_, identity, action.attempt));
  }
  Duration longest = model.low;
  plan_.target_lists[via.hosts].for_each([&](plan::TargetId host) {
    const std::uint64_t at_host = base::stable_hash(plan_.targets.name(host), identity);
    const std::uint64_t bits = base::random_bits(seed_, run_, at_host, action.attempt);
    longest = std::max(longest, uniform(model.low, model.high, bits));
  });
  return longest;
}

}  // namespace sluice::simulator
