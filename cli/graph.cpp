// `sluice graph`: the picture of a plan, as DOT, SVG, PNG or PDF.
#include "render/graph.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cli/commands.h"
#include "cli/load.h"

namespace sluice::cli {

namespace {

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

int wrong(std::string_view message) {
  fmt::print(stderr, "sluice: {}\n", message);
  return exit_wrong;
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
  render::GraphStyle style;
  style.expand = options.expand;
  base::Result<std::string> picture = render::graph_dot(std::get<plan::Plan>(loaded), style);
  if (picture && format) picture = render::draw(picture.value(), *format);
  if (!picture) return wrong(picture.error().message);
  const base::Status written =
      write_file(options.output.empty() ? "-" : options.output, picture.value());
  return written ? exit_done : wrong(written.error().message);
}

}  // namespace sluice::cli
