// `sluice graph`: the picture of a plan, as DOT, SVG, PNG or PDF.
#include "render/graph.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

// Of another plan it would show what did not happen.
base::Result<ReadRun> run_of_plan(const GraphOptions& options, const plan::Plan& plan) {
  const auto folder =
      runtime::find_run(state_beside(options.input, options.state), options.timeline);
  if (!folder) return folder.error();
  base::Result<ReadRun> run = read_run(folder.value());
  if (run && run.value().plan.digest != plan.digest) {
    return base::Error{fmt::format("run {} is of another plan than {}: {}, not {}",
                                   folder.value().name, options.input.file, run.value().plan.digest,
                                   plan.digest)};
  }
  return run;
}

}  // namespace

int graph_command(const GraphOptions& options) {
  std::optional<render::PictureFormat> format;
  if (ends_with(options.output, ".svg")) format = render::PictureFormat::Svg;
  if (ends_with(options.output, ".png")) format = render::PictureFormat::Png;
  if (ends_with(options.output, ".pdf")) format = render::PictureFormat::Pdf;
  const bool is_text =
      options.output.empty() || options.output == "-" || ends_with(options.output, ".dot");
  if (!format && !is_text) {
    return wrong(
        fmt::format("{}: a picture's name ends in .svg, .png, .pdf or .dot", options.output));
  }
  const auto loaded = load_plan(options.input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  render::GraphStyle style;
  style.expand = options.expand;
  std::optional<ReadRun> run;
  if (!options.timeline.empty()) {
    base::Result<ReadRun> read = run_of_plan(options, plan);
    if (!read) return wrong(read.error().message);
    run = std::move(read).value();
    style.timeline = &run->timeline;
  }
  base::Result<std::string> picture = render::graph_dot(plan, style);
  if (picture && format) picture = render::draw(picture.value(), *format);
  if (!picture) return wrong(picture.error().message);
  const base::Status written =
      write_file(options.output.empty() ? "-" : options.output, picture.value());
  return written ? exit_done : wrong(written.error().message);
}

}  // namespace sluice::cli
