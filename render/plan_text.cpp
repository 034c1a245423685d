#include "render/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "plan/worst_case.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using plan::StepId;

std::string shown(std::string_view name) {
  return fitted(name, 60);
}

std::string quoted(std::string_view name) {
  return fmt::format("`{}`", shown(name));
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string_view when_text(plan::When when) {
  switch (when) {
    case plan::When::Success:
      return "";
    case plan::When::Failure:
      return "when something before it failed";
    case plan::When::Always:
      return "whatever happened before it";
  }
  return "";
}

// "web-01, web-02, web-03 … and 7 more".
std::string names(const plan::Plan& plan, const plan::TargetList& list) {
  constexpr std::uint32_t most = 4;
  std::string text;
  for (std::uint32_t i = 0; i < std::min(most, list.size()); ++i) {
    text += (i > 0 ? ", " : "") + fitted(plan.targets.name(list.at(i)), 40);
  }
  if (list.size() > most) text += fmt::format(" … and {} more", list.size() - most);
  return text;
}

std::string duration_text(base::Duration duration) {
  return plan::to_text(plan::Value{duration});
}

std::string takes_text(const plan::DurationModel& takes) {
  const plan::Value* low = plan::constant_value(takes.low);
  const plan::Value* high = plan::constant_value(takes.high);
  if (low == nullptr) return "as long as its target says";
  if (takes.kind == plan::DurationModel::Kind::Uniform && high != nullptr) {
    return fmt::format("{} to {}", plan::to_text(*low), plan::to_text(*high));
  }
  return plan::to_text(*low) + (takes.assumed ? " (assumed)" : "");
}

class Writer {
 public:
  explicit Writer(const plan::Plan& plan) : plan_(plan), worst_(plan::worst_case(plan)) {}

  std::string text() {
    out_ =
        fmt::format("{}\nplan {}\n{} on {}\n", shown(plan_.deployment), plan_.digest,
                    counted(plan_.steps.size(), "step"), counted(plan_.targets.size(), "target"));
    for (const StepId step : plan_.steps.ids()) write_step(step);
    write_worst_case();
    return std::move(out_);
  }

 private:
  void line(int indent, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(indent), ' ') + text + "\n";
  }

  std::string waits(StepId id) const {
    const auto& before = plan_.joins[plan_.steps[id].join].steps;
    if (before.empty()) return "starts at once";
    std::string text = "waits for ";
    constexpr std::size_t most = 4;
    for (std::size_t i = 0; i < std::min(most, before.size()); ++i) {
      text += (i > 0 ? ", " : "") + quoted(plan_.steps[before[i]].name);
    }
    if (before.size() > most) text += fmt::format(" and {} more", before.size() - most);
    return text;
  }

  void write_step(StepId id) {
    const plan::Step& step = plan_.steps[id];
    const plan::StepWorst& worst = worst_.steps[id.value];
    out_ += fmt::format("\n{}. {}{}\n", id.value + 1, shown(step.name),
                        step.disabled ? " (disabled: never run)" : "");
    line(3, waits(id));
    if (step.when != plan::When::Success) line(3, fmt::format("runs {}", when_text(step.when)));
    if (step.on_controller) {
      line(3, "on the controller");
    } else {
      const plan::TargetList& list = plan_.target_lists[step.targets];
      line(3, fmt::format("on {}: {}", counted(list.size(), "target"), names(plan_, list)));
      line(3, fmt::format("at most {} at once ({})", worst.at_once, step.window.rule));
      line(3, fmt::format(
                  "stops when more than {} failed ({}){}", step.tolerate.value, step.tolerate.rule,
                  step.on_failure == plan::OnFailure::Continue ? ", but goes on to the last target"
                                                               : ""));
    }
    if (step.shared) line(3, "shared: works on a target beside other steps");
    for (const plan::Task& task : step.tasks) {
      line(3, fmt::format("- {}", task_text(task, step.has_child_steps)));
    }
  }

  std::string task_text(const plan::Task& task, bool named) const {
    std::string text = named ? shown(task.name) + ": " : "";
    text += task.action.kind;
    if (task.via.kind == plan::Via::Kind::Controller) text += " via the controller";
    if (task.via.kind == plan::Via::Kind::Each || task.via.kind == plan::Via::Kind::First) {
      text += " via " + names(plan_, plan_.target_lists[task.via.hosts]);
    }
    text += ", takes " + takes_text(task.takes);
    if (task.timeout) text += ", at most " + duration_text(*task.timeout);
    if (task.retry.more > 0) {
      text += fmt::format(", up to {}", counted(std::uint64_t{task.retry.more} + 1, "attempt"));
      if (task.retry.pause.ms > 0) text += " " + duration_text(task.retry.pause) + " apart";
    }
    if (task.effect.drains) text += ", drains";
    if (task.effect.restores) text += ", restores";
    if (task.effect.interrupts) text += ", interrupts";
    if (named && task.when != plan::When::Success) {
      text += task.when == plan::When::Always ? ", always" : ", after a failure";
    }
    if (task.ignore_failure) text += ", its failure is ignored";
    if (task.disabled) text += ", disabled";
    return text;
  }

  void write_worst_case() {
    out_ += "\nAt its worst\n";
    for (const plan::RoleId id : plan_.roles.ids()) {
      const plan::RoleWorst& role = worst_.roles[id.value];
      if (!role.at.valid() && role.out == 0) continue;
      line(3, fmt::format("{}: at most {} of {} out of service at once{}",
                          shown(plan_.roles[id].name), role.out, counted(role.targets, "target"),
                          role.at.valid() ? ", during " + quoted(plan_.steps[role.at].name) : ""));
    }
    for (const StepId id : plan_.steps.ids()) {
      const plan::Step& step = plan_.steps[id];
      const plan::StepWorst& worst = worst_.steps[id.value];
      if (step.on_controller || step.disabled) continue;
      line(3, fmt::format("{}: {}", shown(step.name), failures_text(step, worst)));
      if (worst.restores || worst.out == 0) continue;
      line(5, "a target that has gone through it is still out of service");
    }
  }

  static std::string failures_text(const plan::Step& step, const plan::StepWorst& worst) {
    if (step.on_failure == plan::OnFailure::Continue) {
      return fmt::format("all {} can fail: it goes on to the last target",
                         counted(worst.failures, "target"));
    }
    return fmt::format("at most {} can fail before it stops ({} tolerated, {} at work)",
                       counted(worst.failures, "target"), step.tolerate.value, worst.at_once);
  }

  const plan::Plan& plan_;
  plan::WorstCase worst_;
  std::string out_;
};

}  // namespace

