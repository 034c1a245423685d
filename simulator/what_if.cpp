// Names may hold `/`, `@`, `:` and `=` themselves, so every way to cut the text is tried against
// the plan, and what fits twice is refused.
#include "simulator/what_if.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

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
  plan::StepId step;
  std::uint32_t task = Slowdown::every_task;
  std::string name;  // of what it is, in full
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

// What may be said of an action.
struct Grammar {
  bool attempts = false;     // a count of them at the end
  bool each = false;         // TARGET `each`
  bool whole_steps = false;  // a step with child steps, for all of them
};

class Reader {
 public:
  Reader(const plan::Plan& plan, std::string_view text, Grammar grammar)
      : plan_(plan), text_(text), grammar_(grammar) {}

  Result<Choice> read() {
    for (std::size_t at = text_.find('@'); at != std::string_view::npos;
         at = text_.find('@', at + 1)) {
      read_action(text_.substr(0, at), text_.substr(at + 1));
    }
    if (choices_.size() == 1) return choices_.front();
    if (choices_.empty()) return Error{explanation()};
    std::string message = fmt::format("`{}` fits {} things:", text_, choices_.size());
    for (const Choice& choice : choices_) message += fmt::format(" {};", choice.reading);
    message.back() = ':';
    return Error{message + " say STEP/CHILD in full"};
  }

 private:
  void read_action(std::string_view words, std::string_view target) {
    const Named found = named(plan_, words);
    if (found.tasks.empty() && found.whole_steps.empty()) return;
    action_seen_ = true;
    for (const plan::StepId step : found.whole_steps) {
      whole_step_ = step;
      Choice choice;
      choice.step = step;
      choice.name = plan_.steps[step].name;
      if (grammar_.whole_steps) read_target(choice, target);
    }
    for (const Task& task : found.tasks) {
      Choice choice;
      choice.step = task.step;
      choice.task = task.task;
      choice.name = task.name;
      read_target(choice, target);
      const std::size_t colon = target.rfind(':');
      if (!grammar_.attempts || colon == std::string_view::npos) continue;
      if (const auto attempts = attempts_of(target.substr(colon + 1))) {
        choice.attempts = *attempts;
        read_target(choice, target.substr(0, colon));
      }
    }
  }

  void read_target(Choice choice, std::string_view target) {
    choice.reading = fmt::format("`{}` on `{}`", choice.name, target);
    if (choice.attempts != Failure::all) {
      choice.reading += fmt::format(" {} times", choice.attempts);
    }
    // A gate's lanes have one name: it is meant wherever it runs.
    if (plan_.steps[choice.step].gate_of.valid() && target == plan::controller_name) {
      choice.any = true;
      return choices_.push_back(choice);
    }
    const std::uint32_t lanes = plan::lane_count(plan_, choice.step);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      if (plan::lane_name(plan_, choice.step, lane) != target) continue;
      choice.lane = lane;
      choices_.push_back(choice);
    }
    choice.any = target == "any";
    choice.each = grammar_.each && target == "each";
    if (choice.any || choice.each) choices_.push_back(choice);
  }

  std::string explanation() const {
    if (text_.find('@') == std::string_view::npos) {
      return fmt::format("`{}` names no target: write STEP@TARGET{}", text_,
                         grammar_.each ? ", STEP@any or STEP@each" : " or STEP@any");
    }
    if (whole_step_.valid() && !grammar_.whole_steps) {
      const plan::Step& step = plan_.steps[whole_step_];
      std::string message = fmt::format("`{}` has child steps; say which one fails:", step.name);
      for (const plan::Task& task : step.tasks) {
        message += fmt::format(" `{}/{}`", step.name, task.name);
      }
      return message;
    }
    return action_seen_ ? fmt::format("`{}`: that step does not work on such a target", text_)
                        : fmt::format("`{}`: there is no such step", text_);
  }

  const plan::Plan& plan_;
  std::string_view text_;
  Grammar grammar_;
  std::vector<Choice> choices_;
  plan::StepId whole_step_;
  bool action_seen_ = false;
};

// "3x", "1.5x".
std::optional<plan::Number> factor_of(std::string_view text) {
  if (text.empty() || text.back() != 'x') return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string decimals(point == std::string_view::npos ? "" : text.substr(point + 1));
  const bool dangling = point != std::string_view::npos && decimals.empty();
  if (whole.empty() || dangling || whole.size() > 6 || decimals.size() > 6) return std::nullopt;
  decimals.resize(6, '0');
  const std::string digits = std::string(whole) + decimals;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  plan::Number factor;
  std::from_chars(digits.data(), digits.data() + digits.size(), factor.micros);
  if (factor.micros == 0) return std::nullopt;
  return factor;
}

}  // namespace

Result<FailureRequest> parse_failure(const plan::Plan& plan, std::string_view text) {
  const Result<Choice> read = Reader(plan, text, {.attempts = true, .each = true}).read();
  if (!read) return read.error();
  const Choice& choice = read.value();
  FailureRequest wanted;
  wanted.each = choice.each;
  Failure failure;
  failure.step = choice.step;
  failure.task = choice.task;
  failure.lane = choice.lane;
  failure.every_lane = choice.any;
  failure.attempts = choice.attempts;
  if (!choice.each) {
    wanted.failures.push_back(failure);
    return wanted;
  }
  const std::uint32_t lanes = plan::lane_count(plan, choice.step);
  for (failure.lane = 0; failure.lane < lanes; ++failure.lane) {
    wanted.failures.push_back(failure);
  }
  return wanted;
}

Result<Slowdown> parse_slowdown(const plan::Plan& plan, std::string_view text) {
  const std::size_t equals = text.rfind('=');
  const auto factor =
      equals == std::string_view::npos ? std::nullopt : factor_of(text.substr(equals + 1));
  if (!factor) {
    return Error{fmt::format("`{}` says no factor: write STEP@TARGET=3x", text)};
  }
  const Result<Choice> read = Reader(plan, text.substr(0, equals), {.whole_steps = true}).read();
  if (!read) return read.error();
  Slowdown slow;
  slow.step = read.value().step;
  slow.task = read.value().task;
  slow.lane = read.value().lane;
  slow.every_lane = read.value().any;
  slow.factor = *factor;
  return slow;
}

Result<plan::TargetId> parse_target(const plan::Plan& plan, std::string_view text) {
  for (std::uint32_t target = 0; target < plan.targets.size(); ++target) {
    if (plan.targets.name(plan::TargetId{target}) == text) return plan::TargetId{target};
  }
  return Error{fmt::format("`{}`: there is no such target", text)};
}

}  // namespace sluice::simulator
