#include "render/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "plan/graph.h"
#include "plan/worst_case.h"
#include "render/plan_words.h"

namespace sluice::render {

namespace {

using plan::StepId;

constexpr std::size_t most_listed = 4;

// "`A`, `B` and 3 more".
std::string listed(const plan::Plan& plan, const std::vector<StepId>& steps) {
  const std::size_t written = steps.size() <= most_listed + 1 ? steps.size() : most_listed;
  std::string text;
  for (std::size_t i = 0; i < written; ++i) {
    const bool last = i + 1 == steps.size();
    text += i == 0 ? "" : last ? " and " : ", ";
    text += quoted_name(plan.steps[steps[i]].name);
  }
  if (steps.size() > written) text += fmt::format(" and {} more", steps.size() - written);
  return text;
}

std::string_view condition(plan::When when) {
  switch (when) {
    case plan::When::Success:
      return "";
    case plan::When::Failure:
      return "if something before it failed";
    case plan::When::Always:
      return "whatever failed before it";
  }
  return "";
}

std::string task_text(const plan::Plan& plan, plan::StepId step, const plan::Task& task) {
  std::string text = task.action.kind;
  if (task.via.kind == plan::Via::Kind::Controller) text += " via the controller";
  if (task.via.kind == plan::Via::Kind::Each || task.via.kind == plan::Via::Kind::First) {
    text += " via " + some_names(plan, plan.target_lists[task.via.hosts]);
  }
  text += ", takes " + takes_text(plan, step, task.takes);
  if (task.timeout) text += ", timeout " + plan::to_text(plan::Value{*task.timeout});
  if (task.retry.more > 0) {
    text += fmt::format(", up to {} attempts", std::uint64_t{task.retry.more} + 1);
    if (task.retry.pause.ms > 0) {
      text += fmt::format(" with {} between", plan::to_text(plan::Value{task.retry.pause}));
    }
  }
  if (task.effect.drains) text += ", drains";
  if (task.effect.restores) text += ", restores";
  if (task.effect.interrupts) text += ", interrupts";
  if (task.ignore_failure) text += ", its failure is ignored";
  return text;
}

class Writer {
 public:
  explicit Writer(const plan::Plan& plan) : plan_(plan), worst_(plan::worst_case(plan)) {
    beside_.resize(plan.joins.size());
    for (const StepId step : plan.steps.ids()) {
      beside_[plan.steps[step].join.value].push_back(step);
    }
  }

  std::string text() {
    line(0, shown_name(plan_.deployment));
    line(0, "plan " + plan_.digest);
    line(0, fmt::format("{} on {}", counted(plan_.steps.size(), "step"),
                        counted(plan_.targets.size(), "target")));
    const auto order = plan::topological_order(plan_.steps.size(), plan::step_edges(plan_));
    SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
    std::size_t number = 0;
    for (const std::uint32_t step : *order) write_step(StepId{step}, ++number);
    write_worst_case();
    return std::move(out_);
  }

 private:
  void line(std::size_t indent, std::string_view text) {
    out_.append(indent, ' ').append(text).push_back('\n');
  }

  void write_step(StepId id, std::size_t number) {
    const plan::Step& step = plan_.steps[id];
    out_ += '\n';
    line(0, fmt::format("{}. {}", number, shown_name(step.name)));
    if (step.disabled) line(3, "disabled: it is never run");
    line(3, start_text(id));
    if (step.on_controller) {
      line(3, "on the controller");
    } else {
      write_targets(id);
    }
    if (step.shared) line(3, "shared: it works on a target beside other steps");
    if (step.has_child_steps) {
      for (const plan::Task& task : step.tasks) {
        line(3, fmt::format("- {}{}: {}", shown_name(task.name), child_condition(task),
                            task_text(plan_, id, task)));
      }
    } else {
      line(3, task_text(plan_, id, step.tasks.front()));
    }
  }

