// `sluice compare`: what a run took, beside what was to be expected of its plan.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "runtime/runs.h"
#include "simulator/coverage.h"

namespace sluice::cli {

namespace {

using render::TextTable;
using simulator::Beside;
using simulator::Range;
using simulator::StepBeside;

std::string about(std::int64_t ms) {
  const std::int64_t unit = ms >= 60'000 ? 1000 : ms >= 1'000 ? 10 : 1;
  return render::time_text(base::Instant{(ms + unit / 2) / unit * unit});
}

std::string range_text(const Range& range) {
  if (range.low == range.high) return about(range.low);
  return fmt::format("{} to {}", about(range.low), about(range.high));
}

std::string_view verdict(const StepBeside& step) {
  if (step.predicted_runs == 0) return step.ran ? "was not to run" : "did not run either";
  if (!step.ran) return "did not run";
  if (step.within) return "as predicted";
  return step.actual > step.length.high ? "longer" : "shorter";
}

std::string text_of(const ReadRun& run, const Beside& beside) {
  std::string text = fmt::format("run {}: {} in {}; 19 of 20 predictions: {}\n\n", run.record.run,
                                 scheduler::state_name(run.timeline.outcome), about(beside.actual),
                                 range_text(beside.duration));
  TextTable table;
  table.column("step");
  table.column("predicted, half within", TextTable::Align::Right);
  table.column("19 of 20", TextTable::Align::Right);
  table.column("took", TextTable::Align::Right);
  table.column("");
  std::uint32_t ran = 0;
  std::uint32_t within = 0;
  for (const plan::StepId id : run.plan.steps.ids()) {
    const StepBeside& row = beside.steps[id.value];
    const bool known = row.predicted_runs > 0;
    table.row({render::fitted(run.plan.steps[id].name, 40), known ? about(row.length.middle) : "—",
               known ? range_text(row.length) : "—", row.ran ? about(row.actual) : "—",
               std::string(verdict(row))});
    if (row.ran && known) ++ran;
    if (row.within) ++within;
  }
  text += table.text(2);
  text += fmt::format(
      "\n  {} of {} steps and {} of {} actions took what 19 of 20 were to take, give or take {} an "
      "action for the\n  controller's own work.\n",
      within, ran, beside.attempts_within, beside.attempts,
      render::duration_text(simulator::slack_per_attempt));
  return text;
}

void write_range(base::JsonWriter& json, const Range& range) {
  json.member("low", range.low).member("p50", range.middle).member("high", range.high);
}

std::string json_of(const ReadRun& run, const Beside& beside, std::uint64_t seed) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.comparison/1").member("run", run.record.run);
  json.member("deployment", run.plan.deployment).member("plan", run.plan.digest);
  json.member("seed", seed).member("runs", beside.runs);
  json.member("outcome", scheduler::state_name(run.timeline.outcome));
  json.key("duration_ms").begin_object();
  write_range(json, beside.duration);
  json.member("actual", beside.actual).member("within", beside.within).end_object();
  json.key("steps").begin_array();
  for (const plan::StepId id : run.plan.steps.ids()) {
    const StepBeside& row = beside.steps[id.value];
    json.begin_object().member("name", run.plan.steps[id].name);
    json.member("predicted_runs", row.predicted_runs);
    if (row.predicted_runs > 0) {
      json.key("length_ms").begin_object();
      write_range(json, row.length);
      json.end_object();
    }
    json.key("actual_ms");
    row.ran ? json.value(row.actual) : json.null();
    json.member("within", row.within).end_object();
  }
  json.end_array().key("actions").begin_object().member("succeeded", beside.attempts);
  json.member("within", beside.attempts_within).end_object().end_object();
  text.push_back('\n');
  return text;
}

}  // namespace

int compare_command(const CompareOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value());
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  simulator::Settings settings;
  settings.seed = options.seed;
  settings.history = history_for(run.plan, options.state, folder.value().name);
  simulator::MonteCarlo many;
  many.runs = options.runs;
  many.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto beside = simulator::beside(run.plan, settings, many, run.timeline);
  if (!beside) return wrong(beside.error().message);
  const base::Status written =
      write_file("-", options.format == Format::Json ? json_of(run, beside.value(), options.seed)
                                                     : text_of(run, beside.value()));
  return written ? exit_done : wrong(written.error().message);
}

}  // namespace sluice::cli
