#include "render/plan_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "render/text_table.h"
#include "render/timeline_text.h"

namespace sluice::render {

namespace {

std::string in_brackets(const std::string& rule) {
  return rule.empty() ? "" : fmt::format(" ({})", rule);
}

std::string step_name(const plan::Plan& plan, const plan::WorstShare& share) {
  return quoted_name(plan.steps[share.step].name);
}

base::Duration duration_of(const plan::Value& value) {
  const auto* duration = std::get_if<base::Duration>(&value.content);
  return duration != nullptr ? *duration : base::Duration{0};
}

std::string span_text(base::Duration least, base::Duration most) {
  const std::string text = duration_text(least);
  return least == most ? text : text + " to " + duration_text(most);
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string shown_name(std::string_view name) {
  return fitted(name, 60);
}

std::string quoted_name(std::string_view name) {
  return fmt::format("`{}`", shown_name(name));
}

std::string some_names(const plan::Plan& plan, const plan::TargetList& list) {
  constexpr std::size_t most_bytes = 60;
  std::string text;
  std::uint32_t written = 0;
  while (written < list.size()) {
    std::string name = fitted(plan.targets.name(list.at(written)), 40);
    if (written > 0 && text.size() + name.size() > most_bytes) break;
    text += (written > 0 ? ", " : "") + name;
    ++written;
  }
  if (list.size() > written) text += fmt::format(" and {} more", list.size() - written);
  return text;
}

std::string takes_text(const plan::Plan& plan, plan::StepId step,
                       const plan::DurationModel& takes) {
  return takes_text(plan, step, takes, 0, plan::lane_count(plan, step));
}

std::string takes_text(const plan::Plan& plan, plan::StepId step, const plan::DurationModel& takes,
                       std::uint32_t first, std::uint32_t last) {
  const bool constant = takes.kind == plan::DurationModel::Kind::Constant;
  const plan::Expression& high_expression = constant ? takes.low : takes.high;
  const plan::Value* low = plan::constant_value(takes.low);
  const plan::Value* high = plan::constant_value(high_expression);
  if (low != nullptr && high != nullptr) {
    return span_text(duration_of(*low), duration_of(*high)) + (takes.assumed ? " (assumed)" : "");
  }
  constexpr std::uint32_t most_lanes = 100'000;
  std::optional<base::Duration> least;
  std::optional<base::Duration> most;
  bool differs = false;
  for (std::uint32_t lane = first; lane < last && last - first <= most_lanes; ++lane) {
    const plan::TargetId target = plan::lane_target(plan, step, lane);
    const plan::PlanEnvironment values(plan, target, target);
    const auto shortest = plan::evaluate(takes.low, values);
    const auto longest = plan::evaluate(high_expression, values);
    if (!shortest || !longest) return "as its target says";
    const base::Duration from = duration_of(shortest.value());
    const base::Duration to = duration_of(longest.value());
    differs = differs || (least && (from != *least || to != *most));
    least = std::min(from, least.value_or(from));
    most = std::max(to, most.value_or(to));
  }
  if (!least) return "as its target says";
  return span_text(*least, *most) + (differs ? ", by target" : "");
}

std::vector<std::string> why_out(const plan::Plan& plan, const plan::WorstShare& share) {
  const plan::Step& step = plan.steps[share.step];
  const std::string name = step_name(plan, share);
  std::vector<std::string> reasons;
  if (share.at_work > 0) {
    reasons.push_back(fmt::format("{} at work at once in {}{}", share.at_work, name,
                                  in_brackets(step.window.rule)));
  }
  if (share.failed > 0 && step.on_failure == plan::OnFailure::Continue &&
      share.failed > step.tolerate.value) {
    reasons.push_back(fmt::format(
        "{} in {}, which goes on after failures: all may fail and stay out", share.failed, name));
  } else if (share.failed > 0) {
    reasons.push_back(fmt::format("{} failed in {} and left out of service{}", share.failed, name,
                                  in_brackets(step.tolerate.rule)));
  }
  if (share.not_restored > 0) {
    reasons.push_back(fmt::format("{} taken out by {}, {}", share.not_restored, name,
                                  share.by_ignored_failures
                                      ? "where a failure that is ignored can leave each of them out"
                                      : "which does not bring them back"));
  }
  return reasons;
}

std::vector<std::string> why_failed(const plan::Plan& plan, const plan::WorstShare& share) {
  const plan::Step& step = plan.steps[share.step];
  const std::string name = step_name(plan, share);
  std::vector<std::string> reasons;
  if (share.failed > 0) {
    const bool goes_on = share.failed > step.tolerate.value;
    reasons.push_back(
        goes_on ? fmt::format("{} in {}, which goes on after failures", share.failed, name)
                : fmt::format("{} in {} that {} tolerated{}", share.failed, name,
                              share.failed == 1 ? "is" : "are", in_brackets(step.tolerate.rule)));
  }
  if (share.at_work > 0) {
    reasons.push_back(fmt::format("{} at work at once in {} when it stops{}", share.at_work, name,
                                  in_brackets(step.window.rule)));
  }
  return reasons;
}

}  // namespace sluice::render
