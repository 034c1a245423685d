// What the page of a report is made of, embedded when the program is built (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace sluice::render {

extern const std::string_view report_style;
extern const std::string_view report_common_script;
extern const std::string_view report_timeline_script;
extern const std::string_view report_charts_script;
extern const std::string_view report_script;
// uPlot, as published.
extern const std::string_view chart_style;
extern const std::string_view chart_script;
extern const std::string_view chart_license;

}  // namespace sluice::render
