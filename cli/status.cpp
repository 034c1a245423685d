// `sluice status`: how a run stands, by its journal.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/utf8.h"
#include "base/words.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "cli/run_forecast.h"
#include "cli/typed.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

render::TimelineHeader::People people_of(const ReadRun& run, const std::string& state) {
  render::TimelineHeader::People people;
  if (goes_on(run)) {
    people.carried_on_by = runtime::Lease::holder(state, run.plan.deployment, run.plan.environment);
    for (const Question& question : unanswered(run)) {
      people.waiting.push_back({kind_word(question.kind), question.name, words_of(question.kind),
                                question.instructions, question.approvers});
    }
  }
  for (const auto* orders : {&run.orders, &run.left}) {
    for (const runtime::Order& order : *orders) {
      people.said.push_back({order.at, order.who, runtime::order_word(order.kind),
                             question_answered(run.plan, order)});
    }
  }
  return people;
}

// How it stands, who carries it on, and what it waits for.
std::string standing(const ReadRun& run, const std::string& state) {
  std::string text(scheduler::state_name(run.timeline.outcome));
  if (goes_on(run)) {
    const std::string holder =
        runtime::Lease::holder(state, run.plan.deployment, run.plan.environment);
    text += holder.empty()
                ? "; no program carries it on: " + typed_command("resume", run.record.run, state)
                : "; carried on by " + base::printable(holder);
    if (!holder.empty() && run.timeline.outcome == scheduler::State::Paused) {
      text += ": " + typed_command("continue", run.record.run, state);
    }
  }
  text += '\n';
  for (const runtime::Order& order : run.orders) {
    text += fmt::format("  {} {}: {}\n", base::printable(order.at), base::printable(order.who),
                        order_text(run.plan, order));
  }
  for (const runtime::Order& order : run.left) {
    text += fmt::format("  {} {}: {}, which no program has taken yet\n", base::printable(order.at),
                        base::printable(order.who), order_text(run.plan, order));
  }
  if (is_past_deadline(run)) text += "  its deadline has passed: nobody is asked any more\n";
  for (const Question& question : unanswered(run)) {
    for (const std::string& line : instruction_lines(question)) text += "  " + line + "\n";
    text += "  waits for a person: " + what_to_type(question, run.record.run, state) + "\n";
  }
  return text;
}

// Who asks for the last run is told of those before it that have not ended either: of the newest,
// for each is read. One that has ended keeps no folder of scripts.
std::string others_text(const std::string& last, const std::string& state) {
  constexpr std::size_t most_read = 5;
  std::vector<runtime::RunFolder> folders = runtime::list_runs(state);
  std::erase_if(folders, [&](const runtime::RunFolder& folder) {
    std::error_code unknown;
    return folder.name == last || !std::filesystem::is_directory(folder.scripts(), unknown);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(most_read, folders.size()); ++i) {
    const runtime::RunFolder& folder = folders[folders.size() - 1 - i];
    const auto run = read_run(folder);
    if (!run || !goes_on(run.value())) continue;
    text += fmt::format("  before it, and not ended either: {}, {}\n",
                        deployment_words(run.value().plan),
                        typed_command("status", folder.name, state));
  }
  return text;
}

struct Ahead {
  base::Instant now;
  std::optional<simulator::Prospect> prospect;  // nothing where none can be made
  std::vector<simulator::Alarm> alarms;
};

// Of a run that goes on: the time left, and what has left its prediction by now.
Ahead look_ahead(const ReadRun& run, const std::string& state) {
  constexpr std::uint64_t affordable_actions = 2'000'000;
  constexpr std::uint32_t most_runs = 1000;
  Ahead ahead;
  ahead.now = time_of(run);
  simulator::Settings settings;
  settings.history = history_for(run.plan, state, run.record.run);
  simulator::MonteCarlo many;
  many.runs = simulator::affordable_runs(run.plan, affordable_actions, most_runs);
  many.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto prospect = simulator::forecast(run.plan, settings, run.happened, ahead.now, many);
  if (prospect) ahead.prospect = prospect.value();
  simulator::Alarms alarms(run.plan, settings.history);
  const auto whole = simulator::forecast(run.plan, settings, {}, {0}, many);
  if (!alarms.any() || !whole) return ahead;
  alarms.expect(whole.value());
  scheduler::Scheduler machine(run.plan);
  scheduler::Commands commands;
  for (const simulator::Happened& instant : run.happened) {
    machine.apply(instant.at, instant.events, commands);
    if (instant.taken_up) alarms.stood_still();
    alarms.observe(instant.at, instant.events, commands);
  }
  ahead.alarms = alarms.take(ahead.now);
  return ahead;
}

std::string ahead_text(const ReadRun& run, const Ahead& ahead) {
  std::string text;
  if (ahead.prospect) {
    text += fmt::format("  {}", time_left_text(*ahead.prospect, ahead.now));
    if (ahead.prospect->overdue > 0) {
      text += fmt::format(", if {} that {} overdue ended now",
                          base::counted(ahead.prospect->overdue, "action"),
                          ahead.prospect->overdue == 1 ? "is" : "are");
    }
    text += '\n';
  }
  for (const simulator::Alarm& alarm : ahead.alarms) {
    text += "  " + alarm_text(run.plan, alarm) + "\n";
  }
  return text;
}

}  // namespace

int status_command(const StatusOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value(), options.state);
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  const Ahead ahead = goes_on(run) ? look_ahead(run, options.state) : Ahead{};
  if (options.format == Format::Json) {
    render::TimelineHeader header;
    header.run = run.record.run;
    header.started_at = run.record.started_at;
    header.people = people_of(run, options.state);
    if (ahead.prospect) {
      header.time_left = {ahead.prospect->left(ahead.now, 500),
                          ahead.prospect->left(ahead.now, 900)};
    }
    const base::Status written =
        write_file("-", render::timeline_json(run.plan, run.timeline, header));
    return written ? exit_done : wrong(written.error().message);
  }
  render::TextStyle style;
  style.width = terminal_width(1);
  style.colour = colour_wanted(1);
  const std::string others =
      options.run.empty() ? others_text(folder.value().name, options.state) : "";
  fmt::print("run {}, started {}: {}{}{}\n{}\n{}", run.record.run, run.record.started_at,
             standing(run, options.state), ahead_text(run, ahead), others,
             render::summary_text(run.plan, run.timeline, {}, style),
             render::gantt_text(run.plan, run.timeline, style));
  const bool well = run.timeline.outcome == scheduler::State::Succeeded;
  if (!well && !goes_on(run)) {
    fmt::print("\n{}", render::end_state_text(run.plan, run.timeline, style));
  }
  return exit_done;
}

}  // namespace sluice::cli
