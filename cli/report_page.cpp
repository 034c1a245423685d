#include "cli/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "cli/outlook.h"
#include "render/timeline_export.h"

namespace sluice::cli {

base::Result<std::string> timeline_document(const plan::Plan& plan,
                                            const scheduler::Timeline& timeline, Format format,
                                            const render::TimelineHeader& header,
                                            const std::string& about) {
  switch (format) {
    case Format::Json:
      return render::timeline_json(plan, timeline, header);
    case Format::Csv:
      return render::timeline_csv(plan, timeline);
    case Format::Trace:
      return render::timeline_trace(plan, timeline);
    case Format::Junit:
      return render::timeline_junit(plan, timeline, header.started_at.value_or(""));
    case Format::Html: {
      const render::ReportPart part{"", about, &timeline, header.assumed,
                                    header.started_at.value_or("")};
      return render::report_html(plan, {&part, 1}, nullptr);
    }
    case Format::Text:
      break;
  }
  base::check_failed("format", "text is written by each command in its own way", __FILE__,
                     __LINE__);
}

std::string about_prediction(const simulator::Settings& settings, std::uint32_t runs) {
  if (runs == 1) return fmt::format("A prediction, with seed {}.", settings.seed);
  return fmt::format("A prediction: run {} of {} with seed {}, one of about the median duration.",
                     settings.run + 1, runs, settings.seed);
}

std::string about_run(const render::TimelineHeader& header) {
  return fmt::format("Run {}, begun {}.", header.run.value_or(""), header.started_at.value_or(""));
}

base::Result<TypicalRun> typical_run(const plan::Plan& plan, const simulator::Settings& settings,
                                     const simulator::Outlook& outlook) {
  constexpr std::uint32_t most = 100;
  const std::int64_t median = outlook.duration_ms.quantile(500);
  TypicalRun found{settings, {}};
  std::int64_t nearest = -1;
  for (std::uint32_t run = 0; run < std::min(most, outlook.runs) && nearest != 0; ++run) {
    simulator::Settings tried = settings;
    tried.run = settings.run + run;
    tried.detail = scheduler::Detail::Summary;
    const auto prediction = simulator::simulate(plan, tried);
    if (!prediction) return prediction.error();
    const std::int64_t away = std::abs(prediction.value().timeline.duration.ms - median);
    if (nearest >= 0 && away >= nearest) continue;
    nearest = away;
    found.settings.run = tried.run;
  }
  found.settings.detail = scheduler::Detail::Lanes;
  auto prediction = simulator::simulate(plan, found.settings);
  if (!prediction) return prediction.error();
  found.prediction = std::move(prediction).value();
  return found;
}

render::ReportDistribution distribution_of(const plan::Plan& plan,
                                           const simulator::Outlook& outlook) {
  render::ReportDistribution distribution;
  distribution.sentences = outlook_sentences(plan, outlook);
  distribution.duration_ms = outlook.duration_ms.values();
  const simulator::Probability& success = outlook.success;
  distribution.success = {success.value, success.low, success.high, 1, success.value == 1};
  for (const simulator::ContractSample& sample : outlook.contracts) {
    const auto& [value, low, high] = sample.probability;
    distribution.contracts.push_back({value, low, high, sample.required, sample.held});
  }
  return distribution;
}

}  // namespace sluice::cli
