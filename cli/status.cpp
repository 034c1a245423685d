// `sluice status`: how a run stands, by its journal.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

int wrong(std::string_view message) {
  fmt::print(stderr, "sluice: {}\n", message);
  return exit_wrong;
}

bool goes_on(const scheduler::Timeline& timeline) {
  return timeline.outcome == scheduler::State::Running ||
         timeline.outcome == scheduler::State::Paused;
}

std::string outcome_text(const ReadRun& run, bool held) {
  const std::string outcome(scheduler::state_name(run.timeline.outcome));
  return goes_on(run.timeline) && !held ? outcome + ", and no program carries it on" : outcome;
}

}  // namespace

int status_command(const StatusOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value());
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  if (options.format == Format::Json) {
    const base::Status written =
        write_file("-", render::timeline_json(run.plan, run.timeline,
                                              {{}, run.record.run, run.record.started_at, {}}));
    return written ? exit_done : wrong(written.error().message);
  }
  render::TextStyle style;
  style.width = terminal_width(1);
  style.colour = colour_wanted(1);
  fmt::print("run {}, started {}: {}\n\n{}\n{}", run.record.run, run.record.started_at,
             outcome_text(run, runtime::StateLock::held(options.state)),
             render::summary_text(run.plan, run.timeline, {}, style),
             render::gantt_text(run.plan, run.timeline, style));
  return exit_done;
}

}  // namespace sluice::cli
