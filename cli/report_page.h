// What `simulate` and `report` have in common: a timeline in each of the formats, and the page.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "plan/plan.h"
#include "render/report.h"
#include "render/timeline_json.h"
#include "scheduler/timeline.h"
#include "simulator/monte_carlo.h"
#include "simulator/simulator.h"

namespace sluice::cli {

// In any format but text. `header`, and on a page `about`, say where it comes from.
base::Result<std::string> timeline_document(const plan::Plan& plan,
                                            const scheduler::Timeline& timeline, Format format,
                                            const render::TimelineHeader& header,
                                            const std::string& about);

// Where a timeline comes from, as a sentence.
// `runs`: how many were made, of which the settings are of one.
std::string about_prediction(const simulator::Settings& settings, std::uint32_t runs);
std::string about_run(const render::TimelineHeader& header);

// One run out of many to look at: of the first hundred the one whose duration is nearest to the
// median. Its number is settings.run of what is given back.
struct TypicalRun {
  simulator::Settings settings;
  simulator::Prediction prediction;
};
base::Result<TypicalRun> typical_run(const plan::Plan& plan, const simulator::Settings& settings,
                                     const simulator::Outlook& outlook);

render::ReportDistribution distribution_of(const plan::Plan& plan,
                                           const simulator::Outlook& outlook);

}  // namespace sluice::cli
