// `sluice history`: the runs that there were, the last one last.
#include <fmt/format.h>

#include <filesystem>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/read_run.h"
#include "cli/tell.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "runtime/runs.h"

namespace sluice::cli {

int history_command(const HistoryOptions& options) {
  const std::vector<runtime::RunFolder> folders = runtime::list_runs(options.state);
  std::error_code error;
  const std::filesystem::directory_iterator readable(options.state + "/runs", error);
  if (error == std::errc::permission_denied) {
    return wrong(runtime::find_run(options.state, "").error().message);
  }
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.history/1").key("runs").begin_array();
  render::TextTable table;
  for (const char* title : {"run", "started", "deployment", "outcome", "duration"}) {
    table.column(title);
  }
  for (const runtime::RunFolder& folder : folders) {
    const auto read = read_run(folder);
    if (!read) {
      tell("sluice: {}: {}\n", folder.name, read.error().message);
      continue;
    }
    const ReadRun& run = read.value();
    const std::string duration = render::duration_text(run.timeline.duration);
    const std::string& environment = run.plan.environment;
    table.row({run.record.run, run.record.started_at, render::deployment_text(run.plan, 40),
               std::string(scheduler::state_name(run.timeline.outcome)), duration});
    json.begin_object().member("run", run.record.run);
    json.member("started_at", run.record.started_at).member("deployment", run.plan.deployment);
    if (!environment.empty()) json.member("environment", environment);
    json.member("plan", run.plan.digest);
    json.member("outcome", scheduler::state_name(run.timeline.outcome));
    json.member("duration_ms", run.timeline.duration.ms).end_object();
  }
  json.end_array().end_object();
  if (options.format == Format::Json) {
    fmt::print("{}\n", text);
  } else if (folders.empty()) {
    tell("{}\n", runtime::find_run(options.state, "").error().message);
  } else {
    fmt::print("{}", table.text(0));
  }
  return exit_done;
}

}  // namespace sluice::cli
