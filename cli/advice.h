// What other settings of a step would do, in words and as `sluice.advice/1` (docs/FORMATS.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/plan.h"
#include "render/timeline_text.h"
#include "simulator/advise.h"

namespace sluice::cli {

// When a rollout is to have ended, and how surely.
struct WantedEnd {
  std::int64_t second_of_day = 0;
  std::uint32_t per_mille = 950;
};

std::string advice_text(const plan::Plan& plan, const simulator::Advice& advice, std::uint64_t seed,
                        const std::optional<WantedEnd>& wanted, const render::TextStyle& style);

// One line with its line end.
std::string advice_json(const plan::Plan& plan, const simulator::Advice& advice, std::uint64_t seed,
                        const std::optional<WantedEnd>& wanted);

// "window 5", "window 5, batches 1 then 9, longest first".
std::string setting_text(const simulator::Setting& setting);

// The latest start, in seconds from the midnight before the end's day; negative: the day before, or
// days. So early that the quantile's whole interval of confidence ends in time.
std::int64_t latest_start(const simulator::Advice& advice, const WantedEnd& wanted);
// "22:47:10", "23:10:00 the day before".
std::string time_of_day(std::int64_t second);

}  // namespace sluice::cli
