// What a person or a program sees of a run as it goes on: plain lines, a live view on a terminal,
// or events as JSON. It decides nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "cli/failure.h"
#include "cli/live_view.h"
#include "cli/patient_output.h"
#include "plan/plan.h"
#include "runtime/driver.h"
#include "runtime/output.h"
#include "scheduler/timeline.h"
#include "simulator/alarm.h"

namespace sluice::cli {

struct ViewOptions {
  bool json = false;
  bool quiet = false;  // failures and the end only
  bool bare = false;   // nothing but the live view: somebody else tells what came out
  bool live = false;   // progress that is redrawn: standard error is a terminal
  bool colour = false;
  std::string run;
  std::string state;  // as it was given, for the hints
};

// What is still to be expected, in words; empty while nobody knows.
struct Outlook {
  std::string time_left;         // "about 3m left, in 9 of 10 cases at most 4m10s"
  std::string beside_predicted;  // "4m40s in all, predicted 4m to 5m"
};

class RunView : public runtime::Observer {
 public:
  // Where words and events go.
  struct Outputs {
    PatientOutput& words;
    PatientOutput& events;
  };
  RunView(const plan::Plan& plan, runtime::OutputStore& store, Outputs outputs,
          ViewOptions options);

  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override;
  void replayed(const runtime::Instant& instant, const scheduler::Commands& commands) override;
  void output(const scheduler::Action& action, const std::string& host,
              std::string_view bytes) override;
  void away(const scheduler::Action& action, const std::string& host, bool away) override;
  // The run has left what was predicted of it; `text` says how.
  void left_prediction(const simulator::Alarm& alarm, const std::string& text, base::Instant at);
  // Something for the operator to know: printed at once, above the live view.
  void say(const std::string& line);
  // How it ended, when nothing else is to be said: it is never dropped, and brings its line ends.
  void say_last(const std::string& text);
  // Said in the next instant, before what begins to be taken back in it; empty for nothing.
  void before_undo(std::string line) { before_undo_ = std::move(line); }
  // Called right before the run's end is told, with its instant, for what belongs before it.
  void before_end(std::function<void(base::Instant)> say) { before_end_ = std::move(say); }
  // Who else is to be told of failures, as they come.
  void on_failure(std::function<void(const Failure&, base::Instant)> listener);
  // Draws the live view anew, where there is one and it has changed.
  void refresh(base::Instant now, const Screen& screen, const Outlook& outlook);
  // Takes the live view away.
  void end();

  scheduler::Timeline timeline(base::Instant now) const { return builder_.build(now); }

 private:
  void tell_undo(const scheduler::Command& command);

  struct StepProgress {
    std::uint32_t lanes = 0, over = 0, left_out = 0, failed = 0, failures = 0;
    std::set<std::uint32_t> at_work;       // lanes
    std::set<std::uint32_t> stand_failed;  // lanes; one that is taken back does no more
    std::uint32_t undone = 0;
    bool active = false;
  };

  void json_event(const scheduler::Command& command, base::Instant at);
  // What every line opens with. None is earlier than the one before it.
  void begin_line(base::JsonWriter& json, base::Instant at);
  // Where it cannot be written it is dropped; the first is told of on standard error.
  void put_event(const std::string& line);
  void plain_event(const scheduler::Command& command, base::Instant at);
  void follow(const scheduler::Command& command);
  static void follow_bad_end(const scheduler::Command& command, StepProgress& step);
  void report_unknown(const runtime::HostResult& result);
  void report_failure(const scheduler::Command& command, base::Instant at);
  void retry_events(const runtime::Instant& instant, const scheduler::Commands& commands);
  void print(const std::string& line);
  std::string clear_live_text() const;
  std::string left_out() const;
  LiveView live_view(base::Instant now, const Outlook& outlook) const;
  bool tells_progress() const { return !options_.quiet && !options_.bare; }
  bool tells_targets(const scheduler::Action& action) const;
  std::string name_of(const scheduler::Action& action) const;
  std::string lane_line(const scheduler::Action& action, base::Instant at) const;
  std::string ended(const scheduler::Command& command) const;
  std::string bold(const std::string& text) const;

  const plan::Plan& plan_;
  runtime::OutputStore& store_;
  Outputs outputs_;
  ViewOptions options_;
  Failures failures_;
  std::function<void(const Failure&, base::Instant)> on_failure_;
  scheduler::TimelineBuilder builder_;
  std::vector<StepProgress> steps_;
  std::map<std::pair<scheduler::Action, std::string>, std::string> unfinished_lines_;
  std::uint64_t sequence_ = 0;
  base::Instant told_;  // of the last line
  bool events_lost_ = false;
  std::uint64_t unread_ = 0;  // texts that were dropped, for too much waits to be read
  std::string before_undo_;
  std::function<void(base::Instant)> before_end_;
  int name_width_ = 0;
  std::string live_text_;  // what stands below the last line just now
};

}  // namespace sluice::cli
