// The page itself: style, data and scripts in one text.
#include <fmt/format.h>

#include <array>

#include "base/utf8.h"
#include "render/report.h"
#include "render/report_assets.h"

namespace sluice::render {

namespace {

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char c : base::printable(text)) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else {
      safe.push_back(c);
    }
  }
  return safe;
}

std::uint64_t lanes_of(std::span<const ReportPart> parts) {
  std::uint64_t lanes = 0;
  for (const ReportPart& part : parts) lanes += part.timeline->lanes.size();
  return lanes;
}

}  // namespace

base::Result<std::string> report_html(const plan::Plan& plan, std::span<const ReportPart> parts,
                                      const ReportDistribution* distribution) {
  if (const std::uint64_t lanes = lanes_of(parts); lanes > most_report_lanes) {
    return base::Error{
        fmt::format("the report would hold {} lanes, and a page that can be opened holds {}: plan "
                    "for fewer with `--limit` or `--only`, or take `--format csv`",
                    lanes, most_report_lanes)};
  }
  // Nothing may be loaded from anywhere, whatever the data say.
  std::string page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; )"
                     R"(style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="sluice">
<link rel="icon" href="data:,">
)";
  page += fmt::format("<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n",
                      html_text(plan.deployment), chart_style, report_style);
  page +=
      "<main><noscript><p>This report is drawn by a script, and scripts are switched off."
      "</p></noscript></main>\n";
  page += "<script type=\"application/json\" id=\"data\">";
  page += report_data(plan, parts, distribution);
  page += "</script>\n<script>\n/* uPlot\n";
  page += chart_license;
  page += "*/\n";
  page += chart_script;
  page += "\n</script>\n<script>\n\"use strict\";\n";
  for (const std::string_view script :
       {report_common_script, report_charts_script, report_timeline_script, report_script}) {
    page += script;
  }
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace sluice::render
