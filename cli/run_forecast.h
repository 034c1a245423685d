// What is to be expected of a run as it goes on: the time that is left, and an alarm where it
// leaves what was predicted of it. All of it is worked out bit by bit, so that the run never waits.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/run_view.h"
#include "plan/plan.h"
#include "runtime/driver.h"
#include "simulator/alarm.h"
#include "simulator/forecast.h"

namespace sluice::cli {

class RunForecast {
 public:
  // `with_time_left`: it is shown to somebody; `with_rollbacks`: so is what a `rollback all` needs.
  RunForecast(const plan::Plan& plan, const simulator::History& history, bool with_time_left,
              bool with_rollbacks);

  // Each instant, in order.
  void take(const runtime::Instant& instant, const scheduler::Commands& commands);
  // Goes on with the work for a few milliseconds. What is quick to predict is predicted before the
  // run begins: this once, at first.
  void work(base::Instant now);
  // Whether there is work at once, and not when something has happened.
  bool has_work() const { return expectation_.has_value() || time_left_.has_value(); }
  Outlook outlook(base::Instant now) const;
  // Where the last instant begins to take a whole step back: that, and how long it is to be
  // expected to take. Worked out at once, and not for long: nothing of it has begun yet.
  std::string rollback();
  std::vector<simulator::Alarm> alarms(base::Instant now) { return alarms_.take(now); }
  base::Instant next_alarm() const { return alarms_.next(); }

 private:
  const plan::Plan& plan_;
  simulator::Alarms alarms_;
  // Of the whole, until it is known; nothing where nothing is held to it.
  std::optional<simulator::Forecast> expectation_;
  std::optional<simulator::Forecast> time_left_;
  std::optional<simulator::Forecast> rollback_;  // of plans that may take a step back
  std::set<plan::StepId> taken_back_;
  std::optional<plan::StepId> begins_back_;
  base::Instant last_;
  std::optional<simulator::Span> expected_;  // of the whole, where it is held to something
  bool sessions_ = false;
};

// "about 3m left, in 9 of 10 cases at most 4m10s"
std::string time_left_text(const simulator::Prospect& prospect, base::Instant now);
// "4m40s in all, predicted 4m to 5m"
std::string beside_predicted_text(base::Duration all, const simulator::Span& predicted);
// "`Update` takes longer than predicted: 5m so far, 9 of 10 times it takes 2m to 4m"
std::string alarm_text(const plan::Plan& plan, const simulator::Alarm& alarm);

// Both see what happens. What is predicted of a rollback stands before what it begins.
class ForecastingView : public runtime::Observer {
 public:
  ForecastingView(RunView& view, RunForecast& forecast) : view_(view), forecast_(forecast) {}
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    forecast_.take(instant, commands);
    view_.before_undo(forecast_.rollback());
    view_.instant(instant, commands);
  }
  void replayed(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    view_.replayed(instant, commands);
    forecast_.take(instant, commands);
  }
  void output(const scheduler::Action& action, const std::string& host,
              std::string_view bytes) override {
    view_.output(action, host, bytes);
  }
  void away(const scheduler::Action& action, const std::string& host, bool away) override {
    view_.away(action, host, away);
  }

 private:
  RunView& view_;
  RunForecast& forecast_;
};

}  // namespace sluice::cli