  std::string start_text(StepId id) const {
    const plan::Step& step = plan_.steps[id];
    const plan::Join& join = plan_.joins[step.join];
    std::string text = "starts at once";
    if (!join.steps.empty()) {
      text = fmt::format("starts when {} {} ended", listed(plan_, join.steps),
                         join.steps.size() == 1 ? "has" : "have");
    }
    std::vector<StepId> beside;
    for (const StepId other : beside_[step.join.value]) {
      if (other != id && beside.size() <= most_listed + 1) beside.push_back(other);
    }
    if (beside.size() > most_listed + 1) {
      text += fmt::format(", together with {} others", beside_[step.join.value].size() - 1);
    } else if (!beside.empty()) {
      text += ", together with " + listed(plan_, beside);
    }
    if (step.when != plan::When::Success) text += fmt::format(", {}", condition(step.when));
    return text;
  }

  void write_targets(StepId id) {
    const plan::Step& step = plan_.steps[id];
    const plan::TargetList& list = plan_.target_lists[step.targets];
    if (list.empty()) return line(3, "on no target: it is skipped");
    line(3, fmt::format("on {}: {}", counted(list.size(), "target"), some_names(plan_, list)));
    line(3, fmt::format("{} at once ({})", std::min(step.window.value, list.size()),
                        step.window.rule.empty() ? "no window" : step.window.rule));
    line(3, failure_text(id));
  }

  std::string failure_text(StepId id) const {
    const plan::Step& step = plan_.steps[id];
    const plan::WorstShare& share = worst_.failed_by_step[id.value];
    const std::string rule =
        step.tolerate.rule.empty() ? "no failure is tolerated" : step.tolerate.rule;
    if (share.total() == 0) return fmt::format("{}; none can fail", rule);
    if (step.on_failure == plan::OnFailure::Continue) {
      return fmt::format("{}; it goes on after failures, so all {} can fail", rule, share.total());
    }
    if (step.tolerate.value >= share.total()) {
      return fmt::format("{}; it never stops, so all {} can fail", rule, share.total());
    }
    return fmt::format("{}; {} stops it, and at most {} can fail by then", rule,
                       step.tolerate.value == 0 ? "the first" : "one more", share.total());
  }

  static std::string child_condition(const plan::Task& task) {
    if (task.disabled) return " (disabled)";
    if (task.when == plan::When::Failure) return " (after a failure)";
    return task.when == plan::When::Always ? " (always)" : "";
  }

  void write_worst_case() {
    out_ += '\n';
    line(0, "At its worst, whatever takes how long and whatever fails");
    write_bound("out of service at once", worst_.out, why_out);
    for (const plan::RoleId id : plan_.roles.ids()) write_role(id);
    write_bound("failed when it stops", worst_.failed, why_failed);
  }

  template <class Why>
  void write_bound(std::string_view what, const plan::WorstBound& bound, Why why) {
    if (bound.most == 0) return line(3, fmt::format("{}: no target", what));
    line(3, fmt::format("{}: at most {} of {}", what, bound.most, counted(bound.of, "target")));
    std::uint64_t sum = 0;
    std::size_t written = 0;
    for (const plan::WorstShare& share : bound.shares) {
      sum += share.total();
      if (written++ >= most_shares) continue;
      for (const std::string& reason : why(plan_, share)) line(5, reason);
    }
    if (written > most_shares) line(5, fmt::format("… and {} more steps", written - most_shares));
    if (sum > bound.most) {
      line(5, fmt::format("but {} in all in such steps", counted(bound.most, "target")));
    }
  }

  void write_role(plan::RoleId id) {
    const plan::Role& role = plan_.roles[id];
    const plan::WorstBound& bound = worst_.out_of_roles[id.value];
    const std::uint32_t left = bound.of - bound.most;
    std::string text = bound.most == 0 ? fmt::format("none of {}", counted(bound.of, "target"))
                                       : fmt::format("at most {} of {} out, at least {} in service",
                                                     bound.most, counted(bound.of, "target"), left);
    if (left < role.minimum) text += fmt::format(", below its minimum of {}", role.minimum);
    line(5, fmt::format("{}: {}", shown_name(role.name), text));
  }

  static constexpr std::size_t most_shares = 8;

  const plan::Plan& plan_;
  plan::WorstCase worst_;
  std::vector<std::vector<StepId>> beside_;  // the steps that a join opens
  std::string out_;
};

}  // namespace

std::string plan_text(const plan::Plan& plan) {
  return Writer(plan).text();
}

}  // namespace sluice::render
