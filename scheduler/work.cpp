#include "scheduler/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace sluice::scheduler {

namespace {

constexpr std::int64_t longest_pause = std::numeric_limits<std::int64_t>::max() / 4;

std::int64_t times(std::int64_t ms, plan::Number factor) {
  __extension__ using Wide = __int128;
  const Wide product = Wide{ms} * factor.micros / 1'000'000;
  return product > longest_pause ? longest_pause : static_cast<std::int64_t>(product);
}

const plan::Work* find_work(const plan::Plan& plan, const Action& action) {
  const plan::Step& step = plan.steps[action.step];
  const auto part = [](const base::Boxed<plan::Work>& work) { return work ? &*work : nullptr; };
  if (action.task > step.tasks.size()) return nullptr;
  if (action.task == step.tasks.size()) {
    const bool verifies = action.part != Part::Run && action.part != Part::Undo;
    return verifies ? part(step.verify) : nullptr;
  }
  const plan::Task& task = step.tasks[action.task];
  if (action.part == Part::Run) return &task;
  return action.part == Part::Undo ? part(task.undo) : part(task.verify);
}

}  // namespace

const plan::Work& work_for(const plan::Plan& plan, const Action& action) {
  const plan::Work* work = find_work(plan, action);
  SLUICE_CHECK(work != nullptr, "an action of a work that is not there");
  return *work;
}

bool has_work(const plan::Plan& plan, const Action& action) {
  return find_work(plan, action) != nullptr;
}

std::string part_name(const plan::Plan& plan, const Action& action) {
  const plan::Step& step = plan.steps[action.step];
  const std::string& name =
      action.task < step.tasks.size() ? step.tasks[action.task].name : step.name;
  if (action.part == Part::Run) return name;
  return fmt::format("{} {}", name, action.part == Part::Undo ? "undo" : "verify");
}

plan::ServiceEffect effect_of(const plan::Plan& plan, const Action& action) {
  if (action.part == Part::Run) return plan.steps[action.step].tasks[action.task].effect;
  if (action.part != Part::Undo) return {};
  const plan::Task& task = plan.steps[action.step].tasks[action.task];
  plan::ServiceEffect effect = task.undo ? task.undo->effect : plan::ServiceEffect{};
  effect.drains = effect.drains || task.effect.restores;
  effect.restores = effect.restores || task.effect.drains || task.effect.interrupts;
  effect.interrupts = effect.interrupts || task.effect.interrupts;
  return effect;
}

base::Duration retry_pause(const Pauses& pauses, std::uint32_t attempt) {
  const std::int64_t most = pauses.most ? pauses.most->ms : longest_pause;
  std::int64_t pause = pauses.first.ms;
  if (pauses.backoff.micros > 1'000'000) {
    for (std::uint32_t i = 1; i < attempt && pause < most; ++i) {
      const std::int64_t longer = times(pause, pauses.backoff);
      if (longer == pause) break;  // too short to grow by a whole millisecond
      pause = longer;
    }
  }
  return {std::min(pause, most)};
}

}  // namespace sluice::scheduler
