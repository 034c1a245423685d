#include "cli/run_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "cli/outlook.h"
#include "render/timeline_text.h"
#include "runtime/run_state.h"

namespace sluice::cli {

namespace {

using base::Duration;
using base::Instant;
using simulator::Forecast;

constexpr std::uint32_t most_runs = 200;
constexpr std::uint64_t affordable_actions = 200'000;
constexpr std::uint32_t instants_at_once = 5'000;  // about a millisecond
constexpr std::uint32_t most_rollback_runs = 50;
constexpr int most_rollback_work = 200;  // times

simulator::Settings settings_with(const simulator::History& history) {
  simulator::Settings settings;
  settings.history = history;
  return settings;
}

bool takes_all_back(const plan::Step& step) {
  return step.on_failure == plan::OnFailure::RollbackAll;
}

std::string about(Duration duration) {
  const std::int64_t ms = duration.ms;
  const std::int64_t unit = ms >= 10'000 ? 1'000 : ms >= 1'000 ? 100 : 1;
  return render::duration_text({(ms + unit / 2) / unit * unit});
}

}  // namespace

RunForecast::RunForecast(const plan::Plan& plan, const simulator::History& history,
                         bool with_time_left, bool with_rollbacks)
    : plan_(plan), alarms_(plan, history) {
  const simulator::Settings settings = settings_with(history);
  const std::uint32_t runs = simulator::affordable_runs(plan, affordable_actions, most_runs);
  if (alarms_.any()) expectation_.emplace(plan, settings, runs);
  if (with_time_left) time_left_.emplace(plan, settings, runs);
  const bool may_go_back = std::any_of(plan.steps.begin(), plan.steps.end(), takes_all_back);
  if (with_rollbacks && may_go_back) {
    rollback_.emplace(plan, settings, std::min(runs, most_rollback_runs));
  }
}

// Where another program takes a run up, nobody knows what went on meanwhile.
void RunForecast::take(const runtime::Instant& instant, const scheduler::Commands& commands) {
  if (instant.session && std::exchange(sessions_, true)) alarms_.stood_still();
  alarms_.observe(instant.at, instant.events, commands);
  if (time_left_) time_left_->take(instant.at, instant.events, runtime::written_in(instant));
  begins_back_.reset();
  if (!rollback_) return;
  rollback_->take(instant.at, instant.events, runtime::written_in(instant));
  last_ = instant.at;
  for (const scheduler::Command& command : commands) {
    const bool back = command.kind == scheduler::Command::Kind::LaneBegan &&
                      command.action.part == scheduler::Part::Undo;
    if (back && taken_back_.insert(command.action.step).second) begins_back_ = command.action.step;
  }
}

std::string RunForecast::rollback() {
  if (!begins_back_) return "";
  std::string text = fmt::format("`{}` is taken back on every target that it had begun",
                                 base::printable(plan_.steps[*begins_back_].name));
  base::Result<bool> complete = false;
  for (int times = 0; complete && !complete.value() && times < most_rollback_work; ++times) {
    complete = rollback_->work(last_, instants_at_once);
  }
  if (!complete || !complete.value()) return text;
  return fmt::format("{}: {}", text, time_left_text(*rollback_->prospect(), last_));
}

void RunForecast::work(Instant now) {
  if (expectation_) {
    const base::Result<bool> complete = expectation_->work({0}, 10 * instants_at_once);
    if (complete && !complete.value()) return;
    if (complete) {
      const simulator::Prospect& prospect = *expectation_->prospect();
      const simulator::Sample& end = prospect.end_ms;
      expected_ = {{end.quantile(50)}, {end.quantile(500)}, {end.quantile(950)}};
      alarms_.expect(prospect);
    }
    expectation_.reset();  // where nothing can be predicted, nothing is held to it
    return;
  }
  if (!time_left_) return;
  if (!time_left_->work(now, instants_at_once)) time_left_.reset();
}

Outlook RunForecast::outlook(Instant now) const {
  Outlook outlook;
  if (!time_left_ || !time_left_->prospect()) return outlook;
  const simulator::Prospect& prospect = *time_left_->prospect();
  outlook.time_left = time_left_text(prospect, now);
  if (expected_) {
    outlook.beside_predicted =
        beside_predicted_text((now - Instant{0}) + prospect.left(now, 500), *expected_);
  }
  return outlook;
}

std::string time_left_text(const simulator::Prospect& prospect, Instant now) {
  const std::string half = about(prospect.left(now, 500));
  const std::string most = about(prospect.left(now, 900));
  std::string text = fmt::format("about {} left", half);
  if (most != half) text += fmt::format(", in 9 of 10 cases at most {}", most);
  return text;
}

std::string beside_predicted_text(Duration all, const simulator::Span& predicted) {
  const std::string low = about(predicted.low);
  const std::string high = about(predicted.high);
  return fmt::format("{} in all, predicted {}", about(all),
                     low == high ? low : fmt::format("{} to {}", low, high));
}

std::string alarm_text(const plan::Plan& plan, const simulator::Alarm& alarm) {
  const std::string name = alarm.step.valid()
                               ? fmt::format("`{}`", base::printable(plan.steps[alarm.step].name))
                               : std::string("the deployment");
  // Where it is as little outside as that it is rounded to the same, all of it is said.
  const Duration left =
      alarm.took > alarm.predicted.high ? alarm.predicted.high : alarm.predicted.low;
  const auto said = about(alarm.took) == about(left) ? render::duration_text : about;
  const std::string low = said(alarm.predicted.low);
  const std::string high = said(alarm.predicted.high);
  const std::string predicted = low == high ? low : fmt::format("{} to {}", low, high);
  const std::string_view verb = !alarm.over      ? "takes longer"
                                : alarm.longer() ? "took longer"
                                                 : "was over sooner";
  return fmt::format("{} {} than predicted: {}{}, 9 of 10 times it takes {}", name, verb,
                     said(alarm.took), alarm.over ? "" : " so far", predicted);
}

}  // namespace sluice::cli
