// The report: one HTML page that needs no network, of a prediction, of a real run, or of both
// beside each other. It knows no simulator and no journal: what they found is handed in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct ReportPart {
  std::string label;  // one word that tells two timelines apart: "predicted", "run"
  std::string about;  // where it comes from, in words
  const scheduler::Timeline* timeline = nullptr;  // with Detail::Lanes
  std::vector<std::string> assumed;
  std::string started_at = "";  // of a real run: RFC 3339; else empty
};

// What many runs have in common.
struct ReportDistribution {
  struct Chance {
    double value = 0, low = 0, high = 0;  // 0 … 1, with its 95% interval
    double required = 1;
    bool held = false;
  };
  std::vector<std::string> sentences;
  std::vector<std::int64_t> duration_ms;  // one a run, ascending; at least one
  Chance success;
  std::vector<Chance> contracts;  // in the plan's order
};

// A page of more would be too large to open.
inline constexpr std::uint64_t most_report_lanes = 200'000;

// `parts`: one or two timelines of the plan. Fails where they have too many lanes.
base::Result<std::string> report_html(const plan::Plan& plan, std::span<const ReportPart> parts,
                                      const ReportDistribution* distribution);

// The data of the page, as JSON that may stand in a `script` element.
std::string report_data(const plan::Plan& plan, std::span<const ReportPart> parts,
                        const ReportDistribution* distribution);

}  // namespace sluice::render
