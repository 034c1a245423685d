// What many runs have in common, in words and as `sluice.distribution/1` (docs/FORMATS.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "render/timeline_text.h"
#include "simulator/monte_carlo.h"
#include "simulator/spread.h"

namespace sluice::cli {

// As exact as it matters to a person: to a second from ten minutes on, to a tenth from one.
std::string rounded_up_time(std::int64_t ms);

std::string outlook_text(const plan::Plan& plan, const simulator::Outlook& outlook,
                         const std::vector<simulator::Driver>& drivers, std::uint64_t seed,
                         const render::TextStyle& style);

// The sentences that it opens with, without white space around them.
std::vector<std::string> outlook_sentences(const plan::Plan& plan,
                                           const simulator::Outlook& outlook);

// One line with its line end.
std::string outlook_json(const plan::Plan& plan, const simulator::Outlook& outlook,
                         const std::vector<simulator::Driver>& drivers, std::uint64_t seed);

}  // namespace sluice::cli
