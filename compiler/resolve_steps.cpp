// Steps and child steps: phrases, targets, limits, tasks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "compiler/phrases.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::Stage;
using plan::Type;

constexpr std::int64_t one = 1'000'000;

class StepResolver {
 public:
  StepResolver(const StepNode& node, const std::vector<std::string>& step_names, Resolver& resolver)
      : node_(node), step_names_(step_names), resolver_(resolver) {}

  void resolve() {
    plan::Step step;
    step.name = node_.name.text;
    step.place = resolver_.place(node_.header_span);
    step.has_child_steps = !node_.children.empty();
    check_later(node_);
    check_phrases(node_, false);
    check_header_order();
    resolve_on(step);
    resolve_order_and_once(step);
    resolve_limits(step);
    step.shared = find(node_, Phrase::Shared) != nullptr;
    step.optional = find(node_, Phrase::Optional) != nullptr;
    step.disabled = find(node_, Phrase::Disabled) != nullptr;
    step.when = when(node_);
    resolve_failure(step);
    resolve_waits();
    resolve_tasks(step);
    resolver_.plan.steps.add(std::move(step));
    resolver_.step_spans.push_back(node_.header_span);
  }

 private:
  static const PhraseNode* find(const StepNode& node, Phrase phrase) {
    for (const PhraseNode& candidate : node.phrases) {
      if (candidate.phrase == phrase) return &candidate;
    }
    return nullptr;
  }

  void check_later(const StepNode& node) {
    constexpr std::array later{Phrase::Where, Phrase::Except,       Phrase::Batches,
                               Phrase::By,    Phrase::Stagger,      Phrase::Unreachable,
                               Phrase::Tags,  Phrase::SkipVerified, Phrase::Idempotent,
                               Phrase::Fails, Phrase::Offline,      Phrase::Gives,
                               Phrase::Uses,  Phrase::Required};
    const auto say = [&](base::Span span, std::string_view what) {
      resolver_.report.error("E0114", span,
                             fmt::format("this version does not know `{}` yet", what));
    };
    for (const PhraseNode& phrase : node.phrases) {
      const bool more = phrase.limits.size() > 1 ||
                        (!phrase.limits.empty() && phrase.limits[0].per) || phrase.backoff ||
                        (phrase.phrase == Phrase::WhenCondition && !phrase.values.empty()) ||
                        (phrase.phrase == Phrase::OnFailure &&
                         (phrase.names[0].text == "ask" || phrase.names[0].text == "rollback")) ||
                        (phrase.phrase == Phrase::Takes && !phrase.names.empty()) ||
                        (phrase.phrase == Phrase::Order &&
                         (phrase.names[0].text == "longest" || phrase.names[0].text == "random" ||
                          phrase.names[0].text == "target"));
      if (more || std::find(later.begin(), later.end(), phrase.phrase) != later.end()) {
        say(phrase.span, phrase_rule(phrase.phrase).words);
      }
    }
    for (const WorkNode& work : node.works) say(work.header_span, "verify` and `undo");
    for (const base::Span span : node.gate_spans) say(span, "between batches");
    if (node.use) say(node.header_span, "use");
    for (const StepNode& child : node.children) check_later(child);
  }

  void check_phrases(const StepNode& node, bool child) {
    std::map<Phrase, base::Span> seen;
    for (const PhraseNode& phrase : node.phrases) {
      const PhraseRule& rule = phrase_rule(phrase.phrase);
      const auto [known, first] = seen.emplace(phrase.phrase, phrase.span);
      if (!first && !rule.repeats) {
        resolver_.report.error("E0303", phrase.span, fmt::format("`{}` is said twice", rule.words),
                               {}, {{known->second, "first said here"}});
      } else if (child && !rule.at_child) {
        resolver_.report.error("E0311", phrase.span,
                               fmt::format("a child step has no `{}` of its own", rule.words),
                               {"it belongs to the step around it"});
      } else if (!child && !node.children.empty() && !rule.beside_children) {
        resolver_.report.error(
            "E0302", phrase.span,
            fmt::format("`{}` belongs beside a `run`, and this step has child steps", rule.words),
            {"say it in the child step that it is for"});
      } else if (phrase.in_header ? !rule.in_header : !rule.in_body) {
        resolver_.report.error(
            "E0302", phrase.span,
            phrase.in_header
                ? fmt::format("`{}` stands within the step, behind `{{`", rule.words)
                : fmt::format("`{}` stands in the step's first line, before `{{`", rule.words));
      }
    }
  }

