// Steps, child steps and gates: put together from what the parts of step_….cpp make of them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/most_errors.h"
#include "compiler/phrases.h"
#include "compiler/resolver.h"
#include "compiler/step_conditions.h"
#include "compiler/step_limits.h"
#include "compiler/step_rules.h"
#include "compiler/step_targets.h"
#include "compiler/step_work.h"

namespace sluice::compiler {

namespace {

bool says(const StepNode& node, Phrase phrase) {
  return find_phrase(node.phrases, phrase) != nullptr;
}

const WorkNode* find_work(const StepNode& node, WorkNode::Kind kind) {
  for (const WorkNode& work : node.works) {
    if (work.kind == kind && !work.runs.empty()) return &work;
  }
  return nullptr;
}

std::vector<std::string> tags_of(const StepNode& node, Resolver& resolver) {
  std::vector<std::string> tags;
  std::set<std::string_view> seen;
  const PhraseNode* phrase = find_phrase(node.phrases, Phrase::Tags);
  if (phrase == nullptr) return tags;
  for (const Name& name : phrase->names) {
    const bool twice = !seen.insert(name.text).second;
    if (twice || name.text.empty()) {
      resolver.report.error(
          twice ? "E0303" : "E0215", name.span,
          twice ? fmt::format("the tag `{}` is said twice", name.text) : "a tag is not empty");
      continue;
    }
    tags.push_back(name.text);
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

class StepResolver {
 public:
  StepResolver(const StepNode& node, const NamedSteps& steps, Resolver& resolver)
      : node_(node), steps_(steps), resolver_(resolver) {}

  void resolve() {
    id_ = plan::StepId{resolver_.plan.steps.size()};
    resolver_.scope.reader = {id_};
    enter_frame(node_.frame, resolver_);
    plan::Step step;
    step.name = node_.name.text;
    step.place = resolver_.place(node_.header_span);
    step.has_child_steps = !node_.children.empty();
    check_step_phrases(node_, StepPlace::Top, resolver_.report);
    resolve_on(node_, step, resolver_);
    targets_ = resolver_.plan.target_lists[step.targets];
    step.shared = says(node_, Phrase::Shared);
    step.optional = says(node_, Phrase::Optional);
    step.required = says(node_, Phrase::Required);
    step.disabled = says(node_, Phrase::Disabled);
    step.tags = tags_of(node_, resolver_);
    auto condition = resolve_when(node_.phrases, targets_, step.on_controller, resolver_);
    step.when = condition.when;
    step.condition = std::move(condition.expression);
    resolve_failure(step);
    resolve_tasks(step);
    enter_frame(node_.frame, resolver_);
    resolve_order(node_, step, resolver_);
    resolve_limits(node_, step, resolver_);
    resolver_.waits.push_back(resolve_waits(node_, steps_, id_.value == 0, resolver_));
    resolver_.step_spans.push_back(node_.header_span);
    const bool batched = !step.batches.sizes.empty() || !step.by.empty();
    resolver_.plan.steps.add(std::move(step));
    add_gates(batched);
    resolver_.scope.reader = {};
    enter_frame(StepNode::no_frame, resolver_);
  }

 private:
  void resolve_failure(plan::Step& step) {
    const PhraseNode* phrase = find_phrase(node_.phrases, Phrase::OnFailure);
    if (phrase == nullptr) return;
    const std::string& word = phrase->names[0].text;
    if (word == "continue") step.on_failure = plan::OnFailure::Continue;
    if (word == "ask") step.on_failure = plan::OnFailure::Ask;
    if (word == "rollback") {
      step.on_failure =
          phrase->rollback_all ? plan::OnFailure::RollbackAll : plan::OnFailure::Rollback;
    }
    if (word == "ignore" && step.has_child_steps) {
      resolver_.report.error("E0302", phrase->span, "`on failure ignore` belongs beside a `run`",
                             {"say it in the child step whose failure does not matter"});
    }
  }

  void resolve_tasks(plan::Step& step) {
    if (node_.broken && node_.children.empty()) return;
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
      if (!step.tasks.empty()) step.tasks[0].disabled = false;
      return;
    }
    check_name(node_);
    std::map<std::string, base::Span> names;
    for (const StepNode& child : node_.children) {
      if (base::is_full(resolver_.diagnostics)) return;
      const auto [known, first] = names.emplace(child.name.text, child.name.span);
      if (!first) {
        resolver_.report.error("E0202", child.name.span,
                               fmt::format("the child step `{}` is there twice", child.name.text),
                               {}, {{known->second, "first here"}});
      }
      check_step_phrases(child, StepPlace::Child, resolver_.report);
      check_child(child);
      resolve_task(child, step);
    }
    resolver_.scope.reader = {id_, OutputRead::step_itself, true};
    step.verify = resolve_part(node_, WorkNode::Kind::Verify, step, std::nullopt);
    step.skip_verified = says(node_, Phrase::SkipVerified);
  }

  void check_name(const StepNode& node) {
    if (!node.name.text.empty()) return;
    resolver_.report.error("E0215", node.name.span, "a step's name is empty");
  }

  void check_child(const StepNode& child) {
    if (!child.children.empty()) {
      resolver_.report.error("E0311", child.children[0].header_span,
                             "a child step has no child steps of its own",
                             {"let it stand beside the others, in the step around them"});
    } else if (child.runs.empty()) {
      resolver_.report.error("E0301", child.header_span, "this child step does nothing",
                             {"it needs a `run`"});
    }
    const PhraseNode* failure = find_phrase(child.phrases, Phrase::OnFailure);
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
    check_name(node);
    const auto number = static_cast<std::uint32_t>(step.tasks.size());
    resolver_.scope.reader = {id_, number};
    enter_frame(node.frame, resolver_);
    plan::Task task;
    task.name = node.name.text;
    task.place = resolver_.place(node.header_span);
    if (step.has_child_steps) {
      auto condition = resolve_when(node.phrases, targets_, step.on_controller, resolver_);
      task.when = condition.when;
      task.condition = std::move(condition.expression);
      task.tags = tags_of(node, resolver_);
    }
    task.disabled = says(node, Phrase::Disabled);
    const PhraseNode* failure = find_phrase(node.phrases, Phrase::OnFailure);
    task.ignore_failure = failure != nullptr && failure->names[0].text == "ignore";
    const auto work = resolve_work(
        {node.phrases, &node.runs[0], &targets_, step.on_controller, std::nullopt}, resolver_);
    const std::optional<plan::Via> via = work ? std::optional(work->via) : std::nullopt;
    resolver_.scope.reader = {id_, number, true};
    task.verify = resolve_part(node, WorkNode::Kind::Verify, step, via);
    task.undo = resolve_part(node, WorkNode::Kind::Undo, step, via);
    task.skip_verified = says(node, Phrase::SkipVerified);
    if (!work) return;
    static_cast<plan::Work&>(task) = *work;
    step.tasks.push_back(std::move(task));
  }

  std::optional<plan::Work> resolve_part(const StepNode& node, WorkNode::Kind kind,
                                         const plan::Step& step,
                                         const std::optional<plan::Via>& via) {
    const WorkNode* part = find_work(node, kind);
    if (part == nullptr) return std::nullopt;
    auto work = resolve_work({part->phrases, &part->runs[0], &targets_, step.on_controller, via},
                             resolver_);
    // It changes nothing, so it may be asked as often as one likes.
    if (work && kind == WorkNode::Kind::Verify) work->idempotent = true;
    return work;
  }

  void add_gates(bool batched) {
    const bool meant = find_phrase(node_.phrases, Phrase::Batches) != nullptr ||
                       find_phrase(node_.phrases, Phrase::By) != nullptr;
    if (!batched && !meant && !node_.gate_spans.empty()) {
      resolver_.report.error("E0319", node_.gate_spans[0], "this step has no batches",
                             {"say `batches 1, 25%` or `by zone` in its first line"});
    }
    std::map<std::string, base::Span> names;
    for (const StepNode& gate : node_.gates) {
      const auto [known, first] = names.emplace(gate.name.text, gate.name.span);
      if (!first) {
        resolver_.report.error("E0202", gate.name.span,
                               fmt::format("the step `{}` is there twice", gate.name.text), {},
                               {{known->second, "first here"}});
      }
      add_gate(gate);
    }
  }

  void add_gate(const StepNode& node) {
    check_step_phrases(node, StepPlace::Gate, resolver_.report);
    check_child(node);
    const plan::StepId id{resolver_.plan.steps.size()};
    plan::Step gate;
    gate.name = node.name.text;
    gate.place = resolver_.place(node.header_span);
    gate.on_controller = true;
    gate.targets = resolver_.intern({});
    gate.gate_of = id_;
    gate.window = {1, "one gate after the other"};
    gate.tolerate = {0, "no failure is tolerated"};
    const plan::StepId owner = std::exchange(id_, id);
    targets_ = {};
    resolve_task(node, gate);
    id_ = owner;
    gate.disabled = says(node, Phrase::Disabled);
    if (!gate.tasks.empty()) gate.tasks[0].disabled = false;
    resolver_.step_spans.push_back(node.header_span);
    Waits waits;
    waits.gate = true;
    resolver_.waits.push_back(std::move(waits));
    resolver_.plan.steps.add(std::move(gate));
  }

  const StepNode& node_;
  const NamedSteps& steps_;
  Resolver& resolver_;
  plan::StepId id_;
  plan::TargetList targets_;  // a copy: the plan's lists move while others are added
};

}  // namespace

void resolve_steps(const SyntaxTree& tree, Resolver& resolver) {
  std::vector<const StepNode*> nodes;
  NamedSteps steps;
  std::unordered_map<std::string_view, base::Span> seen;
  seen.reserve(tree.declarations.size());
  steps.ids.reserve(tree.declarations.size());
  std::uint32_t next = 0;
  for (const DeclarationNode& declaration : tree.declarations) {
    const auto* node = std::get_if<StepNode>(&declaration);
    if (node == nullptr || node->use) continue;
    nodes.push_back(node);
    const plan::StepId id{next};
    declare_outputs(*node, id, resolver);
    next += 1 + static_cast<std::uint32_t>(node->gates.size());
    const auto [known, first] = seen.emplace(node->name.text, node->name.span);
    if (first) {
      steps.names.push_back(node->name.text);
      steps.ids.emplace(node->name.text, id);
      continue;
    }
    resolver.report.error("E0202", node->name.span,
                          fmt::format("the step `{}` is there twice", node->name.text), {},
                          {{known->second, "first here"}});
  }
  if (nodes.empty() && !resolver.steps_missing) {
    resolver.report.error("E0301", {tree.file, 0, 0}, "the deployment has no steps",
                          {"a first one: step \"Say hello\" { run \"echo hello\" }"});
  }
  for (const StepNode* node : nodes) {
    if (base::is_full(resolver.diagnostics)) return;
    StepResolver(*node, steps, resolver).resolve();
  }
}

}  // namespace sluice::compiler
