// `sluice report`: a real run as a page, alone or beside its prediction, or for other programs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <tuple>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "cli/report_page.h"
#include "render/timeline_export.h"
#include "runtime/output.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

render::TimelineHeader header_of(const ReadRun& run) {
  return {{}, run.record.run, run.record.started_at, {}};
}

// The run beside what its plan lets one expect: of many runs a typical one, and all their lengths.
base::Result<std::string> beside_prediction(const ReadRun& run, const ReportOptions& options) {
  simulator::Settings settings;
  settings.seed = options.seed;
  simulator::MonteCarlo many;
  many.runs = options.runs;
  many.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto outlook = simulator::predict(run.plan, settings, many);
  if (!outlook) return outlook.error();
  const auto typical = typical_run(run.plan, settings, outlook.value());
  if (!typical) return typical.error();
  const auto& [timeline, assumed] = typical.value().prediction;
  const render::ReportPart parts[] = {
      {"predicted", about_prediction(typical.value().settings, options.runs), &timeline, assumed},
      {"run", about_run(header_of(run)), &run.timeline, {}, run.record.started_at}};
  const render::ReportDistribution distribution = distribution_of(run.plan, outlook.value());
  return render::report_html(run.plan, parts, options.runs > 1 ? &distribution : nullptr);
}

// The last lines of what each of the lane's actions wrote last.
render::LinesOf lines_in(const std::string& directory) {
  return [rows = runtime::list_output(directory)](plan::StepId step, std::uint32_t lane) {
    std::vector<std::string> lines;
    auto row = std::partition_point(rows.begin(), rows.end(), [&](const auto& before) {
      return std::tie(before.action.step, before.action.lane) < std::tie(step, lane);
    });
    for (; row != rows.end() && row->action.step == step && row->action.lane == lane; ++row) {
      for (std::string& line : runtime::last_lines(row->path)) lines.push_back(std::move(line));
    }
    const std::size_t more = lines.size() - std::min(lines.size(), runtime::most_last_lines);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(more));
    return lines;
  };
}

base::Result<std::string> document_of(const ReadRun& run, const ReportOptions& options,
                                      const std::string& output) {
  if (options.predicted) return beside_prediction(run, options);
  if (options.format == Format::Junit) {
    return render::timeline_junit(run.plan, run.timeline, run.record.started_at, lines_in(output));
  }
  return timeline_document(run.plan, run.timeline, options.format, header_of(run),
                           about_run(header_of(run)));
}

}  // namespace

int report_command(const ReportOptions& options) {
  const bool page = options.format == Format::Html;
  if (!page && options.predicted) return wrong("`--predicted` is of the page: `--format html`");
  if (options.runs > 1 && !options.predicted) {
    return wrong("`--runs` is of a prediction: `--predicted` asks for one");
  }
  if (page && options.output.empty() && is_terminal(1)) {
    return wrong("a page is no text to read here: name a file with `-o report.html`");
  }
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value());
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  const auto document = document_of(run, options, folder.value().output());
  if (!document) return wrong(document.error().message);
  const base::Status written =
      write_file(options.output.empty() ? "-" : options.output, document.value());
  return written ? exit_done : wrong(written.error().message);
}

}  // namespace sluice::cli
