#include "compiler/step_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/phrases.h"
#include "compiler/step_targets.h"
#include "plan/batches.h"

namespace sluice::compiler {

namespace {

using plan::Stage;
using plan::Type;

constexpr std::int64_t one = 1'000'000;

// A number or percentage as it was written, before it is known of how many.
struct Size {
  plan::Value value;
  bool round_up = false;
  std::string text;  // "25% up"
};

class LimitsOfStep {
 public:
  LimitsOfStep(const StepNode& node, plan::Step& step, Resolver& resolver)
      : node_(node), step_(step), resolver_(resolver) {
    targets_ = step.on_controller ? 1 : resolver.plan.target_lists[step.targets].size();
  }

  void resolve() {
    step_.window = {std::max(1U, targets_),
                    step_.on_controller ? "on the controller" : "no window: all targets at once"};
    step_.tolerate = {0, "no failure is tolerated"};
    if (!step_.on_controller) {
      if (const PhraseNode* window = find(Phrase::Window)) resolve_window(*window);
      if (const PhraseNode* batches = find(Phrase::Batches)) resolve_batches(*batches);
      if (const PhraseNode* stagger = find(Phrase::Stagger)) resolve_stagger(*stagger);
      if (const PhraseNode* phrase = find(Phrase::Unreachable)) resolve_unreachable(*phrase);
      check_lockstep();
    }
    if (const PhraseNode* tolerate = find(Phrase::Tolerate)) {
      const auto size = read(tolerate->values[0], false, "tolerate", 0, tolerate->span);
      if (size) step_.tolerate = limit(*size, "tolerate", "", targets_, 0);
    }
  }

 private:
  const PhraseNode* find(Phrase phrase) const { return find_phrase(node_.phrases, phrase); }

  // A whole number from `least`, or a percentage up to 100%, above 0% where the least is above 0.
  std::optional<Size> read(const ExpressionNode& node, bool round_up, const std::string& word,
                           std::uint32_t least, base::Span span) {
    const auto value = resolver_.expressions.resolve_known(
        node, {fmt::format("`{}`", word), {Type::Number, Type::Percentage}, Stage::Known});
    if (!value) return std::nullopt;
    const std::string text = plan::to_text(*value);
    if (const auto* number = std::get_if<plan::Number>(&value->content)) {
      const std::int64_t whole = number->micros / one;
      const bool fits = number->micros % one == 0 && whole >= least &&
                        whole <= static_cast<std::int64_t>(most_targets);
      if (fits && !round_up) return Size{*value, false, text};
      resolver_.report.error(
          "E0305", span,
          fits ? "`up` rounds a percentage, and this is a number"
               : fmt::format("`{}` is a whole number from {}, or a percentage", word, least),
          {fmt::format("as in `{} 3` or `{} 25%`", word, word)});
      return std::nullopt;
    }
    const plan::Percentage share = std::get<plan::Percentage>(value->content);
    if (share.micros >= (least > 0 ? 1 : 0) && share.micros <= 100 * one) {
      return Size{*value, round_up, text + (round_up ? " up" : "")};
    }
    resolver_.report.error("E0305", span,
                           fmt::format("`{} {}` is not {} and at most 100%", word, text,
                                       least > 0 ? "above 0%" : "from 0%"));
    return std::nullopt;
  }

  // A number as it is, or a share of the targets: rounded down, up where it says so, at least the
  // least. `behind` follows what was written: " per zone".
  static plan::Limit limit(const Size& size, std::string_view word, std::string_view behind,
                           std::uint32_t targets, std::uint32_t least) {
    if (const auto* number = std::get_if<plan::Number>(&size.value.content)) {
      return {static_cast<std::uint32_t>(number->micros / one),
              fmt::format("{} {}{}", word, size.text, behind)};
    }
    const auto share = std::get<plan::Percentage>(size.value.content);
    const std::uint32_t exact = plan::share_of(share, targets, size.round_up);
    return {std::max(exact, least),
            fmt::format("{} {}{} of {} target{}, rounded {}{}", word, size.text, behind, targets,
                        targets == 1 ? "" : "s", size.round_up ? "up" : "down",
                        exact < least ? ", at least 1" : "")};
  }

  void resolve_window(const PhraseNode& phrase) {
    bool windowed = false;
    for (const LimitNode& node : phrase.limits) {
      const auto size = read(node.value, node.round_up, "window", 1, node.span);
      if (!size) continue;
      if (node.per) {
        add_group_window(*size, *node.per);
        continue;
      }
      plan::Limit made = limit(*size, "window", "", targets_, 1);
      if (!windowed || made.value < step_.window.value) step_.window = std::move(made);
      windowed = true;
    }
    std::sort(step_.group_windows.begin(), step_.group_windows.end(),
              [](const auto& a, const auto& b) { return a.property < b.property; });
  }

