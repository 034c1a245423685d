#include "render/plan_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "render/text_table.h"

namespace sluice::render {

namespace {

std::string in_brackets(const std::string& rule) {
  return rule.empty() ? "" : fmt::format(" ({})", rule);
}

std::string step_name(const plan::Plan& plan, const plan::WorstShare& share) {
  return quoted_name(plan.steps[share.step].name);
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

std::string takes_text(const plan::DurationModel& takes) {
  const plan::Value* low = plan::constant_value(takes.low);
  const plan::Value* high = plan::constant_value(takes.high);
  if (takes.kind == plan::DurationModel::Kind::Constant) high = low;
  if (low == nullptr || high == nullptr) return "as its target says";
  std::string text = plan::to_text(*low);
  if (*low != *high) text += " to " + plan::to_text(*high);
  return text + (takes.assumed ? " (assumed)" : "");
}

std::vector<std::string> why_out(const plan::Plan& plan, const plan::WorstShare& share) {
  const plan::Step& step = plan.steps[share.step];
  const std::string name = step_name(plan, share);
  std::vector<std::string> reasons;
  if (share.at_work > 0) {
    reasons.push_back(fmt::format("{} in work at once in {}{}", share.at_work, name,
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
    reasons.push_back(fmt::format("{} in work at once in {} when it stops{}", share.at_work, name,
                                  in_brackets(step.window.rule)));
  }
  return reasons;
}

}  // namespace sluice::render
