// What the file does not say and a prediction assumes, in words for the report.
#include <fmt/format.h>

#include "simulator/attempts.h"
#include "simulator/simulator.h"
#include "simulator/world.h"

namespace sluice::simulator {

namespace {

void add_duration(const plan::Plan& plan, const plan::Work& work, const std::string& name,
                  const Settings& settings, std::string_view step, std::string_view task,
                  std::vector<std::string>& texts) {
  const plan::Value* low = plan::constant_value(work.takes.low);
  if (low == nullptr || low->type() != plan::Type::Duration) return;
  const std::string fallback = plan::to_text(*low);
  if (work.takes.kind == plan::DurationModel::Kind::History) {
    if (!settings.history.of(step, task).empty()) return;
    texts.push_back(fmt::format("`{}` has no history yet: {} assumed, the default of `{}`", name,
                                fallback, work.action.kind));
  } else if (work.takes.assumed && moves_something(plan, work)) {
    texts.push_back(fmt::format("`{}` has no `takes`: it lasts as long as its transfer", name));
  } else if (work.takes.assumed) {
    texts.push_back(fmt::format("`{}` has no `takes`: {} assumed, the default of `{}`", name,
                                fallback, work.action.kind));
  }
}

}  // namespace

std::vector<std::string> assumptions(const plan::Plan& plan, const Settings& settings) {
  std::vector<std::string> texts;
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      const std::string name =
          step.has_child_steps ? fmt::format("{}/{}", step.name, task.name) : step.name;
      add_duration(plan, task, name, settings, step.name, task.name, texts);
      if (task.verify) {
        add_duration(plan, *task.verify, name + " verify", settings, step.name, "", texts);
      }
    }
    if (step.verify) {
      add_duration(plan, *step.verify, step.name + " verify", settings, step.name, "", texts);
    }
  }
  for (std::string& text : world_assumptions(plan)) texts.push_back(std::move(text));
  return texts;
}

}  // namespace sluice::simulator
