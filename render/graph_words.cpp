#include "render/graph_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.h"
#include "plan/limits.h"
#include "render/expression_text.h"
#include "render/plan_words.h"
#include "render/step_text.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using plan::OnFailure;

constexpr std::string_view dot = " · ";

void add(std::string& line, const std::string& fact) {
  if (fact.empty()) return;
  line += (line.empty() ? "" : std::string(dot)) + fact;
}

std::string short_name(const plan::Plan& plan, plan::TargetId target) {
  return fitted(plan.targets.name(target), 24);
}

std::string where(const plan::Plan& plan, const plan::Step& step) {
  if (step.on_controller) return "on the controller";
  const plan::TargetList& list = plan.target_lists[step.targets];
  std::string text = base::counted(list.size(), "target");
  if (list.empty()) return text;
  text += ": " + short_name(plan, list.at(0));
  if (list.size() == 2) text += ", " + short_name(plan, list.at(1));
  if (list.size() > 2) text += " … " + short_name(plan, list.at(list.size() - 1));
  if (!step.order_rule.empty()) add(text, fitted(step.order_rule, 30));
  return text;
}

// `2 per zone`, or `1 to 3 per zone` where the values differ.
std::string per_group(const plan::GroupWindow& window) {
  const auto [least, most] = std::minmax_element(
      window.groups.begin(), window.groups.end(),
      [](const auto& a, const auto& b) { return a.limit.value < b.limit.value; });
  const std::string property = fitted(window.property, 24);
  if (window.groups.empty()) return "per " + property;
  if (least->limit.value == most->limit.value) {
    return fmt::format("{} per {}", least->limit.value, property);
  }
  return fmt::format("{} to {} per {}", least->limit.value, most->limit.value, property);
}

std::string how_many(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  const std::uint32_t lanes = plan::lane_count(plan, id);
  std::string text;
  if (step.on_controller || lanes == 0) return text;
  if (step.window.value < lanes) add(text, fmt::format("window {}", step.window.value));
  for (const plan::GroupWindow& window : step.group_windows) add(text, per_group(window));
  if (!step.batches.sizes.empty()) add(text, batches_text(plan, id));
  if (!step.by.empty()) {
    add(text, fmt::format("by {}: {}", fitted(step.by, 24),
                          base::counted(std::max<std::size_t>(step.by_groups.size(), 1), "value")));
  }
  if (step.stagger.ms > 0) {
    add(text, plan::to_text(plan::Value{step.stagger}) + " between two that begin");
  }
  if (plan.at_most && plan.at_most->value < plan::own_limit(plan, id).value) {
    add(text, fmt::format("{} at once over all", plan.at_most->value));
  }
  return text;
}

std::string failures(const plan::Step& step) {
  std::string text;
  if (step.tolerate.value > 0) add(text, fmt::format("{} may fail", step.tolerate.value));
  switch (step.on_failure) {
    case OnFailure::Halt:
      break;
    case OnFailure::Continue:
      add(text, "goes on after failures");
      break;
    case OnFailure::Ask:
      add(text, "asks at each failure");
      break;
    case OnFailure::Rollback:
      add(text, "a failed target is undone");
      break;
    case OnFailure::RollbackAll:
      add(text, "a failure undoes all");
      break;
  }
  if (step.unreachable.skip) {
    add(text, step.unreachable.at_most
                  ? fmt::format("leaves behind up to {}", step.unreachable.at_most->value)
                  : "leaves behind what is out of reach");
  }
  return text;
}

std::string conditions(const plan::Plan& plan, const plan::Step& step) {
  std::string text;
  if (step.when == plan::When::Failure) add(text, "when something failed");
  if (step.when == plan::When::Always) add(text, "always");
  if (step.condition) add(text, "if " + fitted(expression_text(plan, *step.condition), 70));
  if (step.skip_verified) add(text, "left alone where verified");
  if (step.shared) add(text, "shared");
  if (step.required) add(text, "required");
  if (step.disabled) add(text, "disabled");
  return text;
}

std::string via_text(const plan::Plan& plan, const plan::Via& via) {
  switch (via.kind) {
    case plan::Via::Kind::Target:
      return "";
    case plan::Via::Kind::Controller:
      return " via the controller";
    case plan::Via::Kind::Each:
    case plan::Via::Kind::First:
      break;
  }
  const plan::TargetList& hosts = plan.target_lists[via.hosts];
  std::string text = " via " + short_name(plan, hosts.at(0));
  if (hosts.size() > 1) text += fmt::format(" and {} more", hosts.size() - 1);
  return text;
}

}  // namespace

std::string label_text(std::string_view text, int width) {
  std::string out;
  for (const char c : fitted(text, width)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::vector<std::string> step_facts(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  std::vector<std::string> lines{where(plan, step)};
  for (std::string& line :
       std::vector<std::string>{how_many(plan, id), failures(step), conditions(plan, step)}) {
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string work_facts(const plan::Plan& plan, plan::StepId step, const plan::Work& work) {
  std::string text = work.action.kind + via_text(plan, work.via);
  add(text, takes_text(plan, step, work.takes));
  if (work.timeout) add(text, "timeout " + duration_words(plan, step, *work.timeout));
  if (work.retry.more > 0) {
    add(text, fmt::format("up to {} attempts", std::uint64_t{work.retry.more} + 1));
  }
  if (work.effect.drains) add(text, "drains");
  if (work.effect.restores) add(text, "restores");
  if (work.effect.interrupts) add(text, "interrupts");
  for (const plan::Use& use : work.uses) {
    add(text, "uses " + fitted(plan.resources[use.resource].name, 24));
  }
  return text;
}

std::vector<std::string> task_facts(const plan::Plan& plan, plan::StepId id,
                                    const plan::Task& task) {
  std::vector<std::string> lines{work_facts(plan, id, task)};
  std::string when;
  if (plan.steps[id].has_child_steps) {
    if (task.when == plan::When::Always) add(when, "always");
    if (task.when == plan::When::Failure) add(when, "after a failure");
    if (task.condition) add(when, "if " + fitted(expression_text(plan, *task.condition), 60));
  }
  if (task.ignore_failure) add(when, "its failure is ignored");
  if (!when.empty()) lines.push_back(std::move(when));
  if (task.verify) {
    lines.push_back("verified by " + work_facts(plan, id, *task.verify) +
                    (task.skip_verified ? " · left alone where it holds" : ""));
  }
  if (task.undo) lines.push_back("undone by " + work_facts(plan, id, *task.undo));
  return lines;
}

}  // namespace sluice::render
