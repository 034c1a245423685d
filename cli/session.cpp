#include "cli/session.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/questions.h"
#include "cli/typed.h"
#include "cli/version.h"
#include "plan/json.h"
#include "render/timeline_text.h"
#include "runtime/descriptors.h"

namespace sluice::cli {

namespace {

using runtime::Order;
using scheduler::State;

Order order_of(Order::Kind kind) {
  Order order;
  order.kind = kind;
  order.who = runtime::user_name(::geteuid());
  order.at = runtime::wall_time();
  return order;
}

}  // namespace

base::Result<runtime::Secrets> take_secrets(const plan::Plan& plan, const std::string& folder) {
  if (!plan.secrets.empty()) runtime::keep_memory_private();
  return runtime::read_secrets(plan, folder);
}

RunSession::RunSession(const plan::Plan& plan, SessionOptions options,
                       const runtime::Secrets& secrets)
    : plan_(plan),
      options_(std::move(options)),
      secrets_(secrets),
      mask_(secrets.reveal_all()),
      person_(loop_, plan, ::isatty(0) == 1 && ::isatty(2) == 1 ? 0 : -1) {}

base::Status RunSession::take_lease() {
  const std::string who = fmt::format("{}, since {}", runtime::own_name(), runtime::wall_time());
  auto lease = runtime::Lease::take(options_.state, plan_.deployment, plan_.environment, who);
  if (!lease && options_.on_failure)
    return base::Error{"one census at a time: " + lease.error().message};
  if (!lease) return lease.error();
  lease_ = std::move(lease).value();
  return base::Done{};
}

// What the least run needs: the journal, signals, timers, and one script with its streams.
std::string RunSession::lacking_descriptors() {
  constexpr std::size_t least = 48;
  runtime::raise_descriptor_limit();
  if (runtime::descriptors_are_free(least)) return "";
  return fmt::format(
      "a run needs {} open files at least, beside those that are open, and this program may have "
      "{} "
      "in all: raise `ulimit -n`",
      least, runtime::most_descriptors());
}

int RunSession::begin() {
  if (const std::string lack = lacking_descriptors(); !lack.empty()) return wrong(lack);
  if (const base::Status taken = take_lease(); !taken) return wrong(taken.error().message);
  const auto folder = runtime::make_run_folder(options_.state);
  if (!folder) return wrong(folder.error().message);
  folder_ = folder.value().in_its_place();
  executors_.emplace(loop_, folder_.scripts(), person_, options_.begin_in);
  if (const std::string lack = missing(); !lack.empty()) return not_begun(lack);
  std::error_code unknown;
  const std::string beneath = std::filesystem::absolute(options_.folder, unknown).string();
  auto journal = runtime::create_journal(
      folder_.journal(), {folder_.name, runtime::wall_time(), program_version, plan::to_json(plan_),
                          beneath, runtime::newest_journal_format, options_.given});
  if (!journal) return not_begun(journal.error().message);
  return carry_out(*journal.value(), nullptr);
}

// Its folder is no run, and would be taken for the last one.
int RunSession::not_begun(const std::string& why) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_.path, ignored);
  folder_ = {};
  return wrong(why);
}

// Why nothing should be begun.
std::string RunSession::missing() {
  const auto& destinations = options_.notify.destinations;
  const bool by_request =
      std::any_of(destinations.begin(), destinations.end(),
                  [](const runtime::Destination& to) { return !to.url.empty(); });
  if (by_request) {
    const std::string lack = runtime::Transfers(loop_, "").lack();
    if (!lack.empty()) return "--notify: " + lack;
  }
  return executors_->missing(plan_, options_.folder);
}

int RunSession::resume(const runtime::RunFolder& folder) {
  if (const std::string lack = lacking_descriptors(); !lack.empty()) return wrong(lack);
  if (const base::Status taken = take_lease(); !taken) return wrong(taken.error().message);
  folder_ = folder.in_its_place();
  executors_.emplace(loop_, folder_.scripts(), person_, options_.begin_in);
  if (const std::string lack = missing(); !lack.empty()) return wrong(lack);
  auto continued = runtime::continue_journal(folder_.journal());
  if (!continued) return wrong(continued.error().message);
  if (options_.on_taken_up) options_.on_taken_up();
  return carry_out(*continued.value().journal, &continued.value().read);
}

