// `sluice status`: how a run stands, by its journal.
#include <fmt/format.h>

#include <cstdio>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "runtime/request.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

int wrong(std::string_view message) {
  fmt::print(stderr, "sluice: {}\n", message);
  return exit_wrong;
}

std::string order_text(const plan::Plan& plan, const runtime::Order& order) {
  std::string text(runtime::order_word(order.kind));
  if (!runtime::answers_question(order.kind)) return text;
  const scheduler::Action& action = order.action;
  const std::string_view target = plan::lane_name(plan, action.step, action.lane);
  return text + fmt::format(" {}@{}", base::printable(runtime::task_name(plan, action)),
                            base::printable(order.host.empty() ? target : order.host));
}

bool goes_on(const scheduler::Timeline& timeline) {
  return timeline.outcome == scheduler::State::Running ||
         timeline.outcome == scheduler::State::Paused;
}

// How it stands, who carries it on, and what it waits for.
std::string standing(const ReadRun& run, const std::string& state) {
  std::string text(scheduler::state_name(run.timeline.outcome));
  if (goes_on(run.timeline)) {
    const std::string holder =
        runtime::Lease::holder(state, run.plan.deployment, run.plan.environment);
    text += holder.empty() ? fmt::format("; no program carries it on: sluice resume {} --state {}",
                                         run.record.run, state)
                           : "; carried on by " + base::printable(holder);
  }
  text += '\n';
  for (const runtime::Order& order : run.orders) {
    text += fmt::format("  {} {}: {}\n", base::printable(order.at), base::printable(order.who),
                        order_text(run.plan, order));
  }
  for (const Question& question : run.questions) {
    text +=
        "  waits for a person: " + base::printable(what_to_type(question, run.record.run, state)) +
        "\n";
  }
  return text;
}

}  // namespace

int status_command(const StatusOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value());
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  if (options.format == Format::Json) {
    const base::Status written =
        write_file("-", render::timeline_json(run.plan, run.timeline,
                                              {{}, run.record.run, run.record.started_at, {}}));
    return written ? exit_done : wrong(written.error().message);
  }
  render::TextStyle style;
  style.width = terminal_width(1);
  style.colour = colour_wanted(1);
  fmt::print("run {}, started {}: {}\n{}\n{}", run.record.run, run.record.started_at,
             standing(run, options.state), render::summary_text(run.plan, run.timeline, {}, style),
             render::gantt_text(run.plan, run.timeline, style));
  return exit_done;
}

}  // namespace sluice::cli
