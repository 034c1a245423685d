// `sluice census`: what is where, outside of any run. The works that verify are a plan of their
// own, which is carried out as any other; it is kept apart from the runs, so that it neither waits
// for one nor counts as the last.
#include "cli/census.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "cli/session.h"
#include "runtime/files.h"

namespace sluice::cli {

namespace {

// A census leaves its journal and what was written; of earlier ones the last few are kept.
void forget_old_ones(const std::string& state) {
  constexpr std::size_t kept = 20;
  const std::vector<runtime::RunFolder> runs = runtime::list_runs(state);
  for (std::size_t i = 0; i + kept < runs.size(); ++i) {
    std::error_code ignored;
    std::filesystem::remove_all(runs[i].path, ignored);
  }
}

int status_of(const CensusReport& report) {
  if (report.counted(Found::NotInPlace) > 0) return exit_degraded;
  return report.counted(Found::NotKnown) > 0 ? exit_person_needed : exit_done;
}

}  // namespace

int census_command(const CensusOptions& options) {
  InputOptions input = options.input;
  input.programs = true;
  const auto loaded = load_plan(input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  const plan::CensusPlan census = plan::census_plan(plan);
  if (census.plan.steps.empty()) {
    return wrong(
        "no step of it says how its work is verified: `verify { run … }` in a step is what a "
        "census asks");
  }
  const auto secrets = take_secrets(census.plan, folder_of(options.input));
  if (!secrets) return wrong(secrets.error().message);
  std::map<scheduler::Action, Failure> failures;
  SessionOptions session;
  const std::string state = state_beside(options.input, options.state);
  // As a run makes it: nobody else looks into it.
  if (const base::Status made = runtime::make_private_directory(state); !made) {
    return wrong(made.error().message);
  }
  session.state = state + "/census";
  session.folder = folder_of(options.input);
  session.on_failure = [&](const Failure& failure) { failures[failure.action] = failure; };
  RunSession carried_out(census.plan, session, secrets.value());
  const int ended = carried_out.begin();
  if (ended == exit_wrong || carried_out.folder().name.empty()) return ended;
  const auto run = read_run(carried_out.folder());
  if (!run) return wrong(run.error().message);
  const CensusReport report = read_census(plan, census, run.value().timeline, failures);
  const std::string text =
      options.format == Format::Json
          ? census_json(plan, report, run.value().record.run, run.value().record.started_at)
          : census_text(plan, report, colour_wanted(1));
  if (const base::Status written = write_file("-", text); !written) {
    return wrong(written.error().message);
  }
  forget_old_ones(session.state);
  constexpr int signalled = 128;
  return ended >= signalled ? ended : status_of(report);
}

}  // namespace sluice::cli