int RunSession::carry_out(runtime::Journal& journal, const runtime::ReadJournal* before) {
  runtime::OutputStore store(folder_.output());
  constexpr std::size_t most_words = 1 << 20;
  constexpr std::size_t most_events = 64 << 20;
  PatientOutput words(loop_, STDERR_FILENO, most_words);
  PatientOutput events(loop_, STDOUT_FILENO, most_events);
  RunView view(plan_, store, {words, events}, view_options());
  runtime::MaskingExecutor executor(executors_->all(), mask_);
  const bool shown = !options_.quiet && !options_.on_failure;
  RunForecast forecast(plan_, history_for(plan_, options_.state, folder_.name),
                       live_lines_wanted() && options_.format == Format::Text, shown);
  ForecastingView forecasting(view, forecast);
  Notifications notifications(
      loop_, options_.notify, notified_run(), mask_,
      [&view](base::Instant at) { return view.timeline(at); },
      [&view](const std::string& line) { view.say("sluice: " + line); });
  if (!options_.notify.destinations.empty()) notifications_ = &notifications;
  view.before_end([this](base::Instant at) { tell_alarms(at); });
  NotifyingObserver observer(forecasting, notifications_);
  view.on_failure([this](const Failure& failure, base::Instant at) {
    if (options_.on_failure) options_.on_failure(failure);
    if (notifications_ != nullptr) notifications_->failed(failure, at);
  });
  runtime::Driver driver(plan_, folder_.name, executor, journal, observer, &secrets_);
  journal_ = &journal;
  view_ = &view;
  driver_ = &driver;
  if (shown || notifications_ != nullptr) forecast_ = &forecast;
  person_.listen(
      // What is typed beneath would move the live lines.
      [&view](const std::string& line) {
        view.end();
        view.say(line);
      },
      [this](const scheduler::Action& action, const std::string& host, Order::Kind kind) {
        return answered_here(action, host, kind);
      });
  start_ = loop_.now();
  if (before != nullptr) take_up(*before);
  driver.begin_session(session());
  if (options_.format == Format::Text && !options_.quiet && !options_.on_failure) {
    view.say(fmt::format("run {} of {}{}", folder_.name, deployment_words(plan_),
                         before != nullptr ? " goes on" : ""));
  }
  if (before != nullptr) {
    for (const auto& [action, open] : driver.run_state().open) store.forget(action);
  }
  loop();
  tell_alarms(now());
  view.end();
  if (notifications_ != nullptr) tell_stop();
  const int status = finish(store);
  if (notifications_ != nullptr) finish_telling();
  lease_.reset();
  let_read(words);
  let_read(events);
  return status;
}

Notifications::Run RunSession::notified_run() const {
  return {plan_, folder_.name, options_.state, runtime::own_name(), certificates()};
}

void RunSession::tell_questions() {
  if (!notifications_->wants_questions()) return;
  notifications_->questions(open_questions(driver_->run_state(), folder_.name), now());
}

void RunSession::tell_stop() {
  if (driver_->ended() && broken_.empty()) return;
  const std::string why = journal_->taken_over() ? broken_
                          : !broken_.empty()     ? "its journal cannot be kept: " + broken_
                          : needs_person_        ? "a person is needed"
                          : signal_ != 0         ? "stopped by " + runtime::signal_name(signal_)
                          : low_said_            ? "the disk is full"
                                                 : "it is paused";
  notifications_->stopped(why, now());
}

// Nobody is waited for longer than this; who lets go of a run waits for nearly nothing.
void RunSession::finish_telling() {
  const base::Duration at_most{detached_ ? 2'000 : 15'000};
  finishing_ = true;
  const runtime::Loop::Timer deadline = loop_.after(at_most, [this] { loop_.stop(); });
  notifications_->finish([this] { loop_.stop(); });
  loop_.run({});
  notifications_->give_up();
  for (const std::string& line : notifications_->losses()) {
    view_->say_last("sluice: " + line + "\n");
  }
}

