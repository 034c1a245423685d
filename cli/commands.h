// One function a command, each in a file of its own. Each returns the program's exit status.
#pragma once

#include <string_view>

#include "cli/arguments.h"

namespace sluice::cli {

// docs/OPERATIONS.md, "Exit status".
enum ExitStatus : int {
  exit_done = 0,
  exit_failed = 1,         // the deployment failed or was aborted
  exit_wrong = 2,          // the command or a file is wrong; nothing was done
  exit_degraded = 3,       // ended with failures within tolerance
  exit_person_needed = 4,  // an outcome is unknown, or a person is needed
  exit_bug = 5,            // our own
  exit_interrupted = 130,
  exit_terminated = 143,
};

// Says on standard error what is wrong with the command; exit_wrong.
int wrong(std::string_view message);

int init_command(const InitOptions& options);
int completion_command(const CompletionOptions& options);
int check_command(const CheckOptions& options);
int fmt_command(const FmtOptions& options);
int plan_command(const PlanOptions& options);
int diff_command(const DiffOptions& options);
int graph_command(const GraphOptions& options);
int simulate_command(const SimulateOptions& options);
int advise_command(const AdviseOptions& options);
int run_command(const RunOptions& options);
int census_command(const CensusOptions& options);
int resume_command(const ResumeOptions& options);
int operate_command(const OperateOptions& options);
int status_command(const StatusOptions& options);
int report_command(const ReportOptions& options);
int compare_command(const CompareOptions& options);
int calibrate_command(const CalibrateOptions& options);
int history_command(const HistoryOptions& options);
int logs_command(LogsOptions options);
int explain_command(const ExplainOptions& options);
int version_command(const VersionOptions& options);
int unpack_command(const UnpackOptions& options);

}  // namespace sluice::cli
