// `sluice run`: carries a plan out. The words of the driver are written down before anything is
// done; what a person sees is run_view's.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>

#include "cli/commands.h"
#include "cli/executors.h"
#include "cli/load.h"
#include "cli/person.h"
#include "cli/run_view.h"
#include "cli/version.h"
#include "plan/json.h"
#include "render/plan_text.h"
#include "render/timeline_text.h"
#include "runtime/driver.h"
#include "runtime/masking.h"
#include "runtime/runs.h"
#include "runtime/secrets.h"

namespace sluice::cli {

namespace {

using scheduler::State;

int wrong(std::string_view message) {
  fmt::print(stderr, "sluice: {}\n", message);
  return exit_wrong;
}

// Where the file lies: what it names is beneath.
std::string file_folder(const RunOptions& options) {
  const std::filesystem::path file = options.input.file;
  return options.input.file != "-" && file.has_parent_path() ? file.parent_path().string() : ".";
}

std::string state_directory(const RunOptions& options) {
  if (!options.state.empty()) return options.state;
  return (std::filesystem::path(file_folder(options)) / ".sluice").lexically_normal().string();
}

// Yes, or the exit status where it is not.
std::optional<int> ask(const plan::Plan& plan, const RunOptions& options) {
  if (options.yes) return std::nullopt;
  if (::isatty(0) != 1 || ::isatty(2) != 1) {
    return wrong("nobody is there to be asked: say --yes");
  }
  fmt::print(stderr, "Carry out `{}` ({} on {}) now? [y/N] ", plan.deployment,
             fmt::format("{} steps", plan.steps.size()),
             fmt::format("{} targets", plan.targets.size()));
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return std::nullopt;
  return wrong("nothing was done");
}

// All that one run needs, in the order in which it is made and, backwards, taken down.
class RunSession {
 public:
  RunSession(const plan::Plan& plan, const RunOptions& options, const runtime::Secrets& secrets)
      : plan_(plan),
        options_(options),
        secrets_(secrets),
        mask_(secrets.reveal_all()),
        person_(loop_, plan, ::isatty(0) == 1 && ::isatty(2) == 1 ? 0 : -1) {}

  int run() {
    const std::string state = state_directory(options_);
    auto lock = runtime::StateLock::take(state);
    if (!lock) return wrong(lock.error().message);
    const auto folder = runtime::make_run_folder(state);
    if (!folder) return wrong(folder.error().message);
    folder_ = folder.value();
    executors_.emplace(loop_, folder_.scripts(), person_);
    const std::string missing = executors_->missing(plan_);
    if (!missing.empty()) return wrong(missing);

    auto journal = runtime::create_journal(
        folder_.journal(),
        {folder_.name, runtime::wall_time(), program_version, plan::to_json(plan_)});
    if (!journal) return wrong(journal.error().message);
    runtime::OutputStore store(folder_.output());
    RunView view(plan_, store, view_options());
    runtime::MaskingExecutor executor(executors_->all(), mask_);
    runtime::Driver driver(plan_, folder_.name, executor, *journal.value(), view, &secrets_);
    view_ = &view;
    driver_ = &driver;
    person_.listen([&view](const std::string& line) { view.say(line); },
                   [&driver](const scheduler::Action& action, scheduler::Answer answer) {
                     driver.answer(action, answer);
                   });
    if (options_.format == Format::Text && !options_.quiet) {
      view.say(fmt::format("run {} of `{}`", folder_.name, plan_.deployment));
    }
    carry_out();
    view.end();
    return finish(view, store);
  }

 private:
  ViewOptions view_options() const {
    ViewOptions view;
    view.json = options_.format == Format::Json;
    view.quiet = options_.quiet;
    view.live = ::isatty(2) == 1;
    view.colour = colour_wanted(2);
    view.run = folder_.name;
    view.state = state_directory(options_);
    return view;
  }

  base::Instant now() const { return {(loop_.now() - start_).ms}; }

  void carry_out() {
    for (const int signal : {SIGINT, SIGTERM}) {
      loop_.on_signal(signal, [this](int number) { interrupted(number); });
    }
    start_ = loop_.now();
    loop_.post([] {});
    loop_.run([this] { turn(); });
    tidy_up();
  }