// Who reads slowly gets all of it. Whoever stops the program does not wait for him.
void RunSession::let_read(PatientOutput& output) {
  constexpr base::Duration when_stopped{2'000};
  if (!output.behind()) return;
  finishing_ = true;
  output.when_read([this] { loop_.stop(); });
  runtime::Loop::Timer deadline;
  if (signal_ != 0 || hurried_) deadline = loop_.after(when_stopped, [this] { loop_.stop(); });
  loop_.run({});
  output.give_up();
}

// Where a program before this one has left it.
void RunSession::take_up(const runtime::ReadJournal& before) {
  const std::string boot = runtime::boot_id();
  bool same_boot = false;
  for (const runtime::Instant& instant : before.instants) {
    if (const auto& session = instant.session) {
      same_boot = session->boot == boot;
      offset_ms_ = instant.at.ms + (same_boot ? runtime::boot_ms() - session->boot_ms
                                              : runtime::wall_ms() - session->wall_ms);
    }
  }
  // Whatever the clocks say, time goes on from where it was.
  if (!before.instants.empty()) offset_ms_ = std::max(offset_ms_, before.instants.back().at.ms);
  driver_->resume(before.instants, {offset_ms_}, same_boot);
}

runtime::Session RunSession::session() const {
  return {runtime::own_name(), std::string(program_version), runtime::boot_id(), runtime::boot_ms(),
          runtime::wall_ms()};
}

ViewOptions RunSession::view_options() const {
  ViewOptions view;
  view.json = options_.format == Format::Json;
  view.quiet = options_.quiet;
  view.bare = static_cast<bool>(options_.on_failure);
  view.live = live_lines_wanted();
  view.colour = colour_wanted(2);
  view.run = folder_.name;
  view.state = options_.state;
  return view;
}

void RunSession::loop() {
  for (const int signal : {SIGINT, SIGTERM}) {
    loop_.on_signal(signal, [this](int number) { interrupted(number); });
  }
  // Who starts us under `nohup` wants us to stay when the terminal goes.
  struct sigaction hangup{};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) {
    loop_.on_signal(SIGHUP, [this](int number) { detach(number); });
  }
  watch_.emplace(loop_, folder_.orders(), [this] { take_orders(); });
  take_orders();
  journal_watch_.emplace(loop_, folder_.journal(), [this] {
    broken_ = fmt::format("the journal {} is not there any more", folder_.journal());
    loop_.stop();
  });
  if (forecast_ != nullptr) look_ahead();
  loop_.post([] {});
  loop_.run([this] { turn(); }, [this] { return driver_->awaits_more(); });
  watch_.reset();
  journal_watch_.reset();
  tidy_up();
}

// What is left on the hosts; it has nothing more to do with how the run ended.
void RunSession::tidy_up() {
  timer_ = runtime::Loop::Timer();
  view_timer_ = runtime::Loop::Timer();
  forecast_timer_ = runtime::Loop::Timer();
  alarm_timer_ = runtime::Loop::Timer();
  if (!broken_.empty() || detached_) return;
  const std::size_t others = driver_->ended() ? executors_->given_back() : 0;
  if (others > 0 && options_.format == Format::Text && !options_.quiet && !options_.on_failure) {
    view_->say(
        fmt::format("the run is over ({}); removing its files from {} host{} more; Ctrl-C leaves "
                    "them there",
                    scheduler::state_name(driver_->state()), others, others == 1 ? "" : "s"));
  }
  // It is recorded: whoever begins the next one does not wait for this.
  if (driver_->ended()) lease_.reset();
  finishing_ = true;
  executors_->finish([this] { loop_.stop(); }, driver_->ended());
  loop_.run({});
  finishing_ = false;
}