  void check_header_order() {
    const PhraseNode* before = nullptr;
    for (const PhraseNode& phrase : node_.phrases) {
      const int position = phrase_rule(phrase.phrase).header_position;
      if (!phrase.in_header || position == 0) continue;
      if (before != nullptr && position < phrase_rule(before->phrase).header_position) {
        resolver_.report.error(
            "E0304", phrase.span,
            fmt::format("`{}` stands before `{}`", phrase_rule(phrase.phrase).words,
                        phrase_rule(before->phrase).words),
            {"the order is: once, on, window, via"});
        return;
      }
      before = &phrase;
    }
  }

  std::optional<plan::RoleId> role(const Name& name) {
    const auto found = resolver_.scope.roles.find(name.text);
    if (found != resolver_.scope.roles.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, id] : resolver_.scope.roles) names.push_back(known);
    auto hints = did_you_mean(name.text, names);
    if (hints.empty() && !names.empty()) {
      hints.push_back(fmt::format("there are {}", fmt::join(names, ", ")));
    }
    resolver_.report.error("E0203", name.span, fmt::format("there is no role `{}`", name.text),
                           hints);
    return std::nullopt;
  }

  void resolve_on(plan::Step& step) {
    const PhraseNode* on = find(node_, Phrase::On);
    step.on_controller = on == nullptr;
    step.targets = resolver_.intern({});
    if (on == nullptr) return;
    std::vector<plan::RoleId> roles;
    for (const Name& name : on->names) {
      const auto id = role(name);
      if (!id) {
        targets_known_ = false;
        continue;
      }
      if (std::find(roles.begin(), roles.end(), *id) != roles.end()) {
        resolver_.report.error("E0303", name.span, fmt::format("`{}` is named twice", name.text));
        continue;
      }
      roles.push_back(*id);
    }
    step.targets = targets_of(roles);
    const bool optional = find(node_, Phrase::Optional) != nullptr;
    if (targets_known_ && !optional && resolver_.plan.target_lists[step.targets].empty()) {
      resolver_.report.error("E0306", on->span, "the step has no targets",
                             {"say `optional` where that is fine: it is skipped then"});
    }
  }

  // Each target once, in the order of first mention. Worked out once for the same roles.
  plan::TargetListId targets_of(const std::vector<plan::RoleId>& roles) {
    if (roles.size() == 1) return resolver_.plan.roles[roles[0]].targets;
    std::string key = "on";
    for (const plan::RoleId id : roles) key += fmt::format(" {}", id.value);
    const auto known = resolver_.step_lists.find(key);
    if (known != resolver_.step_lists.end()) return known->second;
    plan::TargetList all;
    std::vector<bool> seen(resolver_.plan.targets.size());
    for (const plan::RoleId id : roles) {
      resolver_.plan.target_lists[resolver_.plan.roles[id].targets].for_each(
          [&](plan::TargetId target) {
            if (seen[target.value]) return;
            seen[target.value] = true;
            all.add(target);
          });
    }
    return resolver_.step_lists[key] = resolver_.intern(std::move(all));
  }

  void resolve_order_and_once(plan::Step& step) {
    const PhraseNode* order = find(node_, Phrase::Order);
    const PhraseNode* once = find(node_, Phrase::Once);
    for (const PhraseNode* phrase : {order, once}) {
      if (phrase == nullptr || !step.on_controller) continue;
      resolver_.report.error("E0302", phrase->span, "this step has no `on`, and so no targets",
                             {"say `on ROLE`"});
    }
    if (step.on_controller) return;
    if (order != nullptr) step.targets = ordered(step.targets, order->names[0]);
    const plan::TargetList& list = resolver_.plan.target_lists[step.targets];
    if (once == nullptr || list.empty()) return;
    plan::TargetList first;
    first.add(list.at(0));
    step.targets = resolver_.intern(std::move(first));
  }

  plan::TargetListId ordered(plan::TargetListId list, const Name& word) {
    if (word.text == "inventory") return list;
    if (word.text != "reverse" && word.text != "name") {
      const std::vector<std::string> words{"inventory", "reverse", "name"};
      auto hints = did_you_mean(word.text, words);
      hints.push_back("an order is inventory, reverse or name");
      resolver_.report.error("E0309", word.span, fmt::format("there is no order `{}`", word.text),
                             hints);
      return list;
    }
    const std::string key = fmt::format("{} {}", word.text, list.value);
    const auto known = resolver_.step_lists.find(key);
    if (known != resolver_.step_lists.end()) return known->second;
    std::vector<plan::TargetId> targets;
    resolver_.plan.target_lists[list].for_each(
        [&](plan::TargetId target) { targets.push_back(target); });
    if (word.text == "reverse") {
      std::reverse(targets.begin(), targets.end());
    } else {
      const plan::Targets& rows = resolver_.plan.targets;
      std::sort(targets.begin(), targets.end(),
                [&](plan::TargetId a, plan::TargetId b) { return rows.name(a) < rows.name(b); });
    }
    plan::TargetList result;
    for (const plan::TargetId target : targets) result.add(target);
    return resolver_.step_lists[key] = resolver_.intern(std::move(result));
  }

  void resolve_limits(plan::Step& step) {
    const std::uint32_t targets =
        step.on_controller ? 1 : resolver_.plan.target_lists[step.targets].size();
    step.window = {std::max(1U, targets),
                   step.on_controller ? "on the controller" : "no window: all targets at once"};
    step.tolerate = {0, "no failure is tolerated"};
    if (const PhraseNode* window = find(node_, Phrase::Window)) {
      if (step.on_controller) {
        resolver_.report.error("E0302", window->span, "this step has no `on`, and so no window");
      } else {
        limit(*window, "window", targets, 1, step.window);
      }
    }
    if (const PhraseNode* tolerate = find(node_, Phrase::Tolerate)) {
      limit(*tolerate, "tolerate", targets, 0, step.tolerate);
    }
  }

  // A number as it is, or a share of the targets: rounded down, up where it says so, at least the
  // least.
  void limit(const PhraseNode& phrase, const std::string& word, std::uint32_t targets,
             std::uint32_t least, plan::Limit& result) {
    const bool sized = !phrase.limits.empty();
    const ExpressionNode& node = sized ? phrase.limits[0].value : phrase.values[0];
    const bool round_up = sized && phrase.limits[0].round_up;
    const auto value = resolver_.expressions.resolve_known(
        node, {fmt::format("`{}`", word), {Type::Number, Type::Percentage}, Stage::Known});
    if (!value) return;
    const std::string text = plan::to_text(*value);
    if (const auto* number = std::get_if<plan::Number>(&value->content)) {
      const std::int64_t whole = number->micros / one;
      const bool fits = number->micros % one == 0 && whole >= least &&
                        whole <= static_cast<std::int64_t>(most_targets);
      if (round_up || !fits) {
        resolver_.report.error(
            "E0305", phrase.span,
            round_up ? "`up` rounds a percentage, and this is a number"
                     : fmt::format("`{}` is a whole number from {}, or a percentage", word, least),
            {fmt::format("as in `{} 3` or `{} 25%`", word, word)});
        return;
      }
      result = {static_cast<std::uint32_t>(whole), fmt::format("{} {}", word, text)};
      return;
    }
    const plan::Percentage share = std::get<plan::Percentage>(value->content);
    if (share.micros > 100 * one || (share.micros == 0 && least > 0)) {
      resolver_.report.error("E0305", phrase.span,
                             fmt::format("`{} {}` is not above 0% and at most 100%", word, text));
      return;
    }
    const std::uint32_t exact = plan::share_of(share, targets, round_up);
    const bool raised = exact < least;
    result.value = std::max(exact, least);
    result.rule = fmt::format("{} {}{} of {} target{}, rounded {}{}", word, text,
                              round_up ? " up" : "", targets, targets == 1 ? "" : "s",
                              round_up ? "up" : "down", raised ? ", at least 1" : "");
  }

  plan::When when(const StepNode& node) {
    const PhraseNode* phrase = find(node, Phrase::WhenCondition);
    if (phrase == nullptr || phrase->names.empty() || phrase->names[0].text == "success") {
      return plan::When::Success;
    }
    const Name& word = phrase->names[0];
    if (word.text == "failure") return plan::When::Failure;
    if (word.text == "always") return plan::When::Always;
    const std::vector<std::string> words{"success", "failure", "always"};
    auto hints = did_you_mean(word.text, words);
    hints.push_back("this version knows `when success`, `when failure` and `when always`");
    resolver_.report.error("E0309", word.span, fmt::format("there is no condition `{}`", word.text),
                           hints);
    return plan::When::Success;
  }

  void resolve_failure(plan::Step& step) {
    const PhraseNode* phrase = find(node_, Phrase::OnFailure);
    if (phrase == nullptr) return;
    const std::string& word = phrase->names[0].text;
    step.on_failure = word == "continue" ? plan::OnFailure::Continue : plan::OnFailure::Halt;
    if (word == "ignore" && step.has_child_steps) {
      resolver_.report.error("E0302", phrase->span, "`on failure ignore` belongs beside a `run`",
                             {"say it in the child step whose failure does not matter"});
    }
  }

  void resolve_waits() {
    Waits waits;
    waits.span = node_.header_span;
    const PhraseNode* with_previous = find(node_, Phrase::WithPrevious);
    const PhraseNode* after = find(node_, Phrase::After);
    if (with_previous != nullptr) {
      waits.with_previous = true;
      waits.span = with_previous->span;
      if (resolver_.waits.empty()) {
        resolver_.report.error("E0307", with_previous->span, "there is no step above this one");
      }
    }
    if (after != nullptr) {
      waits.named = true;
      waits.span = after->span;
      if (with_previous != nullptr) {
        resolver_.report.error("E0302", after->span,
                               "`after` and `with previous` say two different things", {},
                               {{with_previous->span, "here"}});
      }
      for (const Name& name : after->names) wait_for(name, waits);
    }
    resolver_.waits.push_back(std::move(waits));
  }

  void wait_for(const Name& name, Waits& waits) {
    const auto found = std::find(step_names_.begin(), step_names_.end(), name.text);
    if (found == step_names_.end()) {
      resolver_.report.error("E0307", name.span, fmt::format("there is no step `{}`", name.text),
                             did_you_mean(name.text, step_names_));
      return;
    }
    waits.after.push_back({static_cast<std::uint32_t>(found - step_names_.begin())});
  }

  void resolve_tasks(plan::Step& step) {
    if (node_.runs.empty() && node_.children.empty()) {
      resolver_.report.error("E0301", node_.header_span, "this step does nothing",
                             {"it needs one `run`, or child steps"});
      return;
    }
    if (!node_.runs.empty() && !node_.children.empty()) {
      resolver_.report.error("E0301", node_.runs[0].span,
                             "a step has either a `run` or child steps", {},
                             {{node_.children[0].header_span, "a child step is here"}});
      return;
    }
    if (node_.children.empty()) {
      resolve_task(node_, step);
      // The step's own condition and `disabled` are the step's; its one task just runs.
      if (!step.tasks.empty()) {
        step.tasks[0].when = plan::When::Success;
        step.tasks[0].disabled = false;
      }
      return;
    }
    std::map<std::string, base::Span> names;
    for (const StepNode& child : node_.children) {
      const auto [known, first] = names.emplace(child.name.text, child.name.span);
      if (!first) {
        resolver_.report.error("E0202", child.name.span,
                               fmt::format("the child step `{}` is there twice", child.name.text),
                               {}, {{known->second, "first here"}});
      }
      check_phrases(child, true);
      check_child(child);
      resolve_task(child, step);
    }
  }

  void check_child(const StepNode& child) {
    if (!child.children.empty()) {
      resolver_.report.error("E0311", child.children[0].header_span,
                             "a child step has no child steps of its own");
    } else if (child.runs.empty()) {
      resolver_.report.error("E0301", child.header_span, "this child step does nothing",
                             {"it needs a `run`"});
    }
    const PhraseNode* failure = find(child, Phrase::OnFailure);
    if (failure != nullptr && failure->names[0].text != "ignore") {
      resolver_.report.error("E0311", failure->span,
                             "what a failure does to the step is said at the step",
                             {"a child step may say `on failure ignore`"});
    }
  }

  void resolve_task(const StepNode& node, plan::Step& step) {
    if (node.runs.empty()) return;
    if (node.runs.size() > 1) {
      resolver_.report.error("E0301", node.runs[1].span, "a step has one `run`", {},
                             {{node.runs[0].span, "the first one is here"}});
    }
    if (node.name.text.empty()) {
      resolver_.report.error("E0215", node.name.span, "a step's name is empty");
    }
    plan::Task task;
    task.name = node.name.text;
    task.place = resolver_.place(node.header_span);
    task.action_place = resolver_.place(node.runs[0].span);
    task.when = when(node);
    task.disabled = find(node, Phrase::Disabled) != nullptr;
    const PhraseNode* failure = find(node, Phrase::OnFailure);
    task.ignore_failure = failure != nullptr && failure->names[0].text == "ignore";
    task.via = via(node, step);
    if (const PhraseNode* timeout = find(node, Phrase::Timeout)) {
      task.timeout = duration(timeout->values[0], "`timeout`", 1);
    }
    resolve_retry(node, task);
    task.effect.drains = find(node, Phrase::Drains) != nullptr;
    task.effect.restores = find(node, Phrase::Restores) != nullptr;
    task.effect.interrupts = find(node, Phrase::Interrupts) != nullptr;
    check_effects(node, step);
    const plan::TargetList targets = resolver_.plan.target_lists[step.targets];
    auto action = resolve_action(node.runs[0], targets, step.on_controller, resolver_);
    if (!action) return;
    task.action = *std::move(action);
    resolve_takes(node, targets, step.on_controller, task);
    step.tasks.push_back(std::move(task));
  }

  void check_effects(const StepNode& node, const plan::Step& step) {
    if (!step.on_controller) return;
    for (const Phrase phrase : {Phrase::Drains, Phrase::Restores, Phrase::Interrupts}) {
      const PhraseNode* found = find(node, phrase);
      if (found == nullptr) continue;
      resolver_.report.error(
          "E0310", found->span,
          fmt::format("`{}` speaks of a target, and this step has none", phrase_rule(phrase).words),
          {"say `on ROLE`"});
    }
  }

  plan::Via via(const StepNode& node, const plan::Step& step) {
    plan::Via result;
    result.hosts = resolver_.intern({});
    const PhraseNode* phrase = find(node, Phrase::Via);
    if (phrase == nullptr) return result;
    const Name& name = phrase->names[0];
    if (name.text == plan::controller_name && !name.quoted) {
      if (phrase->first) {
        resolver_.report.error("E0309", phrase->span, "there is one controller, and no first one");
      }
      result.kind = plan::Via::Kind::Controller;
      return result;
    }
    const auto id = role(name);
    if (!id) return result;
    const plan::TargetListId hosts = resolver_.plan.roles[*id].targets;
    if (resolver_.plan.target_lists[hosts].empty()) {
      resolver_.report.error("E0306", phrase->span,
                             fmt::format("the role `{}` has no targets to go by", name.text));
      return result;
    }
    (void)step;
    result.kind = phrase->first ? plan::Via::Kind::First : plan::Via::Kind::Each;
    result.hosts = hosts;
    if (phrase->first) {
      plan::TargetList first;
      first.add(resolver_.plan.target_lists[hosts].at(0));
      result.hosts = resolver_.intern(std::move(first));
    }
    return result;
  }

  std::optional<base::Duration> duration(const ExpressionNode& node, const std::string& use,
                                         std::int64_t least) {
    const auto value =
        resolver_.expressions.resolve_known(node, {use, {Type::Duration}, Stage::Known});
    if (!value) return std::nullopt;
    const auto result = std::get<base::Duration>(value->content);
    if (result.ms >= least) return result;
    resolver_.report.error("E0314", node.span, fmt::format("{} is longer than nothing", use));
    return std::nullopt;
  }

  void resolve_retry(const StepNode& node, plan::Task& task) {
    const PhraseNode* phrase = find(node, Phrase::Retry);
    if (phrase == nullptr) return;
    const auto count = resolver_.expressions.resolve_known(
        phrase->values[0], {"`retry`", {Type::Number}, Stage::Known});
    if (count) {
      const std::int64_t micros = std::get<plan::Number>(count->content).micros;
      if (micros % one != 0 || micros < one || micros > 1'000'000 * one) {
        resolver_.report.error("E0305", phrase->values[0].span,
                               "`retry` is a whole number from 1 to 1,000,000");
      } else {
        task.retry.more = static_cast<std::uint32_t>(micros / one);
      }
    }
    if (phrase->values.size() < 2) return;
    const auto pause = duration(phrase->values[1], "the pause of `retry`", 0);
    if (pause) task.retry.pause = *pause;
  }

  void resolve_takes(const StepNode& node, const plan::TargetList& targets, bool on_controller,
                     plan::Task& task) {
    const PhraseNode* phrase = find(node, Phrase::Takes);
    const ActionSchema* schema = find_action(task.action.kind);
    if (phrase == nullptr || phrase->values.empty()) {
      const plan::Expression* given = task.action.attribute("duration");
      const bool own = !schema->default_takes && given != nullptr;
      task.takes.assumed = !own;
      task.takes.low =
          own ? *given : plan::constant({schema->default_takes.value_or(base::Duration{})});
      return;
    }
    const Wanted wanted{
        "`takes`", {Type::Duration}, on_controller ? Stage::Known : Stage::PerTarget};
    auto low = resolver_.expressions.resolve(phrase->values[0], wanted);
    if (!low) return;
    resolver_.expressions.check_targets(*low, targets, phrase->values[0].span, wanted);
    task.takes.low = *std::move(low);
    if (phrase->values.size() < 2) return;
    auto high = resolver_.expressions.resolve(phrase->values[1], wanted);
    if (!high) return;
    resolver_.expressions.check_targets(*high, targets, phrase->values[1].span, wanted);
    task.takes.kind = plan::DurationModel::Kind::Uniform;
    task.takes.high = *std::move(high);
    const plan::Value* from = plan::constant_value(task.takes.low);
    const plan::Value* to = plan::constant_value(task.takes.high);
    if (from == nullptr || to == nullptr) return;
    if (std::get<base::Duration>(to->content) < std::get<base::Duration>(from->content)) {
      resolver_.report.error(
          "E0314", phrase->span,
          fmt::format("`takes {} to {}` runs backwards", plan::to_text(*from), plan::to_text(*to)));
    }
  }

  const StepNode& node_;
  const std::vector<std::string>& step_names_;
  Resolver& resolver_;
  bool targets_known_ = true;
};

