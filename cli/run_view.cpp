#include "cli/run_view.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "runtime/request.h"

namespace sluice::cli {

namespace {

using scheduler::Command;
using scheduler::State;

// A reader that went away never stops a run: what cannot be written is dropped.
void put(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string words(State state) {
  std::string text(scheduler::state_name(state));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
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
         kind == Command::Kind::TaskEnded;
}

bool speaks_of_lane(Command::Kind kind) {
  return speaks_of_task(kind) || kind == Command::Kind::LaneBegan ||
         kind == Command::Kind::LaneEnded || kind == Command::Kind::LaneLeftOut;
}

std::string clock_text(base::Instant at) {
  const std::int64_t seconds = at.ms / 1000;
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

RunView::RunView(const plan::Plan& plan, runtime::OutputStore& store, ViewOptions options)
    : plan_(plan),
      store_(store),
      options_(std::move(options)),
      builder_(plan, scheduler::Detail::Lanes),
      steps_(plan.steps.size()) {
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
    std::vector<runtime::HostResult>& rows = last_results_[result.action];
    rows.push_back(result);
  }
  for (const Command& command : commands) {
    follow(command);
    if (command.kind == Command::Kind::SetTimer) continue;
    if (options_.json) {
      json_event(command, instant.at);
    } else {
      plain_event(command, instant.at);
    }
    if (command.kind == Command::Kind::TaskEnded && command.state == State::Failed) {
      report_failure(command, instant);
    }
  }
  for (const runtime::HostResult& result : instant.results) last_results_.erase(result.action);
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
      ++step.at_work;
      return;
    case Command::Kind::LaneLeftOut:
      ++step.over;
      return;
    case Command::Kind::LaneEnded:
      --step.at_work;
      ++step.over;
      if (command.state == State::Failed || command.state == State::Cancelled) ++step.failed;
      return;
    default:
      return;
  }
}

void RunView::json_event(const Command& command, base::Instant at) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.event/1").member("seq", sequence_++);
  json.member("at_ms", at.ms).member("event", event_name(command.kind));
  const scheduler::Action& action = command.action;
  if (action.step.valid()) {
    const plan::Step& step = plan_.steps[action.step];
    json.member("step", step.name);
    if (speaks_of_task(command.kind) && step.has_child_steps) {
      json.member("child", step.tasks[action.task].name);
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
    json.member("reason", scheduler::reason_text(plan_, command.reason, command.cause));
  }
  json.end_object();
  put(1, text + "\n");
}

void RunView::plain_event(const Command& command, base::Instant at) {
  if (options_.quiet) return;
  const scheduler::Action& action = command.action;
  std::string line = clock_text(at) + "  ";
  const auto target = [&] {
    return base::printable(plan::lane_name(plan_, action.step, action.lane));
  };
  switch (command.kind) {
    case Command::Kind::StepBegan:
      line += base::printable(plan_.steps[action.step].name) + ": begins";
      break;
    case Command::Kind::StepEnded:
      line += fmt::format("{}: {}", base::printable(plan_.steps[action.step].name),
                          words(command.state));
      if (command.reason != scheduler::Reason::None) {
        line += ", " + scheduler::reason_text(plan_, command.reason, command.cause);
      }
      break;
    case Command::Kind::LaneEnded:
      line += fmt::format("{}  {}: {}", target(), base::printable(plan_.steps[action.step].name),
                          words(command.state));
      break;
    case Command::Kind::LaneLeftOut:
      line += fmt::format("{}  {}: left out, {}", target(),
                          base::printable(plan_.steps[action.step].name),
                          scheduler::reason_text(plan_, command.reason, command.cause));
      break;
    case Command::Kind::StartAction:
      if (action.attempt == 1 && !plan_.steps[action.step].has_child_steps) return;
      line += fmt::format("{}  {}", target(), name_of(action));
      if (action.attempt > 1) line += fmt::format(": attempt {}", action.attempt);
      break;
    default:
      return;
  }
  print(line);
}

void RunView::report_failure(const Command& command, const runtime::Instant&) {
  const scheduler::Action& ended = command.action;
  const plan::Task& task = plan_.steps[ended.step].tasks[ended.task];
  const std::string target = base::printable(plan::lane_name(plan_, ended.step, ended.lane));
  const std::string place = plan::place_text(plan_, task.action_place);
  std::string what = "it was ended";
  for (const auto& [action, rows] : last_results_) {
    if (action.step != ended.step || action.lane != ended.lane || action.task != ended.task)
      continue;
    for (const runtime::HostResult& row : rows) {
      if (row.completion.outcome == scheduler::Outcome::Succeeded) continue;
      what = row.completion.detail.empty() ? "it failed" : base::printable(row.completion.detail);
      if (row.host != plan::lane_name(plan_, ended.step, ended.lane)) {
        what = base::printable(row.host) + ": " + what;
      }
      if (row.completion.outcome == scheduler::Outcome::Cancelled && task.timeout) {
        what =
            fmt::format("longer than its timeout of {}", plan::to_text(plan::Value{*task.timeout}));
      }
      break;
    }
  }
  print(fmt::format("{}{}{}`{}` failed on `{}`, attempt {} of {}: {}{}", place,
                    place.empty() ? "" : ": ", options_.colour ? "\x1b[1;31m" : "", name_of(ended),
                    target, ended.attempt, std::uint64_t{task.retry.more} + 1, what,
                    options_.colour ? "\x1b[0m" : ""));
  scheduler::Action with_slot = ended;
  for (const std::string& line : store_.take_tail(with_slot)) print("    | " + line);
  const std::string state = options_.state.empty() ? "" : " --state " + options_.state;
  print(fmt::format("    all it wrote: sluice logs {} {}{}", options_.run, target, state));
}

void RunView::output(const scheduler::Action& action, const std::string& host,
                     std::string_view bytes) {
  store_.append(action, host, bytes);
  if (options_.json || options_.quiet) return;
  for (const std::string& line : runtime::take_lines(unfinished_lines_[{action, host}], bytes)) {
    print(fmt::format("          {} │ {}", base::printable(host), line));
  }
}

void RunView::say(const std::string& line) {
  print(line);
}

void RunView::print(const std::string& line) {
  clear_live();
  put(2, line + "\n");
}

void RunView::clear_live() {
  if (live_lines_ == 0) return;
  put(2, fmt::format("\x1b[{}A\x1b[J", live_lines_));
  live_lines_ = 0;
}

std::string RunView::progress_line(plan::StepId step, const StepProgress& progress) const {
  constexpr std::uint32_t cells = 20;
  const std::uint32_t lanes = std::max(1U, progress.lanes);
  const auto part = [&](std::uint32_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{count} * cells / lanes);
  };
  const std::uint32_t done = part(progress.over);
  const std::uint32_t working =
      std::min(cells - done, std::max(part(progress.at_work), progress.at_work > 0 ? 1U : 0U));
  std::string bar;
  for (std::uint32_t i = 0; i < cells; ++i) bar += i < done ? "█" : i < done + working ? "▒" : "░";
  std::string text = fmt::format("  {}  {}  {} of {}", bar,
                                 render::padded(plan_.steps[step].name, 30), progress.over, lanes);
  if (progress.at_work > 0) text += fmt::format(", {} at work", progress.at_work);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  return render::fitted(text, options_.width - 1);
}

void RunView::refresh(base::Instant now) {
  if (!options_.live || options_.json || options_.quiet) return;
  clear_live();
  std::string text = fmt::format("{}\n", clock_text(now));
  int lines = 1;
  constexpr int most_lines = 12;
  for (const plan::StepId step : plan_.steps.ids()) {
    if (!steps_[step.value].active || lines == most_lines) continue;
    text += progress_line(step, steps_[step.value]) + "\n";
    ++lines;
  }
  put(2, text);
  live_lines_ = lines;
}

void RunView::end() {
  clear_live();
}

}  // namespace sluice::cli