  // What is left on the hosts; it has nothing more to do with how the run ended.
  void tidy_up() {
    timer_ = runtime::Loop::Timer();
    view_timer_ = runtime::Loop::Timer();
    if (!broken_.empty()) return;
    constexpr base::Duration long_enough{5'000};
    const runtime::Loop::Timer deadline = loop_.after(long_enough, [this] { loop_.stop(); });
    executors_->finish([this] { loop_.stop(); });
    loop_.run({});
  }

  void interrupted(int signal) {
    signal_ = signal;
    if (++interruptions_ == 1) {
      view_->say("stopping when the targets that have begun are done; once more ends them now");
      driver_->pause();
    } else {
      view_->say("ending what runs");
      driver_->abort();
    }
  }

  void turn() {
    if (const base::Status done = driver_->turn(now()); !done) {
      broken_ = done.error().message;
      loop_.stop();
      return;
    }
    person_.questions(driver_->questions());
    if (driver_->waits_for_people() && !person_.there()) pause_for_person();
    if (driver_->ended() || driver_->at_rest() || needs_person_) {
      loop_.stop();
      return;
    }
    // Something was settled in the turn itself: the next one is due at once.
    if (driver_->has_news()) loop_.post([] {});
    const base::Instant next = driver_->next_timer();
    if (next != base::Instant::never()) {
      timer_ = loop_.at({start_.ms + next.ms}, [] {});
    }
    if (!view_timer_set_ && ::isatty(2) == 1) draw_again();
  }

  // All that is left waits for a person, and none can be asked.
  void pause_for_person() {
    needs_person_ = true;
    driver_->pause();
    if (const base::Status done = driver_->turn(now()); !done) broken_ = done.error().message;
    view_->say("the run is paused: a person is needed, and there is no terminal to ask on");
    for (const std::string& text : person_.open_questions()) view_->say("    " + text);
  }

  void draw_again() {
    view_timer_set_ = true;
    // What a person types stays where it is.
    person_.asked() && person_.there() ? view_->end() : view_->refresh(now(), terminal_width(2));
    view_timer_ = loop_.after(base::Duration{200}, [this] { draw_again(); });
  }

  int finish(RunView& view, const runtime::OutputStore& store) {
    if (!broken_.empty()) {
      fmt::print(stderr, "sluice: the run was stopped, for its journal cannot be kept: {}\n",
                 broken_);
      return exit_person_needed;
    }
    if (store.bytes_not_written() > 0) {
      fmt::print(stderr, "sluice: {} bytes of output could not be written to {}\n",
                 store.bytes_not_written(), folder_.output());
    }
    const scheduler::Timeline timeline = view.timeline(now());
    if (options_.format == Format::Text) {
      render::TextStyle style;
      style.width = terminal_width(2);
      style.colour = colour_wanted(2);
      fmt::print(stderr, "\n{}", render::summary_text(plan_, timeline, {}, style));
    }
    if (needs_person_) return exit_person_needed;
    if (signal_ == SIGINT) return exit_interrupted;
    if (signal_ == SIGTERM) return exit_terminated;
    switch (timeline.outcome) {
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

  const plan::Plan& plan_;
  const RunOptions& options_;
  const runtime::Secrets& secrets_;
  const runtime::Mask mask_;
  runtime::Loop loop_;
  Person person_;
  std::optional<Executors> executors_;
  runtime::RunFolder folder_;
  RunView* view_ = nullptr;
  runtime::Driver* driver_ = nullptr;
  base::Instant start_;
  runtime::Loop::Timer timer_;
  runtime::Loop::Timer view_timer_;
  bool view_timer_set_ = false;
  bool needs_person_ = false;
  int interruptions_ = 0;
  int signal_ = 0;
  std::string broken_;
};

}  // namespace

int run_command(const RunOptions& options) {
  InputOptions input = options.input;
  input.programs = true;
  const auto loaded = load_plan(input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  if (!options.expect.empty() && options.expect != plan.digest) {
    return wrong(fmt::format("the plan is {}, and not the one that --expect names", plan.digest));
  }
  if (options.dry_run) {
    fmt::print("{}\nnothing was done\n", render::plan_text(plan));
    return exit_done;
  }
  if (const std::optional<int> status = ask(plan, options)) return *status;
  if (!plan.secrets.empty()) runtime::keep_memory_private();
  const auto secrets = runtime::read_secrets(plan, file_folder(options));
  if (!secrets) return wrong(secrets.error().message);
  return RunSession(plan, options, secrets.value()).run();
}

}  // namespace sluice::cli
