// The program: words to a command, a command to an exit status.
#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/tell.h"
#include "runtime/ssh_worker.h"

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
  int operator()(const SshConnectionsOptions&) const { return sluice::runtime::ssh_connections(); }
};

int carry_out(int argc, char** argv) {
  const auto parsed = parse_arguments(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  return std::visit(Dispatch{}, std::get<Arguments>(parsed));
}

int bug(const std::exception& error) {
  tell("sluice: internal error: {}\nThis is a bug of sluice.\n", error.what());
  return exit_bug;
}

int output_lost(int reason) {
  return wrong(fmt::format("cannot write standard output: {}",
                           reason == 0 ? "not all of it has arrived" : std::strerror(reason)));
}

// Whatever a command has found out, it has not succeeded where who asked did not get all of it.
int whole_output(int status) {
  const bool lost = std::ferror(stdout) != 0;
  if (std::fflush(stdout) != 0) return status == exit_done ? output_lost(errno) : status;
  return lost && status == exit_done ? output_lost(0) : status;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error, as on a full disk
  // Who starts us may leave it ignored: then nobody is told how a script ended.
  ::signal(SIGCHLD, SIG_DFL);
  try {
    return whole_output(carry_out(argc, argv));
  } catch (const std::system_error& error) {
    // fmt::print throws where it cannot write.
    if (std::ferror(stdout) != 0) return output_lost(error.code().value());
    return bug(error);
  } catch (const std::exception& error) {
    return bug(error);
  }
}
