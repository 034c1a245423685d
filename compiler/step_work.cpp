#include "compiler/step_work.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/phrases.h"
#include "compiler/step_targets.h"
#include "compiler/suggest.h"
#include "plan/target_durations.h"

namespace sluice::compiler {

namespace {

using plan::Stage;
using plan::Type;

constexpr std::int64_t one = 1'000'000;

class WorkResolver {
 public:
  WorkResolver(const WorkSite& site, Resolver& resolver) : site_(site), resolver_(resolver) {}

  std::optional<plan::Work> resolve() {
    work_.action_place = resolver_.place(site_.run->span);
    work_.via = via();
    if (const PhraseNode* timeout = find(Phrase::Timeout)) {
      work_.timeout = duration(timeout->values[0], "`timeout`", 1);
    }
    if (const PhraseNode* retry = find(Phrase::Retry)) resolve_retry(*retry);
    work_.fails = chance(Phrase::Fails);
    work_.offline = chance(Phrase::Offline);
    for (const PhraseNode& phrase : site_.phrases) {
      if (phrase.phrase == Phrase::Gives) add_given(phrase);
      if (phrase.phrase == Phrase::Uses) add_use(phrase);
    }
    std::sort(work_.gives.begin(), work_.gives.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    std::sort(work_.uses.begin(), work_.uses.end(),
              [](const auto& a, const auto& b) { return a.resource < b.resource; });
    work_.idempotent = find(Phrase::Idempotent) != nullptr;
    resolve_effect();
    auto action = resolve_action(*site_.run, *site_.targets, site_.on_controller, resolver_);
    if (!action) return std::nullopt;
    work_.action = *std::move(action);
    resolve_takes();
    return std::move(work_);
  }

 private:
  const PhraseNode* find(Phrase phrase) const { return find_phrase(site_.phrases, phrase); }

  plan::Via via() {
    plan::Via result;
    result.hosts = resolver_.intern({});
    const PhraseNode* phrase = find(Phrase::Via);
    if (phrase == nullptr) return site_.via.value_or(result);
    const Name& name = phrase->names[0];
    if (name.text == plan::controller_name && !name.quoted) {
      if (phrase->first) {
        resolver_.report.error("E0309", phrase->span, "there is one controller, and no first one");
      }
      result.kind = plan::Via::Kind::Controller;
      return result;
    }
    const auto id = find_role(name, resolver_);
    if (!id) return result;
    const plan::TargetListId hosts = resolver_.plan.roles[*id].targets;
    if (resolver_.plan.target_lists[hosts].empty()) {
      resolver_.report.error("E0306", phrase->span,
                             fmt::format("the role `{}` has no targets to go by", name.text));
      return result;
    }
    result.kind = phrase->first ? plan::Via::Kind::First : plan::Via::Kind::Each;
    result.hosts = hosts;
    if (phrase->first) {
      plan::TargetList first;
      first.add(resolver_.plan.target_lists[hosts].at(0));
      result.hosts = resolver_.intern(std::move(first));
    }
    return result;
  }

  std::optional<plan::TargetDuration> duration(const ExpressionNode& node, const std::string& use,
                                               std::int64_t least) {
    const auto too_short = [least](const plan::Value& value) -> std::string {
      const auto* found = std::get_if<base::Duration>(&value.content);
      if (found == nullptr || found->ms >= least) return "";
      return fmt::format("it is longer than nothing, and this is {}", plan::to_text(value));
    };
    auto value = checked(node, {use, {Type::Duration}, latest(), false, too_short});
    if (!value) return std::nullopt;
    const plan::Value* known = plan::constant_value(*value);
    if (known == nullptr) return plan::TargetDuration(*std::move(value));
    const auto result = std::get<base::Duration>(known->content);
    if (result.ms >= least) return result;
    resolver_.report.error("E0314", node.span, fmt::format("{} is longer than nothing", use));
    return std::nullopt;
  }

  // Where one of them hangs on the target, on each that the step has.
  void check_longest_pause(const plan::Retry& retry, base::Span span) {
    const auto reads = [](const plan::TargetDuration& row) {
      return !row.is_same() && plan::reads_names(*row.by_target);
    };
    if (retry.pause.is_same() && retry.most_pause->is_same()) {
      if (retry.most_pause->same >= retry.pause.same) return;
      resolver_.report.error("E0314", span, "the longest pause is shorter than the first one");
      return;
    }
    const bool by_name = reads(retry.pause) || reads(*retry.most_pause);
    for (const plan::TargetId target :
         plan::unlike_targets(resolver_.plan, *site_.targets, by_name)) {
      const auto first = plan::duration_for(resolver_.plan, retry.pause, target);
      const auto most = plan::duration_for(resolver_.plan, *retry.most_pause, target);
      if (!first || !most || most.value() >= first.value()) continue;
      resolver_.report.error(
          "E0314", span,
          fmt::format("on `{}` the longest pause, {}, is shorter than the first one, {}",
                      resolver_.plan.targets.name(target), plan::to_text({most.value()}),
                      plan::to_text({first.value()})));
      return;
    }
  }

  // A whole number from 1 to `most`.
  std::optional<std::uint32_t> whole(const ExpressionNode& node, const std::string& use,
                                     std::int64_t most) {
    const auto value =
        resolver_.expressions.resolve_known(node, {use, {Type::Number}, Stage::Known});
    if (!value) return std::nullopt;
    const std::int64_t micros = std::get<plan::Number>(value->content).micros;
    if (micros % one == 0 && micros >= one && micros / one <= most) {
      return static_cast<std::uint32_t>(micros / one);
    }
    resolver_.report.error("E0305", node.span,
                           fmt::format("{} is a whole number from 1 to {}", use, most));
    return std::nullopt;
  }

  void resolve_retry(const PhraseNode& phrase) {
    constexpr std::int64_t most = 1'000'000;
    work_.retry.more = whole(phrase.values[0], "`retry`", most).value_or(0);
    if (phrase.values.size() > 1) {
      const auto pause = duration(phrase.values[1], "the pause of `retry`", 0);
      work_.retry.pause = pause.value_or(plan::TargetDuration{});
    } else if (phrase.backoff) {
      resolver_.report.error("E0305", phrase.span, "`backoff` needs a pause that grows",
                             {"write `retry 5 every 2s backoff 2 up to 1m`"});
    }
    if (!phrase.backoff) return;
    const auto factor = resolver_.expressions.resolve_known(
        *phrase.backoff, {"`backoff`", {Type::Number}, Stage::Known});
    if (factor) {
      work_.retry.backoff = std::get<plan::Number>(factor->content);
      if (work_.retry.backoff.micros < one || work_.retry.backoff.micros > 1000 * one) {
        resolver_.report.error("E0305", phrase.backoff->span,
                               "`backoff` is a number from 1 to 1000");
      }
    }
    if (!phrase.up_to) return;
    work_.retry.most_pause = duration(*phrase.up_to, "the longest pause of `retry`", 1);
    if (work_.retry.most_pause) check_longest_pause(work_.retry, phrase.up_to->span);
  }

  std::optional<plan::Percentage> chance(Phrase kind) {
    const PhraseNode* phrase = find(kind);
    if (phrase == nullptr) return std::nullopt;
    const std::string use = fmt::format("`{}`", phrase_rule(kind).words);
    const auto value = resolver_.expressions.resolve_known(phrase->values[0],
                                                           {use, {Type::Percentage}, Stage::Known});
    if (!value) return std::nullopt;
    const auto share = std::get<plan::Percentage>(value->content);
    if (share.micros >= 0 && share.micros <= 100 * one) return share;
    resolver_.report.error("E0305", phrase->values[0].span,
                           fmt::format("{} is a percentage from 0% to 100%", use));
    return std::nullopt;
  }

  void add_given(const PhraseNode& phrase) {
    const Name& name = phrase.names[0];
    const bool twice = std::any_of(work_.gives.begin(), work_.gives.end(),
                                   [&](const auto& known) { return known.name == name.text; });
    if (twice) {
      resolver_.report.error("E0214", name.span, fmt::format("`{}` is given twice", name.text));
      return;
    }
    const ActionSchema* schema =
        find_action(site_.run->kind ? site_.run->kind->text : std::string_view("script"));
    if (schema != nullptr && !schema->writes_outputs) {
      resolver_.report.error("E0302", phrase.span,
                             fmt::format("`run {}` writes no outputs to assume", schema->kind),
                             {"a script does: `name=value` lines in the file $SLUICE_OUTPUT"});
      return;
    }
    const Wanted wanted{fmt::format("the output `{}`", name.text), {Type::String}, latest()};
    auto value = checked(phrase.values[0], wanted);
    if (value) work_.gives.push_back({name.text, *std::move(value)});
  }

  void add_use(const PhraseNode& phrase) {
    const Name& name = phrase.names[0];
    const auto found = resolver_.scope.resources.find(name.text);
    if (found == resolver_.scope.resources.end()) {
      std::vector<std::string> names;
      for (const auto& [known, id] : resolver_.scope.resources) names.push_back(known);
      auto hints = did_you_mean(name.text, names);
      if (hints.empty()) {
        hints.push_back(fmt::format("declare it: `resource {} 1Gbps` or `resource {} 3`", name.text,
                                    name.text));
      }
      resolver_.report.error("E0318", name.span,
                             fmt::format("there is no resource `{}`", name.text), hints);
      return;
    }
    const bool twice = std::any_of(work_.uses.begin(), work_.uses.end(), [&](const auto& known) {
      return known.resource == found->second;
    });
    if (twice) {
      resolver_.report.error("E0214", name.span, fmt::format("`{}` is used twice", name.text),
                             {"say how much of it in one place"});
      return;
    }
    if (resolver_.scope.broken_resources.count(name.text) > 0) return;
    const plan::Resource& resource = resolver_.plan.resources[found->second];
    plan::Use use;
    use.resource = found->second;
    if (resource.kind == plan::Resource::Kind::Rate) {
      const auto value = resolver_.expressions.resolve_known(
          phrase.values[0],
          {fmt::format("what goes over `{}`", name.text), {Type::Size}, Stage::Known});
      if (!value) return;
      use.size = std::get<plan::Size>(value->content);
    } else {
      const auto pieces = whole(phrase.values[0], fmt::format("what is used of `{}`", name.text),
                                std::max(resource.pieces, 1U));
      if (!pieces) return;
      use.pieces = *pieces;
    }
    work_.uses.push_back(use);
  }

  void resolve_effect() {
    const auto said = [&](Phrase phrase) {
      const PhraseNode* found = find(phrase);
      if (found != nullptr && site_.on_controller) {
        resolver_.report.error("E0310", found->span,
                               fmt::format("`{}` speaks of a target, and this step has none",
                                           phrase_rule(phrase).words),
                               {"say `on ROLE`"});
      }
      return found != nullptr;
    };
    work_.effect.drains = said(Phrase::Drains);
    work_.effect.restores = said(Phrase::Restores);
    work_.effect.interrupts = said(Phrase::Interrupts);
  }

  Stage latest() const { return site_.on_controller ? Stage::Known : Stage::PerTarget; }

  std::optional<plan::Expression> checked(const ExpressionNode& node, const Wanted& wanted) {
    auto value = resolver_.expressions.resolve(node, wanted);
    if (!value || !resolver_.expressions.check_targets(*value, *site_.targets, node.span, wanted)) {
      return std::nullopt;
    }
    return value;
  }

  // What the kind takes where nothing is said: its default, or as long as it waits.
  plan::Expression usual() const {
    const ActionSchema* schema = find_action(work_.action.kind);
    const plan::Expression* own = work_.action.attribute("duration");
    if (!schema->default_takes && own != nullptr && own->stage <= Stage::PerTarget) return *own;
    return plan::constant({schema->default_takes.value_or(base::Duration{})});
  }

  void resolve_takes() {
    using Kind = plan::DurationModel::Kind;
    const PhraseNode* phrase = find(Phrase::Takes);
    plan::DurationModel& model = work_.takes;
    const std::string name =
        phrase == nullptr || phrase->names.empty() ? "" : phrase->names[0].text;
    if (phrase == nullptr || name == "history") {
      model.low = usual();
      model.kind = phrase == nullptr ? Kind::Constant : Kind::History;
      model.assumed = phrase == nullptr && find_action(work_.action.kind)->default_takes;
      return;
    }
    if (misspelt_history(phrase->values[0])) return;
    std::vector<plan::Expression> values;
    const Wanted wanted{"`takes`", {Type::Duration}, latest()};
    for (const ExpressionNode& node : phrase->values) {
      auto value = checked(node, wanted);
      if (!value) return;
      check_length(*value, node.span);
      values.push_back(*std::move(value));
    }
    model.low = values[0];
    if (name == "normal") model.kind = Kind::Normal;
    if (name == "lognormal") model.kind = Kind::Lognormal;
    if (name == "exponential") model.kind = Kind::Exponential;
    if (name == "triangular") model.kind = Kind::Triangular;
    if (name.empty() && values.size() > 1) model.kind = Kind::Uniform;
    if (model.kind == Kind::Lognormal) check_median(values[0], phrase->values[0].span);
    if (model.kind == Kind::Triangular) model.mode = values[1];
    if (values.size() > 1) model.high = values.back();
    if (model.kind != Kind::Normal) check_ascending(*phrase, values);
  }

  bool misspelt_history(const ExpressionNode& node) {
    const bool name = node.kind == ExpressionNode::Kind::Variable &&
                      resolver_.scope.variables.count(node.name) == 0 &&
                      resolver_.scope.parameters.count(node.name) == 0;
    const std::vector<std::string> history{"history"};
    if (!name || nearest(node.name, history).empty()) return false;
    resolver_.report.error("E0204", node.span, fmt::format("there is no variable `{}`", node.name),
                           did_you_mean(node.name, history));
    return true;
  }

  void check_length(const plan::Expression& value, base::Span span) {
    const plan::Value* known = plan::constant_value(value);
    if (known == nullptr || std::get<base::Duration>(known->content).ms >= 0) return;
    resolver_.report.error("E0314", span, "an action takes no time, or some, but not less");
  }

  void check_median(const plan::Expression& value, base::Span span) {
    const plan::Value* known = plan::constant_value(value);
    if (known == nullptr || std::get<base::Duration>(known->content).ms > 0) return;
    resolver_.report.error("E0314", span, "the median of `lognormal` is longer than nothing");
  }

  void check_ascending(const PhraseNode& phrase, const std::vector<plan::Expression>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
      const plan::Value* from = plan::constant_value(values[i - 1]);
      const plan::Value* to = plan::constant_value(values[i]);
      if (from == nullptr || to == nullptr) continue;
      if (std::get<base::Duration>(from->content) <= std::get<base::Duration>(to->content)) {
        continue;
      }
      resolver_.report.error(
          "E0314", phrase.span,
          phrase.names.empty()
              ? fmt::format("`takes {} to {}` runs backwards", plan::to_text(*from),
                            plan::to_text(*to))
              : fmt::format("`{}` takes its durations from the shortest to the longest",
                            phrase.names[0].text));
      return;
    }
  }

  const WorkSite& site_;
  Resolver& resolver_;
  plan::Work work_;
};

}  // namespace

std::optional<plan::Work> resolve_work(const WorkSite& site, Resolver& resolver) {
  return WorkResolver(site, resolver).resolve();
}

}  // namespace sluice::compiler