void RunSession::interrupted(int signal) {
  if (finishing_) return hurry();
  signal_ = signal;
  if (++interruptions_ > 1 || driver_->at_rest()) return detach(signal);
  view_->say("stopping when the targets that have begun are done; once more lets go of them now");
  (void)driver_->said(order_of(Order::Kind::Pause));
}

// What runs runs on, and who resumes the run finds it.
void RunSession::detach(int signal) {
  if (finishing_) return hurry();
  signal_ = signal;
  detached_ = true;
  view_->say(fmt::format("letting go: what runs runs on; {} goes on",
                         typed_command("resume", folder_.name, options_.state)));
  loop_.stop();
}

// Whoever says it once has said it of all that is still to be done.
void RunSession::hurry() {
  hurried_ = true;
  loop_.stop();
}

void RunSession::take_orders() {
  const std::string purpose = runtime::purpose_of_orders(folder_.name, plan_.digest);
  for (const Order& order : runtime::read_orders(folder_.orders(), purpose, seen_)) {
    seen_.insert(order.name);
    if (!driver_->run_state().taken.contains(order.name)) orders_.push_back(order);
  }
}

// Like an answer from any other terminal: which one was first is told by one file. Where it cannot
// be made, this program knows it alone.
Person::Way RunSession::answered_here(const scheduler::Action& action, const std::string& host,
                                      Order::Kind kind) {
  Order order = order_of(kind);
  order.action = action;
  order.host = host;
  for (const Question& question : open_questions(driver_->run_state(), folder_.name)) {
    if (question.action == action && question.host == host) order.round = question.round;
  }
  const std::string purpose = runtime::purpose_of_orders(folder_.name, plan_.digest);
  const base::Status left = runtime::leave_order(folder_.orders(), purpose, order);
  std::error_code unknown;
  const std::string file = folder_.orders() + "/" + runtime::answer_name(order);
  if (!left && !std::filesystem::exists(file, unknown)) {
    (void)driver_->said(order);
    return Person::Way::Here;
  }
  if (!left) view_->say("sluice: " + left.error().message);
  take_orders();
  return left ? Person::Way::Written : Person::Way::TooLate;
}

// Whether nothing that is open, or is looked into just now, could be what it answers.
bool RunSession::is_stale(const Order& order) const {
  if (!runtime::answers_question(order.kind)) return false;
  const runtime::RunState& state = driver_->run_state();
  const bool asked = std::ranges::find(state.questions, order.action) != state.questions.end();
  // What has failed is no more to be approved, nor is it unknown what came of it.
  return asked ? order.kind < Order::Kind::Retry || !order.host.empty()
               : !state.open.contains(order.action);
}

// Whoever may not is told when giving the answer; this is for what came in another way.
bool RunSession::may_answer(const Order& order) {
  for (const Question& question : open_questions(driver_->run_state(), folder_.name)) {
    if (question.action != order.action) continue;
    const std::string lack = not_for(question, order.who);
    if (lack.empty()) continue;
    view_->say(fmt::format("`{}` was answered by {}: {}", base::printable(question.name),
                           base::printable(order.who), lack));
    pass_over(order);
    return false;
  }
  return true;
}

