// A plan laid out action by action.
#include <fmt/format.h>

#include "plan/graph.h"
#include "render/plan_text.h"
#include "render/plan_words.h"

namespace sluice::render {

namespace {

constexpr std::uint64_t most_lines = 1'000;

std::uint64_t lines_of(const plan::Plan& plan) {
  std::uint64_t lines = 0;
  for (const plan::StepId step : plan.steps.ids()) {
    lines += std::uint64_t{plan::lane_count(plan, step)} * plan.steps[step].tasks.size();
  }
  return lines;
}

std::string hosts(const plan::Plan& plan, const plan::Task& task) {
  switch (task.via.kind) {
    case plan::Via::Kind::Target:
      return "";
    case plan::Via::Kind::Controller:
      return " via the controller";
    case plan::Via::Kind::Each:
    case plan::Via::Kind::First:
      return " via " + some_names(plan, plan.target_lists[task.via.hosts]);
  }
  return "";
}

void expand_step(const plan::Plan& plan, plan::StepId id, std::string& text) {
  const plan::Step& step = plan.steps[id];
  const std::uint32_t lanes = plan::lane_count(plan, id);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    for (const plan::Task& task : step.tasks) {
      text += shown_name(step.name);
      if (step.has_child_steps) text += "/" + shown_name(task.name);
      text += fmt::format("@{}  {}{}, takes {}{}\n", shown_name(plan::lane_name(plan, id, lane)),
                          task.action.kind, hosts(plan, task),
                          takes_text(plan, id, task.takes, lane, lane + 1),
                          step.disabled || task.disabled ? ", disabled" : "");
    }
  }
}

}  // namespace

base::Result<std::string> expanded_plan_text(const plan::Plan& plan) {
  if (const std::uint64_t lines = lines_of(plan); lines > most_lines) {
    return base::Error{fmt::format(
        "--expand writes one line an action, and this plan has {} actions; it stops at {} (without "
        "--expand the plan stays short, and `-o` saves it whole)",
        lines, most_lines)};
  }
  const auto order = plan::topological_order(plan.steps.size(), plan::step_edges(plan));
  SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
  std::string text;
  for (const std::uint32_t step : *order) expand_step(plan, plan::StepId{step}, text);
  return text;
}

}  // namespace sluice::render
