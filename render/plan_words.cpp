#include "render/plan_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "plan/limits.h"
#include "plan/target_durations.h"
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

struct Span {
  base::Duration least;
  base::Duration most;
  bool differs() const { return least != most; }
  std::string text() const { return span_text(least, most); }
};

struct Lanes {
  const plan::Plan& plan;
  plan::StepId step;
  std::uint32_t first;
  std::uint32_t last;

  // From the shortest to the longest over the lanes; nothing where there are very many that differ,
  // or where a target does not say.
  std::optional<Span> span(const plan::Expression& expression) const {
    constexpr std::uint32_t most_lanes = 100'000;
    if (const plan::Value* value = plan::constant_value(expression)) {
      return Span{duration_of(*value), duration_of(*value)};
    }
    std::optional<Span> found;
    for (std::uint32_t lane = first; lane < last && last - first <= most_lanes; ++lane) {
      const plan::TargetId target = plan::lane_target(plan, step, lane);
      const plan::PlanEnvironment values(plan, target, target);
      const auto evaluated = plan::evaluate(expression, values);
      if (!evaluated) return std::nullopt;
      const base::Duration here = duration_of(evaluated.value());
      if (!found) found = Span{here, here};
      found->least = std::min(found->least, here);
      found->most = std::max(found->most, here);
    }
    return found;
  }
};

}  // namespace

std::string shown_name(std::string_view name) {
  return fitted(name, 60);
}

std::string quoted_name(std::string_view name) {
  return fmt::format("`{}`", shown_name(name));
}

std::string shell_word(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "@/:._-+=,") == std::string::npos) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
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
  using Kind = plan::DurationModel::Kind;
  const Lanes lanes{plan, step, first, last};
  const auto low = lanes.span(takes.low);
  const bool two = takes.kind == Kind::Uniform || takes.kind == Kind::Normal ||
                   takes.kind == Kind::Lognormal || takes.kind == Kind::Triangular;
  const auto high = two ? lanes.span(takes.high) : low;
  const auto mode = takes.kind == Kind::Triangular ? lanes.span(takes.mode) : low;
  if (!low || !high || !mode) return "as its target says";
  const bool differs = low->differs() || high->differs() || mode->differs();
  const std::string by_target = differs ? ", by target" : takes.assumed ? " (assumed)" : "";
  switch (takes.kind) {
    case Kind::Constant:
      return low->text() + by_target;
    case Kind::Uniform:
      return span_text(low->least, high->most) + by_target;
    case Kind::Normal:
      return fmt::format("about {}, give or take {}{}", low->text(), high->text(), by_target);
    case Kind::Lognormal:
      return fmt::format("{} in the median, 95% within {}{}", low->text(), high->text(), by_target);
    case Kind::Triangular:
      return fmt::format("{}, mostly {}{}", span_text(low->least, high->most), mode->text(),
                         by_target);
    case Kind::Exponential:
      return fmt::format("{} on average{}", low->text(), by_target);
    case Kind::History:
      return fmt::format("what earlier runs took, or {}{}", low->text(), by_target);
  }
  return "";
}

std::string duration_words(const plan::Plan& plan, plan::StepId step,
                           const plan::TargetDuration& duration) {
  const plan::TargetList& targets = plan.target_lists[plan.steps[step].targets];
  const auto found = plan::span_of(plan, duration, targets);
  if (!found || (targets.empty() && !duration.is_same())) return "as its target says";
  const plan::DurationSpan& span = found.value();
  const std::string least = plan::to_text(plan::Value{span.least});
  if (span.least == span.most) return least;
  return fmt::format("{} to {} (by target)", least, plan::to_text(plan::Value{span.most}));
}

std::string at_once_rule(const plan::Plan& plan, plan::StepId step) {
  const plan::Limit own = plan::own_limit(plan, step);
  const bool whole = plan.at_most && plan.at_most->value < own.value;
  return whole ? plan.at_most->rule : own.rule;
}

std::vector<std::string> why_out(const plan::Plan& plan, const plan::WorstShare& share) {
  const plan::Step& step = plan.steps[share.step];
  const std::string name = step_name(plan, share);
  std::vector<std::string> reasons;
  if (share.at_work > 0) {
    reasons.push_back(fmt::format("{} at work at once in {}{}", share.at_work, name,
                                  in_brackets(at_once_rule(plan, share.step))));
  }
  if (share.failed > 0 && step.on_failure == plan::OnFailure::Continue &&
      share.failed > step.tolerate.value) {
    reasons.push_back(fmt::format(
        "{} in {}, which goes on after failures: all may fail and stay out", share.failed, name));
  } else if (share.failed > 0) {
    reasons.push_back(fmt::format("{} failed in {} and left out of service{}", share.failed, name,
                                  in_brackets(step.tolerate.rule)));
  }
  if (share.answered > 0) {
    reasons.push_back(fmt::format("{} in {}, where a person may leave each that fails as it is",
                                  share.answered, name));
  }
  if (share.undone > 0) {
    reasons.push_back(
        fmt::format("{} in {}, where undoing may take each of them out", share.undone, name));
  }
  if (share.left_behind > 0) {
    reasons.push_back(fmt::format(
        "{} in {}, which leaves behind what is out of reach: taken out all the same, and left so",
        share.left_behind, name));
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
  if (share.undone > 0) {
    reasons.push_back(fmt::format("{} in {}, undone with it", share.undone, name));
  }
  if (share.at_work > 0) {
    reasons.push_back(fmt::format("{} at work at once in {} when it stops{}", share.at_work, name,
                                  in_brackets(at_once_rule(plan, share.step))));
  }
  return reasons;
}

}  // namespace sluice::render