// Its file would stand in the way of the answer that counts, which has the same name.
void RunSession::pass_over(const Order& order) {
  if (order.name.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(folder_.orders() + "/" + order.name, ignored);
  seen_.erase(order.name);
}

// One that answers what is not asked yet, by a program that has just taken the run up, waits.
void RunSession::carry_out_orders() {
  std::erase_if(orders_, [&](const Order& order) {
    const bool manual = order.kind == Order::Kind::Approve || order.kind == Order::Kind::Reject;
    if (is_stale(order) || (manual && !may_answer(order))) return true;
    if (manual && !person_.carries_out(order.action)) return false;
    if (!driver_->said(order)) return false;
    view_->say(fmt::format("{}: {}", base::printable(order.who), order_text(plan_, order)));
    person_.decide(order);
    if (order.kind == Order::Kind::Pause) {
      paused_elsewhere_ = true;
      view_->say("    to go on: " + typed_command("continue", folder_.name, options_.state));
    }
    if (order.kind == Order::Kind::Continue || order.kind == Order::Kind::Abort) {
      paused_elsewhere_ = false;
    }
    return true;
  });
}

void RunSession::turn() {
  carry_out_orders();
  if (const base::Status done = driver_->turn(now()); !done) {
    broken_ = done.error().message;
    loop_.stop();
    return;
  }
  const bool full = journal_->low() || !executors_->held_back().empty();
  if (full && !low_said_ && !driver_->ended()) {
    low_said_ = true;
    view_->say("the disk is full: nothing more begins, and what runs goes to its end");
    driver_->pause();
  }
  person_.questions(driver_->questions(), driver_->unknown());
  if (!person_.there() && options_.wait) tell_what_waits();
  if (notifications_ != nullptr) tell_questions();
  settle_with_people();
  if (is_over()) return loop_.stop();
  // What was said before it was asked, and is asked now.
  carry_out_orders();
  tell_alarms(now());
  // Something was settled in the turn itself: the next one is due at once.
  if (driver_->has_news()) loop_.post([] {});
  const base::Instant next = driver_->next_timer();
  if (next != base::Instant::never()) {
    timer_ = loop_.at({start_.ms + next.ms - offset_ms_}, [] {});
  }
  if (!view_timer_set_ && live_lines_wanted()) draw_again();
}

bool RunSession::is_over() {
  if (driver_->has_news()) return false;
  if (driver_->ended() || needs_person_ || stopped_) return true;
  if (only_room_is_waited_for()) {
    stop_without_answers();
    return true;
  }
  return driver_->at_rest() && !paused_elsewhere_;
}

// All that is left could not begin on a full disk, or waits for a person whom nobody asks.
bool RunSession::only_room_is_waited_for() const {
  const std::size_t held_back = executors_->held_back().size();
  const std::size_t people = driver_->run_state().waiting_for_people();
  const bool asked = people > 0 && signal_ == 0 && (person_.there() || options_.wait);
  return held_back > 0 && !asked && driver_->run_state().machine.in_flight() == held_back + people;
}

// All that is left waits for a person, and none can be asked.
void RunSession::settle_with_people() {
  if (!driver_->waits_for_people() || !orders_.empty()) return;
  // Who has said that it is to stop waits for nobody's answer.
  if (signal_ != 0) return stop_without_answers();
  if (person_.there() || options_.wait) return;
  needs_person_ = true;
  driver_->pause();
  if (const base::Status done = driver_->turn(now()); !done) broken_ = done.error().message;
  view_->say("the run is paused: a person is needed, and there is no terminal to ask on");
  for (const std::string& text : person_.open_questions()) view_->say("    " + text);
  for (const Question& question : open_questions(driver_->run_state(), folder_.name)) {
    for (const std::string& line : instruction_lines(question)) view_->say("    " + line);
    view_->say("    " + what_to_type(question, folder_.name, options_.state));
  }
  view_->say("    and then: " + typed_command("resume", folder_.name, options_.state));
}

// Each question once; that a failure is asked about is told with the failure.
void RunSession::tell_what_waits() {
  if (driver_->run_state().waiting_for_people() == 0) return;
  for (const Question& question : open_questions(driver_->run_state(), folder_.name)) {
    if (question.kind == Question::Kind::Failure) continue;
    const std::string type = what_to_type(question, folder_.name, options_.state);
    if (!told_.insert(fmt::format("{} {}", question.round, type)).second) continue;
    view_->say("a person is waited for:");
    for (const std::string& line : instruction_lines(question)) view_->say("    " + line);
    view_->say("    " + type);
  }
}

void RunSession::stop_without_answers() {
  stopped_ = true;
  for (const Question& question : open_questions(driver_->run_state(), folder_.name)) {
    view_->say("    " + what_to_type(question, folder_.name, options_.state));
  }
}

void RunSession::draw_again() {
  view_timer_set_ = true;
  // What a person types stays where it is.
  person_.asked() && person_.there()
      ? view_->end()
      : view_->refresh(now(), {terminal_width(2), terminal_height(2), colour_wanted(2)},
                       forecast_ == nullptr ? Outlook{} : forecast_->outlook(now()));
  view_timer_ = loop_.after(base::Duration{200}, [this] { draw_again(); });
}

// Now and then, in between; and when the next alarm is due.
void RunSession::look_ahead() {
  forecast_->work(now());
  if (forecast_->has_work()) {
    forecast_timer_ = loop_.after(base::Duration{50}, [this] { look_ahead(); });
  }
}

void RunSession::tell_alarms(base::Instant at) {
  if (forecast_ == nullptr) return;
  for (const simulator::Alarm& alarm : forecast_->alarms(at)) {
    const std::string text = alarm_text(plan_, alarm);
    if (!options_.quiet) view_->left_prediction(alarm, text, at);
    if (notifications_ != nullptr) notifications_->left_prediction(alarm, text, at);
  }
  const base::Instant next = forecast_->next_alarm();
  if (next == base::Instant::never()) return;
  alarm_timer_ = loop_.at({start_.ms + next.ms - offset_ms_}, [] {});
}

// Who has the run is the one to ask about it.
int RunSession::tell_taken_over() const {
  const std::string holder =
      runtime::Lease::holder(options_.state, plan_.deployment, plan_.environment);
  const std::string who = holder.empty() ? "" : fmt::format(", which is {}", holder);
  view_->say_last(
      fmt::format("sluice: {}\n"
                  "  this program does nothing more; what runs belongs to the other one{}\n"
                  "  how it goes: {}\n",
                  broken_, who, typed_command("status", folder_.name, options_.state)));
  return exit_person_needed;
}

int RunSession::finish(const runtime::OutputStore& store) {
  if (journal_->taken_over()) return tell_taken_over();
  if (!broken_.empty()) {
    view_->say_last(
        fmt::format("sluice: the run was stopped, for its journal cannot be kept: {}\n"
                    "  what runs runs on; when the cause is mended: {}\n",
                    broken_, typed_command("resume", folder_.name, options_.state)));
    return exit_person_needed;
  }
  if (store.bytes_not_written() > 0) {
    view_->say_last(fmt::format("sluice: {} bytes of output could not be written to {}\n",
                                store.bytes_not_written(), folder_.output()));
  }
  constexpr int signalled = 128;
  if (detached_) return signalled + signal_;
  const scheduler::Timeline timeline = view_->timeline(now());
  if (options_.format == Format::Text && !options_.on_failure) {
    render::TextStyle style;
    style.width = terminal_width(2);
    style.colour = colour_wanted(2);
    const bool well = !driver_->ended() || driver_->state() == State::Succeeded;
    view_->say_last(fmt::format("\n{}{}{}", render::summary_text(plan_, timeline, {}, style),
                                well ? "" : "\n" + render::end_state_text(plan_, timeline, style),
                                what_next()));
  }
  std::error_code ignored;
  // Of what was lost the files stay.
  if (driver_->ended()) std::filesystem::remove_all(folder_.scripts(), ignored);
  if (needs_person_) return exit_person_needed;
  if (signal_ != 0 && !driver_->ended()) return signalled + signal_;
  if (stopped_) return exit_person_needed;
  return status_of(timeline.outcome);
}

// What to type now; empty where all is well.
std::string RunSession::what_next() const {
  const auto typed = [&](const char* verb) {
    return typed_command(verb, folder_.name, options_.state);
  };
  if (!driver_->ended()) return fmt::format("\nto go on: {}\n", typed("resume"));
  if (driver_->state() == State::Succeeded) return "";
  return fmt::format("\nto look at it again: {}, and {}\n", typed("status"), typed("logs"));
}

int RunSession::status_of(State outcome) const {
  switch (outcome) {
    case State::Succeeded:
      return exit_done;
    case State::Degraded:
      return exit_degraded;
    case State::Paused:
      return exit_person_needed;
    default:
      return exit_failed;
  }
}

}  // namespace sluice::cli