std::string plan_text(const plan::Plan& plan) {
  return Writer(plan).text();
}

base::Result<std::string> expanded_plan_text(const plan::Plan& plan) {
  constexpr std::uint64_t most = 1'000;
  std::uint64_t lines = 0;
  for (const StepId step : plan.steps.ids()) {
    lines += std::uint64_t{plan::lane_count(plan, step)} * plan.steps[step].tasks.size();
  }
  if (lines > most) {
    return base::Error{
        fmt::format("laid out action by action the plan has {} lines, and at most {} "
                    "are written; without --expand it is short",
                    lines, most)};
  }
  std::string text;
  for (const StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    const std::uint32_t lanes = plan::lane_count(plan, id);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      for (const plan::Task& task : step.tasks) {
        const std::string name =
            step.has_child_steps ? shown(step.name) + "/" + shown(task.name) : shown(step.name);
        text += fmt::format("{}@{}  {}, takes {}\n", name, shown(plan::lane_name(plan, id, lane)),
                            task.action.kind, takes_text(task.takes));
      }
    }
  }
  return text;
}

std::string plan_summary_json(const plan::Plan& plan) {
  const plan::WorstCase worst = plan::worst_case(plan);
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.plan_summary/1");
  json.member("deployment", plan.deployment).member("plan", plan.digest);
  json.key("steps").begin_array();
  for (const StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    const plan::StepWorst& row = worst.steps[id.value];
    json.begin_object().member("name", step.name).key("waits_for").begin_array();
    for (const StepId before : plan.joins[step.join].steps) json.value(plan.steps[before].name);
    json.end_array().member("targets", plan::lane_count(plan, id));
    json.member("limit", row.at_once).member("limit_rule", step.window.rule);
    json.member("tolerate", step.tolerate.value).member("tolerate_rule", step.tolerate.rule);
    json.member("most_failures", row.failures).member("most_out_of_service", row.out).end_object();
  }
  json.end_array().key("roles").begin_array();
  for (const plan::RoleId id : plan.roles.ids()) {
    json.begin_object().member("role", plan.roles[id].name);
    json.member("targets", worst.roles[id.value].targets);
    json.member("most_out_of_service", worst.roles[id.value].out).end_object();
  }
  json.end_array().end_object();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::render
