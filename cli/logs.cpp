// `sluice logs`: what actions wrote, in the plan's order.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "cli/tell.h"
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

bool has_target(const plan::Plan& plan, std::string_view name) {
  if (name == plan::controller_name) return true;
  for (std::uint32_t i = 0; i < plan.targets.size(); ++i) {
    if (plan.targets.name(plan::TargetId{i}) == name) return true;
  }
  return false;
}

// Of a step, a child step behind its step's name, or a part of one: "Update/Deploy verify".
bool has_step(const plan::Plan& plan, std::string_view name) {
  for (const std::string_view part : {" verify", " undo"}) {
    if (name.ends_with(part)) name.remove_suffix(part.size());
  }
  return std::any_of(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& step) {
    if (name == step.name) return true;
    return step.has_child_steps &&
           std::any_of(step.tasks.begin(), step.tasks.end(),
                       [&](const plan::Task& task) { return name == step.name + "/" + task.name; });
  });
}

struct Chosen {
  runtime::RunFolder folder;
  ReadRun run;
};

base::Result<Chosen> choose(const std::string& state, const std::string& name) {
  auto folder = runtime::find_run(state, name);
  if (!folder) return folder.error();
  auto run = read_run(folder.value());
  if (!run) return run.error();
  return Chosen{std::move(folder).value(), std::move(run).value()};
}

// One word alone that is no run may be a target of the last one.
base::Result<Chosen> choose(LogsOptions& options) {
  auto chosen = choose(options.state, options.run);
  if (chosen || options.run.empty() || !options.target.empty()) return chosen;
  auto last = choose(options.state, "");
  if (!last) return chosen;
  if (!has_target(last.value().run.plan, options.run)) {
    return base::Error{fmt::format("{}, and no target `{}` in the last one, {}",
                                   chosen.error().message, base::printable(options.run),
                                   last.value().folder.name)};
  }
  options.target = options.run;
  return last;
}

// When a `verify` was asked, where that was not behind its work.
std::string_view asked_when(scheduler::Part part) {
  if (part == scheduler::Part::Before) return " beforehand";
  return part == scheduler::Part::Census ? " in the census" : "";
}

}  // namespace

int logs_command(LogsOptions options) {
  const auto fail = [](const base::Error& error) {
    tell("sluice: {}\n", error.message);
    return exit_wrong;
  };
  const auto chosen = choose(options);
  if (!chosen) return fail(chosen.error());
  const auto& [folder, run] = chosen.value();
  const plan::Plan& plan = run.plan;
  if (!options.step.empty() && !has_step(plan, options.step)) {
    return fail({fmt::format("there is no step `{}` in run {}", base::printable(options.step),
                             folder.name)});
  }
  bool any = false;
  for (const runtime::StoredOutput& output : runtime::list_output(folder.output())) {
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
    fmt::print("==> {}{} on {}{}, attempt {}\n", base::printable(runtime::task_name(plan, action)),
               asked_when(action.part), base::printable(target),
               output.host == target ? "" : " via " + base::printable(output.host), action.attempt);
    print_output(text.value());
  }
  if (!any && !options.target.empty() && !has_target(plan, options.target)) {
    return fail({fmt::format("there is no target `{}` in run {}", base::printable(options.target),
                             folder.name)});
  }
  if (!any) tell("nothing was written\n");
  return exit_done;
}

}  // namespace sluice::cli
