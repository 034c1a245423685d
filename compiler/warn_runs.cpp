// Warnings of what is run: retries that repeat work, steps without an estimate, effects on service
// that nobody was told of.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "compiler/phrases.h"
#include "compiler/warnings.h"
#include "plan/target_durations.h"

namespace sluice::compiler {

namespace {

base::Span span_of(const PlannedRun& planned, Phrase phrase) {
  const PhraseNode* found = find_phrase(*planned.phrases, phrase);
  return found != nullptr ? found->span : planned.run->span;
}

bool is_word(const plan::Action& action, std::string_view name, std::string_view word) {
  const plan::Expression* attribute = action.attribute(name);
  const plan::Value* value = attribute == nullptr ? nullptr : plan::constant_value(*attribute);
  return value != nullptr && *value == plan::Value{std::string(word)};
}

// Whether doing it twice comes to the same as doing it once, by its nature.
bool may_repeat(const plan::Action& action) {
  const ActionSchema& schema = *find_action(action.kind);
  if (action.kind == "http") {
    return !is_word(action, "method", "POST") && !is_word(action, "method", "PATCH");
  }
  return !schema.writes_outputs && action.kind != "email";
}

void warn_of_retry(const PlannedRun& planned, Resolver& resolver) {
  const plan::Work& work = *planned.work;
  if (work.retry.more == 0 || work.idempotent || may_repeat(work.action)) return;
  resolver.report.warning("W0407", span_of(planned, Phrase::Retry),
                          "a retry begins again what may have been done in part",
                          {"say `idempotent` where that is fine, or make it so that it is"});
}

// A child step above it took the target out, and none between has brought it back.
bool is_out_already(const PlannedRun& planned, const plan::Step& step) {
  bool out = false;
  for (const plan::Task& task : step.tasks) {
    if (&task == planned.task) break;
    const bool always = !task.condition && !task.disabled && task.when != plan::When::Failure;
    if (task.effect.drains && always) out = true;
    if (task.effect.restores) out = false;
  }
  return out;
}

// A balancer's server that is written out is none of the step's targets: a whole side, say.
bool is_of_its_target(const plan::Action& action) {
  const plan::Expression* server = action.attribute("server");
  return action.kind != "haproxy" || server == nullptr || plan::constant_value(*server) == nullptr;
}

void warn_of_effect(const PlannedRun& planned, Resolver& resolver) {
  const plan::Work& work = *planned.work;
  const plan::Step& step = resolver.plan.steps[planned.id];
  const bool any = work.effect.drains || work.effect.restores || work.effect.interrupts;
  if (planned.task == nullptr || any || step.on_controller) return;
  if (!is_of_its_target(work.action)) return;
  for (const UsualEffect& usual : find_action(work.action.kind)->usual_effects) {
    if (!is_word(work.action, usual.attribute, usual.value)) continue;
    const bool restores = usual.phrase == Phrase::Restores;
    if (!restores && is_out_already(planned, step)) continue;
    resolver.report.warning(
        "W0410", planned.run->span,
        fmt::format("`{}` with `{} = \"{}\"` {}, and the step does not say so", work.action.kind,
                    usual.attribute, usual.value,
                    restores ? "brings its target back" : "takes its target out of service"),
        {fmt::format("say `{}`, so that capacity and contracts count it",
                     phrase_rule(usual.phrase).words)});
  }
}

// The first target, or none in particular, on which the shortest attempt is longer than its
// timeout.
struct TooShort {
  std::string at;  // " on `web-1`"; empty: on all targets alike
  base::Duration shortest;
  base::Duration timeout;
};

std::optional<TooShort> too_short(const plan::Plan& plan, const plan::Step& step,
                                  const plan::Work& work) {
  const plan::TargetDuration& timeout = *work.timeout;
  const plan::Value* known = plan::constant_value(work.takes.low);
  const auto* constant = known == nullptr ? nullptr : std::get_if<base::Duration>(&known->content);
  if (constant != nullptr && timeout.is_same()) {
    if (*constant <= timeout.same) return std::nullopt;
    return TooShort{"", *constant, timeout.same};
  }
  const plan::TargetDuration shortest =
      constant != nullptr ? plan::TargetDuration(*constant) : plan::TargetDuration(work.takes.low);
  const bool by_name = plan::reads_names(work.takes.low) ||
                       (!timeout.is_same() && plan::reads_names(*timeout.by_target));
  const plan::TargetList& targets = plan.target_lists[step.targets];
  for (const plan::TargetId target : plan::unlike_targets(plan, targets, by_name)) {
    const auto least = plan::duration_for(plan, shortest, target);
    const auto most = plan::duration_for(plan, timeout, target);
    if (!least || !most || least.value() <= most.value()) continue;
    return TooShort{fmt::format(" on `{}`", plan.targets.name(target)), least.value(),
                    most.value()};
  }
  return std::nullopt;
}

// Models without a shortest duration may end in time, though seldom.
void warn_of_timeout(const PlannedRun& planned, Resolver& resolver) {
  using Kind = plan::DurationModel::Kind;
  const plan::Work& work = *planned.work;
  const Kind kind = work.takes.kind;
  const bool bounded = kind == Kind::Constant || kind == Kind::Uniform || kind == Kind::Triangular;
  if (!work.timeout || !bounded || work.takes.assumed) return;
  const auto found = too_short(resolver.plan, resolver.plan.steps[planned.id], work);
  if (!found) return;
  std::string text = fmt::format("no attempt ends in time{}: it takes {} at least", found->at,
                                 plan::to_text({found->shortest}));
  if (!found->at.empty()) text += ", and has " + plan::to_text({found->timeout});
  resolver.report.warning("W0414", span_of(planned, Phrase::Timeout), text,
                          {"make the timeout longer, or say what it really takes"});
}

// Where some say how long they take, the one that does not makes the prediction a guess.
void warn_of_estimate(std::span<const PlannedRun> runs, Resolver& resolver) {
  const bool told = std::any_of(runs.begin(), runs.end(), [](const PlannedRun& planned) {
    return find_phrase(*planned.phrases, Phrase::Takes) != nullptr;
  });
  if (!told) return;
  for (const PlannedRun& planned : runs) {
    if (planned.task == nullptr || !planned.work->takes.assumed) continue;
    const plan::Value* usual = plan::constant_value(planned.work->takes.low);
    resolver.report.warning("W0406", planned.run->span,
                            fmt::format("nothing says how long this takes: {} is assumed",
                                        usual == nullptr ? "its default" : plan::to_text(*usual)),
                            {"say it, as in `takes 30s`"});
  }
}

}  // namespace

void warn_of_runs(std::span<const PlannedRun> runs, Resolver& resolver) {
  for (const PlannedRun& planned : runs) {
    warn_of_retry(planned, resolver);
    warn_of_effect(planned, resolver);
    warn_of_timeout(planned, resolver);
  }
  warn_of_estimate(runs, resolver);
}

}  // namespace sluice::compiler