  // Two windows per the same property are one, the narrower of both for each value.
  void add_group_window(const Size& size, const Name& property) {
    const auto groups = group_by(resolver_.plan.target_lists[step_.targets], property, resolver_);
    if (!groups) return;
    plan::GroupWindow made;
    made.property = property.text;
    for (std::uint32_t i = 0; i < groups->values.size(); ++i) {
      made.groups.push_back(
          {groups->values[i],
           limit(size, "window", fmt::format(" per {}", property.text), groups->count[i], 1)});
    }
    const auto same =
        std::find_if(step_.group_windows.begin(), step_.group_windows.end(),
                     [&](const auto& known) { return known.property == made.property; });
    if (same == step_.group_windows.end()) {
      step_.group_windows.push_back(std::move(made));
      return;
    }
    for (std::size_t i = 0; i < made.groups.size(); ++i) {
      if (made.groups[i].limit.value < same->groups[i].limit.value) {
        same->groups[i].limit = made.groups[i].limit;
      }
    }
  }

  void resolve_batches(const PhraseNode& phrase) {
    step_.batches.lockstep = phrase.in_lockstep;
    for (const LimitNode& node : phrase.limits) {
      const auto size = read(node.value, node.round_up, "batches", 1, node.span);
      if (size) step_.batches.sizes.push_back(limit(*size, "batches", "", targets_, 1));
    }
    const PhraseNode* stagger = find(Phrase::Stagger);
    if (!phrase.in_lockstep || stagger == nullptr) return;
    resolver_.report.error("E0317", stagger->span,
                           "a batch in lockstep begins as a whole, and `stagger` would part it",
                           {"leave one of them out"}, {{phrase.span, "in lockstep here"}});
  }

  void resolve_stagger(const PhraseNode& phrase) {
    Wanted wanted{"`stagger`", {Type::Duration}, Stage::Known};
    wanted.why_known = "it stands between two targets that begin, and is neither one's own";
    const auto value = resolver_.expressions.resolve_known(phrase.values[0], wanted);
    if (!value) return;
    step_.stagger = std::get<base::Duration>(value->content);
    if (step_.stagger.ms > 0) return;
    resolver_.report.error("E0314", phrase.values[0].span, "`stagger` is longer than nothing");
  }

  void resolve_unreachable(const PhraseNode& phrase) {
    step_.unreachable.skip = phrase.names[0].text == "skip";
    if (phrase.values.empty()) return;
    const std::string word = "unreachable skip at most";
    const auto size = read(phrase.values[0], false, word, 0, phrase.span);
    if (size) step_.unreachable.at_most = limit(*size, word, "", targets_, 0);
  }

  // A batch in lockstep begins as a whole: a limit that is narrower than one would hold it for
  // ever.
  void check_lockstep() {
    const PhraseNode* phrase = find(Phrase::Batches);
    if (phrase == nullptr || !phrase->in_lockstep || step_.batches.sizes.empty()) return;
    if (targets_ == 0) return;
    std::vector<std::vector<std::uint32_t>> groups;  // by group window: the group of each lane
    for (const plan::GroupWindow& window : step_.group_windows) {
      const auto found = group_by(resolver_.plan.target_lists[step_.targets],
                                  {window.property, phrase->span, false}, resolver_);
      if (!found) return;
      groups.push_back(found->group);
    }
    plan::Batch batch = plan::first_batch(step_, targets_);
    do {
      if (!batch_fits(batch, groups, *phrase)) return;
    } while (plan::next_batch(step_, targets_, batch));
  }

  bool batch_fits(const plan::Batch& batch, const std::vector<std::vector<std::uint32_t>>& groups,
                  const PhraseNode& phrase) {
    const std::uint32_t size = batch.end - batch.begin;
    const auto refuse = [&](std::uint32_t count, const plan::Limit& narrower) {
      resolver_.report.error(
          "E0317", phrase.span,
          fmt::format("batch {} has {} targets at once, and `{}` lets {} begin: it would wait for "
                      "ever",
                      batch.number + 1, count, narrower.rule, narrower.value),
          {"a batch in lockstep begins as a whole; make it smaller, or the limit wider"});
      return false;
    };
    if (size > step_.window.value) return refuse(size, step_.window);
    const auto& at_most = resolver_.plan.at_most;
    if (at_most && size > at_most->value) return refuse(size, *at_most);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      std::vector<std::uint32_t> counts(step_.group_windows[i].groups.size());
      for (std::uint32_t lane = batch.begin; lane < batch.end; ++lane) {
        const std::uint32_t group = groups[i][lane];
        const plan::Limit& narrow = step_.group_windows[i].groups[group].limit;
        if (++counts[group] > narrow.value) return refuse(counts[group], narrow);
      }
    }
    return true;
  }

  const StepNode& node_;
  plan::Step& step_;
  Resolver& resolver_;
  std::uint32_t targets_ = 0;
};

}  // namespace

void resolve_limits(const StepNode& node, plan::Step& step, Resolver& resolver) {
  LimitsOfStep(node, step, resolver).resolve();
}

}  // namespace sluice::compiler
