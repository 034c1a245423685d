#include "cli/run_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "cli/live_capacity.h"
#include "cli/load.h"
#include "cli/typed.h"
#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "runtime/request.h"
#include "scheduler/work.h"

namespace sluice::cli {

namespace {

using scheduler::Command;
using scheduler::State;

bool has_ended(const runtime::Instant& instant, const scheduler::Action& action) {
  return std::any_of(instant.events.begin(), instant.events.end(), [&](const auto& event) {
    return event.kind == scheduler::Event::Kind::ActionFinished && event.action == action;
  });
}

std::string_view event_name(Command::Kind kind) {
  switch (kind) {
    case Command::Kind::StartAction:
      return "attempt_started";
    case Command::Kind::CancelAction:
      return "attempt_cancelled";
    case Command::Kind::StepBegan:
      return "step_began";
    case Command::Kind::LaneBegan:
      return "target_began";
    case Command::Kind::TaskEnded:
      return "action_ended";
    case Command::Kind::LaneEnded:
      return "target_ended";
    case Command::Kind::LaneLeftOut:
      return "target_left_out";
    case Command::Kind::StepEnded:
      return "step_ended";
    case Command::Kind::DeploymentEnded:
      return "deployment_ended";
    case Command::Kind::AskOperator:
      return "operator_asked";
    case Command::Kind::EvaluateCondition:
    case Command::Kind::SetTimer:
      break;
  }
  return "";
}

bool speaks_of_task(Command::Kind kind) {
  return kind == Command::Kind::StartAction || kind == Command::Kind::CancelAction ||
         kind == Command::Kind::TaskEnded || kind == Command::Kind::AskOperator;
}

bool speaks_of_lane(Command::Kind kind) {
  return speaks_of_task(kind) || kind == Command::Kind::LaneBegan ||
         kind == Command::Kind::LaneEnded || kind == Command::Kind::LaneLeftOut;
}

// Between the scheduler and its driver alone.
bool is_shown(Command::Kind kind) {
  return kind != Command::Kind::SetTimer && kind != Command::Kind::EvaluateCondition;
}

std::string clock_text(base::Instant at) {
  const std::int64_t seconds = at.ms / 1000;
  return fmt::format("{:02}:{:02}:{:02}.{}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     at.ms / 100 % 10);
}

// The widest name of what the plan works on, within bounds: the column of names.
int name_column(const plan::Plan& plan) {
  constexpr int narrowest = 6;
  constexpr int widest = 24;
  int width = narrowest;
  for (const plan::StepId step : plan.steps.ids()) {
    const std::uint32_t lanes = plan::lane_count(plan, step);
    for (std::uint32_t lane = 0; lane < lanes && width < widest; ++lane) {
      width = std::max(width, base::display_width(plan::lane_name(plan, step, lane)));
    }
  }
  return std::min(width, widest);
}

}  // namespace

RunView::RunView(const plan::Plan& plan, runtime::OutputStore& store, Outputs outputs,
                 ViewOptions options)
    : plan_(plan),
      store_(store),
      outputs_(outputs),
      options_(std::move(options)),
      failures_(plan, store, options_.run, options_.state),
      builder_(plan, scheduler::Detail::Lanes),
      steps_(plan.steps.size()),
      name_width_(name_column(plan)) {
  for (const plan::StepId step : plan.steps.ids()) {
    steps_[step.value].lanes = plan::lane_count(plan, step);
  }
}

std::string RunView::name_of(const scheduler::Action& action) const {
  return base::printable(runtime::task_name(plan_, action));
}

void RunView::instant(const runtime::Instant& instant, const scheduler::Commands& commands) {
  builder_.observe(instant.at, instant.events, commands);
  for (const runtime::HostResult& result : instant.results) {
    if (!has_ended(instant, result.action)) report_unknown(result);
  }
  failures_.begin(instant);
  for (const Command& command : commands) {
    if (!is_shown(command.kind)) continue;
    tell_undo(command);
    follow(command);
    if (command.kind == Command::Kind::DeploymentEnded && before_end_) before_end_(instant.at);
    if (options_.json) {
      json_event(command, instant.at);
    } else {
      plain_event(command, instant.at);
    }
    if (failures_.is_one(command)) report_failure(command, instant.at);
  }
  retry_events(instant, commands);
  failures_.end(instant);
}

void RunView::tell_undo(const Command& command) {
  const bool begins =
      command.kind == Command::Kind::LaneBegan && command.action.part == scheduler::Part::Undo;
  if (begins && !before_undo_.empty()) say(std::exchange(before_undo_, {}));
}

void RunView::replayed(const runtime::Instant& instant, const scheduler::Commands& commands) {
  builder_.observe(instant.at, instant.events, commands);
  for (const Command& command : commands) {
    if (!is_shown(command.kind)) continue;
    follow(command);
    (void)failures_.is_one(command);
    ++sequence_;
  }
}

void RunView::away(const scheduler::Action& action, const std::string& host, bool away) {
  print(fmt::format("`{}` on `{}`: {}", name_of(action), base::printable(host),
                    away ? "the host does not answer any more, and is asked for five minutes"
                         : "the host answers again"));
}

void RunView::report_unknown(const runtime::HostResult& result) {
  if (result.completion.ending != runtime::Completion::Ending::Lost) {
    const std::string& how = result.completion.detail;
    return print(fmt::format("what came of `{}` on `{}` is known now: {}", name_of(result.action),
                             base::printable(result.host),
                             how.empty() ? "it ended well" : base::printable(how)));
  }
  print(fmt::format("what came of `{}` on `{}` is not known: {}", name_of(result.action),
                    base::printable(result.host), base::printable(result.completion.detail)));
}

void RunView::follow(const Command& command) {
  if (command.kind == Command::Kind::DeploymentEnded) return;
  StepProgress& step = steps_[command.action.step.value];
  switch (command.kind) {
    case Command::Kind::StepBegan:
      step.active = true;
      return;
    case Command::Kind::StepEnded:
      step.active = false;
      return;
    case Command::Kind::LaneBegan:
      if (command.action.part == scheduler::Part::Undo) {  // it had ended before
        --step.over;
        step.stand_failed.erase(command.action.lane);
      }
      step.at_work.insert(command.action.lane);
      return;
    case Command::Kind::LaneLeftOut:
      ++step.over;
      ++step.left_out;
      return;
    case Command::Kind::LaneEnded:
      step.at_work.erase(command.action.lane);
      ++step.over;
      return follow_bad_end(command, step);
    default:
      return;
  }
}

void RunView::follow_bad_end(const Command& command, StepProgress& step) {
  const bool undone = command.state == State::Undone;
  if (!undone && command.state != State::Failed && command.state != State::Cancelled) return;
  if (command.action.part != scheduler::Part::Undo) ++step.failed;
  if (undone) {
    ++step.undone;
  } else {
    step.stand_failed.insert(command.action.lane);
  }
}

void RunView::begin_line(base::JsonWriter& json, base::Instant at) {
  told_ = std::max(told_, at);
  json.begin_object().member("schema", "sluice.event/1").member("seq", sequence_++);
  json.member("at_ms", told_.ms);
}

void RunView::json_event(const Command& command, base::Instant at) {
  std::string text;
  base::JsonWriter json(text);
  begin_line(json, at);
  json.member("event", event_name(command.kind));
  const scheduler::Action& action = command.action;
  if (action.step.valid()) {
    const plan::Step& step = plan_.steps[action.step];
    json.member("step", step.name);
    const bool own_name = step.has_child_steps || action.part != scheduler::Part::Run;
    if (speaks_of_task(command.kind) && own_name) {
      json.member("child", scheduler::part_name(plan_, action));
    }
    if (speaks_of_lane(command.kind)) {
      json.member("target", plan::lane_name(plan_, action.step, action.lane));
    }
    if (speaks_of_task(command.kind)) json.member("attempt", action.attempt);
  }
  const bool starts = command.kind == Command::Kind::StartAction ||
                      command.kind == Command::Kind::StepBegan ||
                      command.kind == Command::Kind::LaneBegan;
  if (starts) json.member("state", "running");
  if (!starts && command.state != State::NotStarted) {
    json.member("state", scheduler::state_name(command.state));
  }
  if (command.reason != scheduler::Reason::None) {
    json.member("reason",
                scheduler::reason_text(plan_, command.reason, command.cause, command.contract));
  }
  json.end_object();
  put_event(text + "\n");
}

void RunView::put_event(const std::string& line) {
  const int reason = outputs_.events.write(line);
  if (reason == 0 || events_lost_) return;
  events_lost_ = true;
  say(
      fmt::format("standard output cannot be written ({}): the run goes on, and what is missing "
                  "there stands in its journal",
                  reason == EAGAIN ? "nobody reads it" : std::strerror(reason)));
}

void RunView::left_prediction(const simulator::Alarm& alarm, const std::string& text,
                              base::Instant at) {
  if (!options_.json) {
    return print(fmt::format("{}  {}{}{}", clock_text(at), options_.colour ? "\x1b[1;33m" : "",
                             text, options_.colour ? "\x1b[0m" : ""));
  }
  std::string line;
  base::JsonWriter json(line);
  begin_line(json, at);
  json.member("event", "left_prediction");
  if (alarm.step.valid()) json.member("step", plan_.steps[alarm.step].name);
  json.member("took_ms", alarm.took.ms).key("predicted_ms").begin_object();
  json.member("p5", alarm.predicted.low.ms).member("p50", alarm.predicted.middle.ms);
  json.member("p95", alarm.predicted.high.ms).end_object().end_object();
  put_event(line + "\n");
}

void RunView::plain_event(const Command& command, base::Instant at) {
  if (!tells_progress() || command.kind == Command::Kind::DeploymentEnded) return;
  const scheduler::Action& action = command.action;
  const plan::Step& step = plan_.steps[action.step];
  const std::string name = base::printable(step.name);
  switch (command.kind) {
    case Command::Kind::StepBegan:
      print(fmt::format("{}  {}", clock_text(at), bold(name + ": begins")));
      if (!tells_targets(action)) {
        print(fmt::format("            on {} targets: of those that do well see {}",
                          steps_[action.step.value].lanes,
                          typed_command("logs", options_.run, options_.state)));
      }
      return;
    case Command::Kind::StepEnded:
      return print(fmt::format("{}  {}", clock_text(at), bold(name + ": " + ended(command))));
    case Command::Kind::LaneEnded:
      // Where there is one target alone, the step's end says the same.
      if (steps_[action.step.value].lanes == 1 && command.state == State::Succeeded) return;
      if (command.state == State::Succeeded && !tells_targets(action)) return;
      return print(lane_line(action, at) +
                   fmt::format("{}: {}", name, render::state_words(command.state)));
    case Command::Kind::LaneLeftOut:
      return print(lane_line(action, at) +
                   fmt::format("{}: left out, {}", name,
                               scheduler::reason_text(plan_, command.reason, command.cause)));
    case Command::Kind::StartAction:
      if (action.attempt > 1 || action.part == scheduler::Part::Census) return;
      if (!tells_targets(action)) return;
      if (!step.has_child_steps && action.part == scheduler::Part::Run) return;
      return print(lane_line(action, at) + name_of(action));
    default:
      return;
  }
}

std::string RunView::lane_line(const scheduler::Action& action, base::Instant at) const {
  const std::string_view name = plan::lane_name(plan_, action.step, action.lane);
  return fmt::format("{}  {}  ", clock_text(at), render::padded(name, name_width_));
}

std::string RunView::bold(const std::string& text) const {
  return options_.colour ? "\x1b[1m" + text + "\x1b[0m" : text;
}

// How a step has ended, and on how many of its targets.
std::string RunView::ended(const Command& command) const {
  std::string text = render::state_words(command.state);
  const StepProgress& progress = steps_[command.action.step.value];
  if (command.state == State::Succeeded && progress.left_out > 0) {
    text += fmt::format(" on {} of {} targets", progress.lanes - progress.left_out, progress.lanes);
  } else if (command.state == State::Succeeded && progress.lanes > 1) {
    text += fmt::format(" on {} targets", progress.lanes);
  } else {
    const auto failed = static_cast<std::uint32_t>(progress.stand_failed.size());
    text += render::bad_targets_words(failed, progress.undone, progress.lanes);
  }
  if (command.reason == scheduler::Reason::None) return text;
  return text + ", " +
         scheduler::reason_text(plan_, command.reason, command.cause, command.contract);
}

// An attempt that failed and is followed by another: the last one's failure has a report of its
// own.
void RunView::retry_events(const runtime::Instant& instant, const scheduler::Commands& commands) {
  if (options_.json || !tells_progress()) return;
  for (const runtime::HostResult& result : instant.results) {
    const scheduler::Action& action = result.action;
    if (!has_ended(instant, action)) continue;
    const plan::Work& work = scheduler::work_for(plan_, action);
    const bool over = result.completion.outcome == scheduler::Outcome::Succeeded ||
                      std::any_of(commands.begin(), commands.end(), [&](const Command& command) {
                        return command.kind == Command::Kind::TaskEnded && command.action == action;
                      });
    if (over || action.attempt > work.retry.more) continue;
    print(lane_line(action, instant.at) +
          fmt::format("{}: attempt {} of {}: {}", name_of(action), action.attempt,
                      std::uint64_t{work.retry.more} + 1, failures_.what_failed(result)));
  }
}

void RunView::on_failure(std::function<void(const Failure&, base::Instant)> listener) {
  on_failure_ = std::move(listener);
}

// Of many failures of one step all but the first say one line each.
void RunView::report_failure(const Command& command, base::Instant at) {
  constexpr std::uint32_t most_in_full = 10;
  const Failure failure = failures_.take(command);
  if (on_failure_) on_failure_(failure, at);
  if (options_.bare) return;
  const std::uint32_t count = ++steps_[command.action.step.value].failures;
  print(fmt::format("{}{}{}{}{}", failure.place, failure.place.empty() ? "" : ": ",
                    options_.colour ? "\x1b[1;31m" : "", failure_text(failure),
                    options_.colour ? "\x1b[0m" : ""));
  if (count <= most_in_full) {
    for (const std::string& line : failure.output) print("    | " + line);
  }
  if (count == most_in_full + 1 && command.kind != Command::Kind::AskOperator) {
    print("    further failures of this step are told in a line each");
  }
  if (count <= most_in_full || command.kind == Command::Kind::AskOperator) {
    for (const std::string& line : failure.next) print("    " + line);
  }
}

void RunView::output(const scheduler::Action& action, const std::string& host,
                     std::string_view bytes) {
  store_.append(action, host, bytes);
  if (options_.json || !tells_progress() || !tells_targets(action)) return;
  for (const std::string& line : runtime::take_lines(unfinished_lines_[{action, host}], bytes)) {
    print(fmt::format("            {} │ {}", render::padded(host, name_width_), line));
  }
}

void RunView::say(const std::string& line) {
  print(line);
}

// The live view stands below the last line, and moves down with it in one write: no flicker.
void RunView::print(const std::string& line) {
  // Who is behind with reading is not to read a frame behind each line.
  const bool behind = outputs_.words.behind();
  const std::string text =
      clear_live_text() + left_out() + line + "\n" + (behind ? "" : live_text_);
  if (outputs_.words.write(text) == EAGAIN) {
    ++unread_;
    return;
  }
  unread_ = 0;
  if (behind) live_text_.clear();
}

void RunView::say_last(const std::string& text) {
  (void)outputs_.words.write_last(clear_live_text() + left_out() + text);
}

std::string RunView::left_out() const {
  if (unread_ == 0) return "";
  return fmt::format("… {} more are left out here, for nobody read them: {}\n", unread_,
                     typed_command("logs", options_.run, options_.state));
}

std::string RunView::clear_live_text() const {
  if (live_text_.empty()) return "";
  return fmt::format("\x1b[{}A\x1b[J", rows_of(live_text_, terminal_width(2)));
}

// A terminal shows how far a step is; with many targets lines of each would hide its failures.
bool RunView::tells_targets(const scheduler::Action& action) const {
  constexpr std::uint32_t many = 50;
  return !options_.live || steps_[action.step.value].lanes <= many;
}

LiveView RunView::live_view(base::Instant now, const Outlook& outlook) const {
  constexpr std::size_t most_named = 20;
  LiveView view;
  for (const plan::StepId id : plan_.steps.ids()) {
    const StepProgress& progress = steps_[id.value];
    if (!progress.active) continue;
    LiveView::Step& step = view.steps.emplace_back();
    step.name = plan_.steps[id].name;
    step.targets = progress.lanes;
    step.over = progress.over;
    step.failed = progress.failed;
    step.at_work = static_cast<std::uint32_t>(progress.at_work.size());
    for (const std::uint32_t lane : progress.at_work) {
      if (step.names.size() == most_named) break;
      step.names.emplace_back(plan::lane_name(plan_, id, lane));
    }
  }
  view.roles = capacity_of(plan_, builder_);
  view.clock = clock_text(now).substr(0, std::size_t{8});
  view.time_left = outlook.time_left;
  view.beside_predicted = outlook.beside_predicted;
  return view;
}

void RunView::refresh(base::Instant now, const Screen& screen, const Outlook& outlook) {
  if (!options_.live || options_.json || options_.quiet) return;
  const LiveView view = live_view(now, outlook);
  if (view.steps.empty()) return end();
  const std::string text = live_text(view, screen);
  // Who has stopped the terminal does not find a hundred frames there.
  if (text == live_text_ || outputs_.words.behind()) return;
  (void)outputs_.words.write(clear_live_text() + text);
  live_text_ = text;
}

void RunView::end() {
  if (outputs_.words.write(clear_live_text()) == EAGAIN) return;
  live_text_.clear();
}

}  // namespace sluice::cli
