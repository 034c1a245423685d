// What a run's plan was compiled from and with, as its journal keeps it; and, for who resumes it,
// what differs by now.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "plan/plan.h"
#include "runtime/journal.h"

namespace sluice::cli {

using Given = std::vector<std::pair<std::string, std::string>>;

// Paths are absolute. No value of a secret is among them: those are read when a run starts, and
// neither --set nor SLUICE_VAR_… can give one.
Given given_of(const InputOptions& input, const plan::Plan& plan);
// Where the run was begun, for its scripts on the controller; empty where that is not there any
// more (a project that was renamed), and in what an older sluice wrote.
std::string begun_in(const Given& given);

// On standard error: which of the plan's files are no longer what they were, and how the plan that
// they make now differs from the run's. Nothing follows from it: the run's plan goes on.
void tell_of_changes(const plan::Plan& plan, const runtime::RunRecord& record);

}  // namespace sluice::cli
