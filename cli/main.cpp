// The program: words to a command, a command to an exit status.
#include <cstdio>
#include <exception>

#include "cli/arguments.h"
#include "cli/commands.h"

namespace {

using namespace sluice::cli;

struct Dispatch {
  int operator()(const InitOptions& options) const { return init_command(options); }
  int operator()(const CompletionOptions& options) const { return completion_command(options); }
  int operator()(const CheckOptions& options) const { return check_command(options); }
  int operator()(const FmtOptions& options) const { return fmt_command(options); }
  int operator()(const PlanOptions& options) const { return plan_command(options); }
  int operator()(const DiffOptions& options) const { return diff_command(options); }
  int operator()(const GraphOptions& options) const { return graph_command(options); }
  int operator()(const SimulateOptions& options) const { return simulate_command(options); }
  int operator()(const AdviseOptions& options) const { return advise_command(options); }
  int operator()(const RunOptions& options) const { return run_command(options); }
  int operator()(const CensusOptions& options) const { return census_command(options); }
  int operator()(const ResumeOptions& options) const { return resume_command(options); }
  int operator()(const OperateOptions& options) const { return operate_command(options); }
  int operator()(const StatusOptions& options) const { return status_command(options); }
  int operator()(const ReportOptions& options) const { return report_command(options); }
  int operator()(const CompareOptions& options) const { return compare_command(options); }
  int operator()(const CalibrateOptions& options) const { return calibrate_command(options); }
  int operator()(const HistoryOptions& options) const { return history_command(options); }
  int operator()(const LogsOptions& options) const { return logs_command(options); }
  int operator()(const ExplainOptions& options) const { return explain_command(options); }
  int operator()(const VersionOptions& options) const { return version_command(options); }
  int operator()(const UnpackOptions& options) const { return unpack_command(options); }
};

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = parse_arguments(argc, argv);
    if (const int* status = std::get_if<int>(&parsed)) return *status;
    return std::visit(Dispatch{}, std::get<Arguments>(parsed));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: internal error: %s\nThis is a bug of sluice.\n", error.what());
    return exit_bug;
  }
}
