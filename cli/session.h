// One program's time with a run, from its first turn to its last: what is to be carried out, what
// operators say, what is shown. A run that goes on later is another session of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/executors.h"
#include "cli/given.h"
#include "cli/notifications.h"
#include "cli/person.h"
#include "cli/run_forecast.h"
#include "cli/run_view.h"
#include "plan/plan.h"
#include "runtime/driver.h"
#include "runtime/mask.h"
#include "runtime/masking.h"
#include "runtime/orders.h"
#include "runtime/runs.h"
#include "runtime/secrets.h"

namespace sluice::cli {

struct SessionOptions {
  Format format = Format::Text;
  bool quiet = false;
  bool wait = false;         // for answers from elsewhere, where nobody is at a terminal
  std::string state;         // the directory
  std::string folder = ".";  // of the file: what it names is beneath
  std::string begin_in;      // where scripts of the controller begin; empty: in our own directory
  NotifySettings notify;
  Given given;                        // what a run that begins was compiled from and with
  std::function<void()> on_taken_up;  // once a run that goes on is this program's
  // Where set, failures are told here, and nothing is printed but what an operator is asked.
  std::function<void(const Failure&)> on_failure;
};

// What the plan's secrets are, read beneath its file's folder; from then on nobody else may look
// into this program.
base::Result<runtime::Secrets> take_secrets(const plan::Plan& plan, const std::string& folder);

class RunSession {
 public:
  // All outlive it.
  RunSession(const plan::Plan& plan, SessionOptions options, const runtime::Secrets& secrets);

  // Each gives the program's exit status.
  int begin();
  int resume(const runtime::RunFolder& folder);
  // Of the run that began; its name is empty where none did.
  const runtime::RunFolder& folder() const { return folder_; }

 private:
  base::Status take_lease();
  int not_begun(const std::string& why);
  std::string missing();
  static std::string lacking_descriptors();
  int carry_out(runtime::Journal& journal, const runtime::ReadJournal* before);
  void take_up(const runtime::ReadJournal& before);
  runtime::Session session() const;
  ViewOptions view_options() const;
  base::Instant now() const { return {(loop_.now() - start_).ms + offset_ms_}; }
  void loop();
  void tidy_up();
  Notifications::Run notified_run() const;
  void tell_questions();
  void tell_stop();
  void finish_telling();
  void let_read(PatientOutput& output);
  void interrupted(int signal);
  void detach(int signal);
  void hurry();
  void take_orders();
  Person::Way answered_here(const scheduler::Action& action, const std::string& host,
                            runtime::Order::Kind kind);
  bool is_stale(const runtime::Order& order) const;
  void carry_out_orders();
  void turn();
  bool is_over();
  bool only_room_is_waited_for() const;
  void settle_with_people();
  void stop_without_answers();
  void tell_what_waits();
  bool may_answer(const runtime::Order& order);
  void pass_over(const runtime::Order& order);
  void draw_again();
  void look_ahead();
  void tell_alarms(base::Instant at);
  int tell_taken_over() const;
  int finish(const runtime::OutputStore& store);
  std::string what_next() const;
  int status_of(scheduler::State outcome) const;

  const plan::Plan& plan_;
  const SessionOptions options_;
  const runtime::Secrets& secrets_;
  const runtime::Mask mask_;
  runtime::Loop loop_;
  Person person_;
  std::optional<runtime::Lease> lease_;
  std::optional<Executors> executors_;
  runtime::RunFolder folder_;
  runtime::Journal* journal_ = nullptr;
  RunView* view_ = nullptr;
  RunForecast* forecast_ = nullptr;         // null: nobody would see it
  Notifications* notifications_ = nullptr;  // null: nobody is told
  runtime::Driver* driver_ = nullptr;
  base::Instant start_;
  std::int64_t offset_ms_ = 0;  // of the run's time before this session
  std::optional<runtime::OrderWatch> watch_;
  std::optional<runtime::PresenceWatch> journal_watch_;
  std::vector<runtime::Order> orders_;  // not carried out yet
  std::set<std::string> seen_;          // names of orders
  std::set<std::string> told_;          // what a person is waited for, as it was told
  runtime::Loop::Timer timer_;
  runtime::Loop::Timer view_timer_;
  runtime::Loop::Timer forecast_timer_;
  runtime::Loop::Timer alarm_timer_;
  bool view_timer_set_ = false;
  bool needs_person_ = false;
  // By a signal, and all that is left waits for a person; or by a full disk, and it waits for room.
  bool stopped_ = false;
  bool paused_elsewhere_ =
      false;  // by an operator at another terminal, who will say when it goes on
  bool detached_ = false;
  bool low_said_ = false;
  bool finishing_ = false;  // all is done, but hosts are tidied or others told
  bool hurried_ = false;    // by a signal, when all was done
  int interruptions_ = 0;
  int signal_ = 0;
  std::string broken_;
};

}  // namespace sluice::cli
