#include "simulator/coverage.h"

#include <algorithm>
#include <optional>

#include "simulator/attempts.h"
#include "simulator/carry_out.h"
#include "simulator/connecting.h"
#include "simulator/parallel.h"

namespace sluice::simulator {

namespace {

using base::Instant;
using base::Result;

constexpr std::int64_t not_run = -1;

// By run: the deployment's duration, then each step's length, or not_run.
class Lengths {
 public:
  Lengths(std::uint32_t runs, std::uint32_t steps) : runs_(runs), cells_(runs * (steps + 1ULL)) {}
  std::int64_t& at(std::uint32_t run, std::uint32_t column) {
    return cells_[std::size_t{column} * runs_ + run];
  }
  // How many of the runs had it, and their range.
  std::uint32_t range(std::uint32_t column, Range& range) const {
    std::vector<std::int64_t> values;
    for (std::uint32_t run = 0; run < runs_; ++run) {
      const std::int64_t value = cells_[std::size_t{column} * runs_ + run];
      if (value != not_run) values.push_back(value);
    }
    if (values.empty()) return 0;
    Sample sample(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) sample.set(i, values[i]);
    sample.sort();
    range = {sample.quantile(25), sample.quantile(500), sample.quantile(975)};
    return static_cast<std::uint32_t>(values.size());
  }

 private:
  std::uint32_t runs_;
  std::vector<std::int64_t> cells_;
};

std::int64_t length_of(const scheduler::StepTimes& times) {
  const bool ran = times.start != Instant::never() && times.end != Instant::never();
  return ran ? (times.end - times.start).ms : not_run;
}

bool is_within(const Range& range, std::int64_t actual, std::uint64_t attempts) {
  const std::int64_t slack = slack_per_attempt.ms * static_cast<std::int64_t>(attempts);
  return range.low - slack <= actual && actual <= range.high + slack;
}

}  // namespace

Result<Beside> beside(const plan::Plan& plan, const Settings& settings, const MonteCarlo& many,
                      const scheduler::Timeline& actual) {
  const Attempts attempts(plan, settings);
  Lengths lengths(many.runs, plan.steps.size());
  std::vector<std::optional<base::Error>> errors(many.threads);
  share_out(
      many.threads, many.runs, 8,
      [&](const Portion& part) {
        for (std::uint32_t run = part.begin; run < part.end && !errors[part.worker]; ++run) {
          const auto timeline = carry_out(plan, attempts, settings.run + run,
                                          scheduler::Detail::Summary, settings.pace);
          if (!timeline) {
            errors[part.worker] = timeline.error();
            return;
          }
          lengths.at(run, 0) = timeline.value().duration.ms;
          for (const plan::StepId step : plan.steps.ids()) {
            lengths.at(run, step.value + 1) = length_of(timeline.value().steps[step.value]);
          }
        }
      },
      many.progress);
  for (const auto& error : errors) {
    if (error) return *error;
  }
  // How many attempts stand one after the other: on the critical path, by step.
  std::vector<std::uint32_t> chain(plan.steps.size());
  for (const scheduler::PathPart& part : actual.critical_path) ++chain[part.step.value];
  Connecting connecting(plan);
  connecting.begin_all(actual);
  Beside found;
  found.runs = many.runs;
  lengths.range(0, found.duration);
  found.actual = actual.duration.ms;
  found.within = is_within(found.duration, found.actual, actual.critical_path.size());
  for (const plan::StepId step : plan.steps.ids()) {
    StepBeside row;
    row.predicted_runs = lengths.range(step.value + 1, row.length);
    const std::int64_t length = length_of(actual.steps[step.value]);
    row.ran = length != not_run;
    row.actual = row.ran ? length : 0;
    const std::uint32_t own = std::max<std::uint32_t>(1, chain[step.value]);
    row.within = row.ran && row.predicted_runs > 0 && is_within(row.length, row.actual, own);
    found.steps.push_back(row);
    const auto tasks = static_cast<std::uint32_t>(plan.steps[step].tasks.size());
    const std::uint32_t lanes = plan::lane_count(plan, step);
    for (std::uint32_t task = 0; task < tasks; ++task) {
      for (std::uint32_t lane = 0; lane < lanes; ++lane) {
        if (actual.task(plan, step, lane, task).state != scheduler::State::Succeeded) continue;
        const auto made = actual.attempts(plan, step, lane, task);
        const auto range = attempts.range(step, lane, task);
        if (made.empty() || !range) continue;
        ++found.attempts;
        const std::int64_t took = connecting.connected(step, lane, task, made.back()).ms;
        found.attempts_within +=
            is_within({range->first.ms, 0, range->second.ms}, took, 1) ? 1U : 0U;
      }
    }
  }
  return found;
}

}  // namespace sluice::simulator