// Declarations that are read and not resolved yet.
void report_later(const DeclarationNode& declaration, Resolver& resolver) {
  std::visit(
      [&](const auto& node) {
        using Node = std::decay_t<decltype(node)>;
        constexpr bool resolved =
            std::is_same_v<Node, DeploymentNode> || std::is_same_v<Node, RoleNode> ||
            std::is_same_v<Node, ConnectNode> || std::is_same_v<Node, VariableNode> ||
            std::is_same_v<Node, StepNode>;
        if constexpr (!resolved) {
          resolver.report.error("E0114", node.span, "this version does not know this yet");
        }
      },
      declaration);
  const auto* step = std::get_if<StepNode>(&declaration);
  if (step != nullptr && step->use) {
    resolver.report.error("E0114", step->span, "this version does not know `use` yet");
  }
}

}  // namespace

void resolve_steps(const SyntaxTree& tree, Resolver& resolver) {
  std::vector<const StepNode*> nodes;
  std::vector<std::string> names;
  std::map<std::string, base::Span> seen;
  for (const DeclarationNode& declaration : tree.declarations) {
    report_later(declaration, resolver);
    const auto* node = std::get_if<StepNode>(&declaration);
    if (node == nullptr || node->use) continue;
    nodes.push_back(node);
    names.push_back(node->name.text);
    const auto [known, first] = seen.emplace(node->name.text, node->name.span);
    if (first) continue;
    resolver.report.error("E0202", node->name.span,
                          fmt::format("the step `{}` is there twice", node->name.text), {},
                          {{known->second, "first here"}});
  }
  if (nodes.empty()) {
    resolver.report.error("E0301", {tree.file, 0, 0}, "the deployment has no steps",
                          {"a first one: step \"Say hello\" { run \"echo hello\" }"});
  }
  for (const StepNode* node : nodes) StepResolver(*node, names, resolver).resolve();
}

}  // namespace sluice::compiler
