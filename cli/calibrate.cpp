// `sluice calibrate`: what earlier runs took, as `takes` phrases.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "simulator/monte_carlo.h"

namespace sluice::cli {

namespace {

using base::Duration;
using render::duration_text;

struct Calibrated {
  std::string step;
  std::string task;  // empty: the step has no child steps
  std::size_t attempts = 0;
  Duration median;
  Duration p95;
  std::string phrase;  // empty: too few attempts
};

// To three digits, which is more than any estimate is worth.
Duration rounded(std::int64_t ms) {
  std::int64_t unit = 1;
  while (ms / unit >= 1000) unit *= 10;
  return {(ms + unit / 2) / unit * unit};
}

std::string phrase_for(Duration median, Duration p95) {
  const Duration low = rounded(median.ms);
  const Duration high = rounded(p95.ms);
  if (low.ms == 0 || high.ms * 100 <= low.ms * 103) {
    return fmt::format("takes {}", duration_text(low));
  }
  return fmt::format("takes lognormal(median {}, p95 {})", duration_text(low), duration_text(high));
}

std::vector<Calibrated> calibrated(const plan::Plan& plan, const simulator::History& history) {
  std::vector<Calibrated> all;
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      Calibrated row{step.name, step.has_child_steps ? task.name : "", 0, {}, {}, ""};
      for (const simulator::History::Row& known : history.rows) {
        if (known.step != step.name || known.task != task.name) continue;
        simulator::Sample sample(known.durations.size());
        for (std::size_t i = 0; i < known.durations.size(); ++i) {
          sample.set(i, known.durations[i].ms);
        }
        row.attempts = known.durations.size();
        row.median = {sample.quantile(500)};
        row.p95 = {sample.quantile(950)};
        if (row.attempts >= simulator::History::fewest) {
          row.phrase = phrase_for(row.median, row.p95);
        }
      }
      all.push_back(std::move(row));
    }
  }
  return all;
}

std::string text_of(const std::vector<Calibrated>& rows) {
  render::TextTable table;
  table.column("step");
  table.column("attempts", render::TextTable::Align::Right);
  table.column("half within", render::TextTable::Align::Right);
  table.column("19 of 20 within", render::TextTable::Align::Right);
  table.column("for the file");
  for (const Calibrated& row : rows) {
    const std::string name = row.task.empty() ? row.step : row.step + " / " + row.task;
    const bool any = row.attempts > 0;
    table.row({render::fitted(name, 50), fmt::format("{}", row.attempts),
               any ? duration_text(row.median) : "—", any ? duration_text(row.p95) : "—",
               row.phrase.empty()
                   ? fmt::format("too few: {} are the least", simulator::History::fewest)
                   : row.phrase});
  }
  return table.text(0);
}

std::string json_of(const plan::Plan& plan, const std::vector<Calibrated>& rows) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.calibration/1");
  json.member("deployment", plan.deployment).key("actions").begin_array();
  for (const Calibrated& row : rows) {
    json.begin_object().member("step", row.step);
    if (!row.task.empty()) json.member("task", row.task);
    json.member("attempts", static_cast<std::uint64_t>(row.attempts));
    json.member("median_ms", row.median.ms).member("p95_ms", row.p95.ms);
    if (!row.phrase.empty()) json.member("takes", row.phrase);
    json.end_object();
  }
  json.end_array().end_object();
  text.push_back('\n');
  return text;
}

}  // namespace

int calibrate_command(const CalibrateOptions& options) {
  const auto loaded = load_plan(options.input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  const std::vector<Calibrated> rows =
      calibrated(plan, read_history(state_beside(options.input, options.state)));
  const base::Status written =
      write_file("-", options.format == Format::Json ? json_of(plan, rows) : text_of(rows));
  if (written) return exit_done;
  tell("sluice: {}\n", written.error().message);
  return exit_wrong;
}

}  // namespace sluice::cli
