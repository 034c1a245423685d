// What places outside are told of a run (`--notify`): which events, in which words, as which
// document. Delivering is runtime/notifier.h's. It decides nothing.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/failure.h"
#include "cli/questions.h"
#include "plan/plan.h"
#include "runtime/driver.h"
#include "runtime/mask.h"
#include "runtime/notifier.h"
#include "scheduler/timeline.h"
#include "simulator/alarm.h"

namespace sluice::cli {

// As the command line has it, read. `on`: names of events; empty: all.
struct NotifySettings {
  std::vector<runtime::Destination> destinations;
  std::set<std::string, std::less<>> on;
};

// `to`: values of `--notify`; `on`: of `--notify-on`, lists apart by commas. Takes variables out of
// the environment (see read_destination).
base::Result<NotifySettings> read_notify(const std::vector<std::string>& to,
                                         const std::vector<std::string>& on);

class Notifications {
 public:
  struct Run {
    const plan::Plan& plan;
    std::string name;
    std::string state;  // the directory, as it was given
    std::string who;    // "ada, process 4711 on build-1"
    std::string certificates;
  };
  using TimelineOf = std::function<scheduler::Timeline(base::Instant)>;
  using Say = std::function<void(const std::string&)>;

  // What is referred to outlives it.
  Notifications(runtime::Loop& loop, const NotifySettings& settings, Run run,
                const runtime::Mask& mask, TimelineOf timeline, Say say);

  // Each instant, when it is durable.
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands);
  // One that a program before this one has told.
  void replayed(const runtime::Instant& instant);
  void failed(const Failure& failure, base::Instant at);
  // Whether the last instant may have brought a question; then it wants to know all that are open.
  bool wants_questions() const { return wants_questions_; }
  void questions(const std::vector<Question>& open, base::Instant at);
  void left_prediction(const simulator::Alarm& alarm, const std::string& text, base::Instant at);
  // The program ends, and the run has not.
  void stopped(const std::string& why, base::Instant at);

  // Nothing comes any more: `done` is called when all has been told, or given up.
  void finish(const std::function<void()>& done);
  // What has not been told by now is given up.
  void give_up();
  // Where something was not told: "3 of 12 notifications did not reach `https://…`"
  std::vector<std::string> losses() const;

 private:
  class Document;
  bool wanted(std::string_view event) const;
  void tell(Document& document);
  void session(const runtime::Instant& instant);
  void paused_or_continued(const runtime::Instant& instant);
  void step_ended(const scheduler::Command& command, base::Instant at);
  void run_ended(const scheduler::Command& command, base::Instant at);
  std::vector<std::string> to_be_typed_anywhere(std::vector<std::string> lines) const;

  const NotifySettings& settings_;
  const Run run_;
  const std::string state_;  // the directory, whole
  const runtime::Mask& mask_;
  TimelineOf timeline_;
  std::vector<std::unique_ptr<runtime::Notifier>> notifiers_;
  std::set<std::string> asked_;  // questions that were told
  std::uint32_t sessions_ = 0;
  std::uint32_t told_ = 0;  // in this session
  bool wants_questions_ = false;
};

// Sees what another one sees, and hands it on.
class NotifyingObserver : public runtime::Observer {
 public:
  NotifyingObserver(runtime::Observer& inner, Notifications* notifications)
      : inner_(inner), notifications_(notifications) {}
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    inner_.instant(instant, commands);
    if (notifications_ != nullptr) notifications_->instant(instant, commands);
  }
  void replayed(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    inner_.replayed(instant, commands);
    if (notifications_ != nullptr) notifications_->replayed(instant);
  }
  void output(const scheduler::Action& action, const std::string& host,
              std::string_view bytes) override {
    inner_.output(action, host, bytes);
  }
  void away(const scheduler::Action& action, const std::string& host, bool away) override {
    inner_.away(action, host, away);
  }

 private:
  runtime::Observer& inner_;
  Notifications* notifications_;
};

}  // namespace sluice::cli
