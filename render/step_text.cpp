#include "render/step_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/words.h"
#include "plan/batches.h"
#include "plan/limits.h"
#include "render/expression_text.h"
#include "render/plan_words.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using plan::OnFailure;

constexpr std::size_t most_groups = 6;

std::string time(base::Duration duration) {
  return plan::to_text(plan::Value{duration});
}

std::string value_name(const plan::Value& value) {
  return fitted(plan::to_text(value), 30);
}

// The first few, and how many more there are.
template <class Rows, class Text>
std::string some(const Rows& rows, Text text) {
  std::string out;
  std::size_t written = 0;
  for (const auto& row : rows) {
    if (written == most_groups && rows.size() > most_groups + 1) break;
    out += (written == 0 ? "" : ", ") + text(row);
    ++written;
  }
  if (rows.size() > written) out += fmt::format(" and {} more", rows.size() - written);
  return out;
}

std::string group_window_text(const plan::GroupWindow& window) {
  const auto& groups = window.groups;
  const bool alike = std::all_of(groups.begin(), groups.end(), [&](const auto& group) {
    return group.limit == groups.front().limit;
  });
  if (alike && !groups.empty()) {
    return fmt::format("{} at once for each {} ({})", groups.front().limit.value, window.property,
                       groups.front().limit.rule);
  }
  return fmt::format("at once for each {}: {}", window.property,
                     some(groups, [](const plan::GroupWindow::Group& group) {
                       return fmt::format("{} {} ({})", value_name(group.value), group.limit.value,
                                          group.limit.rule);
                     }));
}

std::string retry_text(const plan::Plan& plan, plan::StepId step, const plan::Retry& retry) {
  if (retry.more == 0) return "";
  std::string text = fmt::format(", up to {} attempts", std::uint64_t{retry.more} + 1);
  if (retry.pause == plan::TargetDuration{}) return text;
  text += fmt::format(" with {} between", duration_words(plan, step, retry.pause));
  if (retry.backoff.micros != 1'000'000) {
    text += fmt::format(", growing by {}", plan::to_text(plan::Value{retry.backoff}));
  }
  if (retry.most_pause) text += " up to " + duration_words(plan, step, *retry.most_pause);
  return text;
}

std::string use_text(const plan::Plan& plan, const plan::Use& use) {
  const plan::Resource& resource = plan.resources[use.resource];
  const std::string amount = resource.kind == plan::Resource::Kind::Rate
                                 ? plan::to_text(plan::Value{use.size})
                                 : fmt::format("{} of {}", use.pieces, resource.pieces);
  return fmt::format(", uses {} of {}", amount, shown_name(resource.name));
}

// A run, a verify or an undo.
std::string work_text(const plan::Plan& plan, plan::StepId step, const plan::Work& work) {
  std::string text = work.action.kind;
  if (work.via.kind == plan::Via::Kind::Controller) text += " via the controller";
  if (work.via.kind == plan::Via::Kind::Each || work.via.kind == plan::Via::Kind::First) {
    text += " via " + some_names(plan, plan.target_lists[work.via.hosts]);
  }
  text += ", takes " + takes_text(plan, step, work.takes);
  if (work.timeout) text += ", timeout " + duration_words(plan, step, *work.timeout);
  text += retry_text(plan, step, work.retry);
  if (work.effect.drains) text += ", drains";
  if (work.effect.restores) text += ", restores";
  if (work.effect.interrupts) text += ", interrupts";
  for (const plan::Use& use : work.uses) text += use_text(plan, use);
  if (work.fails) text += ", fails " + plan::to_text(plan::Value{*work.fails});
  if (work.offline) text += ", out of reach " + plan::to_text(plan::Value{*work.offline});
  for (const plan::Given& given : work.gives) {
    text += fmt::format(", gives {} = {}", shown_name(given.name),
                        fitted(expression_text(plan, given.value), 40));
  }
  if (work.idempotent) text += ", idempotent";
  return text;
}

std::string child_condition(const plan::Plan& plan, const plan::Task& task) {
  if (task.disabled) return " (disabled)";
  std::string text = task.when == plan::When::Failure  ? "after a failure"
                     : task.when == plan::When::Always ? "always"
                                                       : "";
  if (task.condition) {
    text += (text.empty() ? "if " : ", if ") + fitted(expression_text(plan, *task.condition), 70);
  }
  return text.empty() ? "" : " (" + text + ")";
}

void add_verify(const plan::Plan& plan, plan::StepId step, const plan::Work& work, bool first,
                std::string_view indent, std::vector<std::string>& lines) {
  lines.push_back(fmt::format("{}verified by {}", indent, work_text(plan, step, work)));
  if (first) lines.push_back(fmt::format("{}left alone where that holds already", indent));
}

void add_task(const plan::Plan& plan, plan::StepId id, const plan::Task& task,
              std::vector<std::string>& lines) {
  const bool child = plan.steps[id].has_child_steps;
  std::string text = work_text(plan, id, task);
  if (task.ignore_failure) text += ", its failure is ignored";
  if (child) {
    text = fmt::format("- {}{}: {}", shown_name(task.name), child_condition(plan, task), text);
  }
  lines.push_back(std::move(text));
  const std::string_view indent = child ? "  " : "";
  if (task.verify) add_verify(plan, id, *task.verify, task.skip_verified, indent, lines);
  if (task.undo) {
    lines.push_back(fmt::format("{}undone by {}", indent, work_text(plan, id, *task.undo)));
  }
}

}  // namespace

