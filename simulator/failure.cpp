// `--fail STEP[/CHILD]@TARGET[:N]`: names may hold `/`, `@` and `:` themselves, so every way to cut
// the text is tried against the plan, and what fits twice is refused.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "simulator/simulator.h"

namespace sluice::simulator {

namespace {

using base::Error;
using base::Result;

struct Task {
  plan::StepId step;
  std::uint32_t task = 0;
  std::string name;  // as it would be written in full
};

// Every task that the words name, and the steps with child steps that they name alone.
struct Named {
  std::vector<Task> tasks;
  std::vector<plan::StepId> whole_steps;
};

Named named(const plan::Plan& plan, std::string_view words) {
  Named found;
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    if (!step.has_child_steps) {
      if (step.name == words) found.tasks.push_back({id, 0, step.name});
      continue;
    }
    if (step.name == words) found.whole_steps.push_back(id);
    for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
      const std::string full = fmt::format("{}/{}", step.name, step.tasks[task].name);
      if (step.tasks[task].name == words || full == words) found.tasks.push_back({id, task, full});
    }
  }
  return found;
}

struct Choice {
  Task task;
  bool any = false;
  bool each = false;
  std::uint32_t lane = 0;
  std::uint32_t attempts = Failure::all;
  std::string reading;
};

std::optional<std::uint32_t> attempts_of(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

class Reader {
 public:
  Reader(const plan::Plan& plan, std::string_view text) : plan_(plan), text_(text) {}

  Result<FailureRequest> read() {
    for (std::size_t at = text_.find('@'); at != std::string_view::npos;
         at = text_.find('@', at + 1)) {
      read_task(text_.substr(0, at), text_.substr(at + 1));
    }
    if (choices_.size() == 1) return request(choices_.front());
    if (choices_.empty()) return Error{explanation()};
    std::string message = fmt::format("`{}` fits {} things:", text_, choices_.size());
    for (const Choice& choice : choices_) message += fmt::format(" {};", choice.reading);
    message.back() = '.';
    message.pop_back();
    return Error{message + ": say STEP/CHILD in full"};
  }

 private:
  void read_task(std::string_view words, std::string_view target) {
    const Named found = named(plan_, words);
    if (found.tasks.empty() && found.whole_steps.empty()) return;
    task_seen_ = true;
    for (const plan::StepId step : found.whole_steps) whole_step_ = step;
    for (const Task& task : found.tasks) {
      read_target(task, target, Failure::all);
      const std::size_t colon = target.rfind(':');
      if (colon == std::string_view::npos) continue;
      if (const auto attempts = attempts_of(target.substr(colon + 1))) {
        read_target(task, target.substr(0, colon), *attempts);
      }
    }
  }

  void read_target(const Task& task, std::string_view target, std::uint32_t attempts) {
    Choice choice;
    choice.task = task;
    choice.attempts = attempts;
    choice.reading = fmt::format("`{}` on `{}`", task.name, target);
    if (attempts != Failure::all) choice.reading += fmt::format(" {} times", attempts);
    const std::uint32_t lanes = plan::lane_count(plan_, task.step);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      if (plan::lane_name(plan_, task.step, lane) != target) continue;
      choice.lane = lane;
      choices_.push_back(choice);
    }
    choice.any = target == "any";
    choice.each = target == "each";
    if (choice.any || choice.each) choices_.push_back(choice);
  }

  std::string explanation() const {
    if (text_.find('@') == std::string_view::npos) {
      return fmt::format("`{}` names no target: write STEP@TARGET, STEP@any or STEP@each", text_);
    }
    if (whole_step_.valid()) {
      const plan::Step& step = plan_.steps[whole_step_];
      std::string message = fmt::format("`{}` has child steps; say which one fails:", step.name);
      for (const plan::Task& task : step.tasks) {
        message += fmt::format(" `{}/{}`", step.name, task.name);
      }
      return message;
    }
    return task_seen_ ? fmt::format("`{}`: that step does not work on such a target", text_)
                      : fmt::format("`{}`: there is no such step", text_);
  }

  FailureRequest request(const Choice& choice) const {
    FailureRequest wanted;
    wanted.each = choice.each;
    Failure failure;
    failure.step = choice.task.step;
    failure.task = choice.task.task;
    failure.lane = choice.lane;
    failure.every_lane = choice.any;
    failure.attempts = choice.attempts;
    if (!choice.each) {
      wanted.failures.push_back(failure);
      return wanted;
    }
    const std::uint32_t lanes = plan::lane_count(plan_, choice.task.step);
    for (failure.lane = 0; failure.lane < lanes; ++failure.lane) {
      wanted.failures.push_back(failure);
    }
    return wanted;
  }

  const plan::Plan& plan_;
  std::string_view text_;
  std::vector<Choice> choices_;
  plan::StepId whole_step_;
  bool task_seen_ = false;
};

}  // namespace

Result<FailureRequest> parse_failure(const plan::Plan& plan, std::string_view text) {
  return Reader(plan, text).read();
}

}  // namespace sluice::simulator
