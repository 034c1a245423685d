// `sluice logs`: what actions wrote, in the plan's order.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "runtime/output.h"
#include "runtime/request.h"
#include "runtime/runs.h"
#include "scheduler/work.h"

namespace sluice::cli {

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 30;

// On a terminal escape sequences are written out; elsewhere the bytes are what they were.
void print_output(const std::string& text) {
  if (::isatty(1) != 1) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!text.empty() && text.back() != '\n') std::fputc('\n', stdout);
    return;
  }
  std::string rest;
  for (const std::string& line : runtime::take_lines(rest, text)) fmt::print("{}\n", line);
  if (!rest.empty()) fmt::print("{}\n", base::printable(rest));
}

}  // namespace

int logs_command(const LogsOptions& options) {
  const auto fail = [](const base::Error& error) {
    fmt::print(stderr, "sluice: {}\n", error.message);
    return exit_wrong;
  };
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return fail(folder.error());
  const auto read = read_run(folder.value());
  if (!read) return fail(read.error());
  const plan::Plan& plan = read.value().plan;
  bool any = false;
  for (const runtime::StoredOutput& output : runtime::list_output(folder.value().output())) {
    const scheduler::Action& action = output.action;
    const bool known = plan.steps.contains(action.step) && scheduler::has_work(plan, action) &&
                       action.lane < plan::lane_count(plan, action.step);
    if (!known) continue;
    const std::string target(plan::lane_name(plan, action.step, action.lane));
    if (!options.target.empty() && options.target != target && options.target != output.host) {
      continue;
    }
    const std::string step(plan.steps[action.step].name);
    const bool other_step = !options.step.empty() && options.step != step &&
                            options.step != runtime::task_name(plan, action);
    if (other_step || (options.attempt != 0 && options.attempt != action.attempt)) continue;
    const auto text = read_file(output.path, most_bytes);
    if (!text) return fail(text.error());
    any = true;
    fmt::print("==> {} on {}{}, attempt {}\n", base::printable(runtime::task_name(plan, action)),
               base::printable(target),
               output.host == target ? "" : " via " + base::printable(output.host), action.attempt);
    print_output(text.value());
  }
  if (!any) fmt::print(stderr, "nothing was written\n");
  return exit_done;
}

}  // namespace sluice::cli
