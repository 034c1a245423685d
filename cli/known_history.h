// What earlier runs took, read from their journals.
#pragma once

#include <string>

#include "plan/plan.h"
#include "simulator/settings.h"

namespace sluice::cli {

// Of the last runs that are kept in this state directory, at most so many. A journal that cannot be
// read is passed over, and that is said.
inline constexpr std::size_t most_runs_read = 100;
// `before`: of those that began before this run; empty: of all.
simulator::History read_history(const std::string& state, const std::string& before = "");

// The same where a task of the plan asks for it with `takes history`; else none is read.
simulator::History history_for(const plan::Plan& plan, const std::string& state,
                               const std::string& before = "");

}  // namespace sluice::cli
