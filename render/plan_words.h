// Phrases about a plan that its text and its JSON share: who is waited for, why a bound is as high
// as it is.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/worst_case.h"

namespace sluice::render {

// As it may be printed, cut to what fits a line: a step's name, a target's.
std::string shown_name(std::string_view name);
std::string quoted_name(std::string_view name);

// As it is typed in a shell: quoted where it has to be.
std::string shell_word(const std::string& word);

// "web-01, web-02, web-03 and 7 more".
std::string some_names(const plan::Plan& plan, const plan::TargetList& list);

// How long an attempt takes on the lanes [first, last) of the step: "30s", "20s to 40s", "10s
// (assumed)", "1s to 2s, by target"; of very many lanes with a duration each: "as its target says".
std::string takes_text(const plan::Plan& plan, plan::StepId step, const plan::DurationModel& takes,
                       std::uint32_t first, std::uint32_t last);
std::string takes_text(const plan::Plan& plan, plan::StepId step, const plan::DurationModel& takes);

// A timeout or a pause of the step's works: "30s", "30s to 2m (by target)"; without targets, "as
// its target says".
std::string duration_words(const plan::Plan& plan, plan::StepId step,
                           const plan::TargetDuration& duration);

// The rule of the limit that decides how many of the step's targets work at once.
std::string at_once_rule(const plan::Plan& plan, plan::StepId step);

// One sentence for each reason of the share.
std::vector<std::string> why_out(const plan::Plan& plan, const plan::WorstShare& share);
std::vector<std::string> why_failed(const plan::Plan& plan, const plan::WorstShare& share);

}  // namespace sluice::render
