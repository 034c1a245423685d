// What a person or a program sees of a run as it goes on: plain lines, a live view on a terminal,
// or events as JSON. It decides nothing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/driver.h"
#include "runtime/output.h"
#include "scheduler/timeline.h"
#include "simulator/alarm.h"

namespace sluice::cli {

struct ViewOptions {
  bool json = false;
  bool quiet = false;  // failures and the end only
  bool live = false;   // progress that is redrawn: standard error is a terminal
  bool colour = false;
  std::string run;
  std::string state;  // as it was given, for the hints
};

class RunView : public runtime::Observer {
 public:
  RunView(const plan::Plan& plan, runtime::OutputStore& store, ViewOptions options);

  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override;
  void replayed(const runtime::Instant& instant, const scheduler::Commands& commands) override;
  void output(const scheduler::Action& action, const std::string& host,
              std::string_view bytes) override;
  // The run has left what was predicted of it; `text` says how.
  void left_prediction(const simulator::Alarm& alarm, const std::string& text, base::Instant at);
  // Something for the operator to know: printed at once, above the live view.
  void say(const std::string& line);
  // Draws the live view anew, where there is one and it has changed, in so many columns; `outlook`
  // stands beside the clock.
  void refresh(base::Instant now, int width, const std::string& outlook);
  // Takes the live view away.
  void end();

  scheduler::Timeline timeline(base::Instant now) const { return builder_.build(now); }

 private:
  struct StepProgress {
    std::uint32_t lanes = 0, over = 0, failed = 0;
    std::set<std::uint32_t> at_work;  // lanes
    bool active = false;
  };

  void json_event(const scheduler::Command& command, base::Instant at);
  void plain_event(const scheduler::Command& command, base::Instant at);
  void follow(const scheduler::Command& command);
  bool is_failure(const scheduler::Command& command);
  void report_unknown(const runtime::HostResult& result);
  void report_failure(const scheduler::Command& command);
  void retry_events(const runtime::Instant& instant, const scheduler::Commands& commands);
  void print(const std::string& line);
  std::string clear_live_text() const;
  std::string progress_line(plan::StepId step, const StepProgress& progress, int width) const;
  std::string name_of(const scheduler::Action& action) const;
  std::string lane_line(const scheduler::Action& action, base::Instant at) const;
  std::string ended(const scheduler::Command& command) const;
  std::string what_failed(const runtime::HostResult& result, const plan::Work& work) const;
  std::string bold(const std::string& text) const;

  const plan::Plan& plan_;
  runtime::OutputStore& store_;
  ViewOptions options_;
  scheduler::TimelineBuilder builder_;
  std::vector<StepProgress> steps_;
  std::map<scheduler::Action, std::vector<runtime::HostResult>> last_results_;
  std::map<std::pair<scheduler::Action, std::string>, std::string> unfinished_lines_;
  std::set<scheduler::Action> asked_;  // failures that a person is asked about
  std::uint64_t sequence_ = 0;
  int name_width_ = 0;
  std::string live_text_;  // what stands below the last line just now
};

}  // namespace sluice::cli