std::string condition_text(const plan::Plan& plan, plan::When when,
                           const base::Boxed<plan::Expression>& condition) {
  std::string text = when == plan::When::Failure  ? "if something before it failed"
                     : when == plan::When::Always ? "whatever failed before it"
                                                  : "";
  if (condition) {
    text += (text.empty() ? "if " : ", if ") + fitted(expression_text(plan, *condition), 90);
  }
  return text;
}

std::string batches_text(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  const std::uint32_t lanes = plan::lane_count(plan, id);
  std::vector<std::uint32_t> sizes;
  const std::uint32_t count = plan::batch_count(step, lanes);
  plan::Batch batch = plan::first_batch(step, lanes);
  for (bool more = lanes > 0; more && sizes.size() <= most_groups + 1;
       more = plan::next_batch(step, lanes, batch)) {
    sizes.push_back(batch.end - batch.begin);
  }
  std::string text = count == 1 ? "in 1 batch of " : fmt::format("in {} batches of ", count);
  const std::size_t written = count <= most_groups + 1 ? sizes.size() : most_groups;
  for (std::size_t i = 0; i < written; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == count ? " and " : ", ", sizes[i]);
  }
  if (count > written) text += fmt::format(" and {} more", count - written);
  text += lanes == 1 ? " target" : " targets";
  return text + (step.batches.lockstep ? ", in lockstep" : "");
}

std::vector<std::string> rolling_lines(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  const plan::TargetList& list = plan.target_lists[step.targets];
  std::vector<std::string> lines;
  if (list.empty()) return {"on no target: it is skipped"};
  const std::string targets = base::counted(list.size(), "target");
  std::string on = step.targets_rule.empty()
                       ? fmt::format("on {}: {}", targets, some_names(plan, list))
                       : fmt::format("on {} ({}): {}", fitted(step.targets_rule, 70), targets,
                                     some_names(plan, list));
  if (!step.order_rule.empty()) on += ", " + fitted(step.order_rule, 60);
  lines.push_back(std::move(on));
  if (!step.by_groups.empty()) {
    lines.push_back(fmt::format("one {} after the other: {}", shown_name(step.by),
                                some(step.by_groups, [](const plan::ByGroup& group) {
                                  return fmt::format("{} ({})", value_name(group.value),
                                                     group.count);
                                })));
  }
  if (!step.batches.sizes.empty()) {
    lines.push_back(
        fmt::format("{} ({})", batches_text(plan, id),
                    some(step.batches.sizes, [](const plan::Limit& size) { return size.rule; })));
  }
  const std::uint32_t window = std::min(step.window.value, list.size());
  const plan::Limit own = plan::own_limit(plan, id);
  const bool told_by_batches = !step.batches.sizes.empty() && step.window.value >= list.size();
  if (!told_by_batches) {
    lines.push_back(fmt::format("{} at once ({})", window,
                                step.window.rule.empty() ? "no window" : step.window.rule));
  }
  for (const plan::GroupWindow& row : step.group_windows) lines.push_back(group_window_text(row));
  std::uint32_t most = own.value;
  std::string why = own.rule;
  if (plan.at_most && plan.at_most->value < most) {
    most = plan.at_most->value;
    why = plan.at_most->rule.empty() ? "at most so many over the whole deployment"
                                     : plan.at_most->rule;
  }
  if (most < window) {
    lines.push_back(fmt::format("so {} at once at the most ({})", most, why));
  }
  if (step.stagger.ms > 0) {
    lines.push_back(fmt::format("{} at least between two that begin", time(step.stagger)));
  }
  return lines;
}

std::vector<std::string> failure_lines(const plan::Plan& plan, plan::StepId id,
                                       const plan::WorstShare& share) {
  const plan::Step& step = plan.steps[id];
  const std::string rule =
      step.tolerate.rule.empty() ? "no failure is tolerated" : step.tolerate.rule;
  std::vector<std::string> lines;
  const std::string_view stops = step.tolerate.value == 0 ? "the first" : "one more";
  if (share.total() == 0) {
    lines.push_back(fmt::format("{}; none can fail", rule));
  } else if (step.on_failure == OnFailure::Ask) {
    lines.push_back("a person is asked about each failure, and no target begins until then");
  } else if (step.on_failure == OnFailure::Continue) {
    lines.push_back(
        fmt::format("{}; it goes on after failures, so all {} can fail", rule, share.total()));
  } else if (step.on_failure == OnFailure::RollbackAll && step.tolerate.value < share.total()) {
    lines.push_back(
        fmt::format("{}; {} stops it, and then all that were begun are undone", rule, stops));
  } else if (step.tolerate.value >= share.total()) {
    lines.push_back(fmt::format("{}; it never stops, so all {} can fail", rule, share.total()));
  } else {
    lines.push_back(fmt::format("{}; {} stops it, and at most {} can fail by then", rule, stops,
                                share.total()));
  }
  if (step.on_failure == OnFailure::Rollback) lines.push_back("a target that fails is undone");
  if (step.unreachable.skip) {
    const auto& most = step.unreachable.at_most;
    lines.push_back(most ? fmt::format("a target out of reach is left behind, up to {} ({})",
                                       most->value, most->rule)
                         : "a target out of reach is left behind");
  }
  return lines;
}

std::vector<std::string> work_lines(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  std::vector<std::string> lines;
  for (const plan::Task& task : step.tasks) add_task(plan, id, task, lines);
  if (step.verify) add_verify(plan, id, *step.verify, step.skip_verified, "", lines);
  return lines;
}

}  // namespace sluice::render
