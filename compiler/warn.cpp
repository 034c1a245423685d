// What is no mistake, and yet seldom meant: warnings that experience teaches.
#include <fmt/format.h>

#include "compiler/warnings.h"

namespace sluice::compiler {

namespace {

// The runs of the file beside what the plan holds of them.
class Pairing {
 public:
  explicit Pairing(const plan::Plan& plan) : plan_(plan) {}

  void add(const StepNode& node) {
    const plan::StepId id{next_++};
    steps_.push_back({&node, id});
    const plan::Step& step = plan_.steps[id];
    if (node.children.empty()) {
      add_task(node, id, step.tasks[0]);
    } else {
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        add_task(node.children[i], id, step.tasks[i]);
      }
      add_part(node, WorkNode::Kind::Verify, step.verify, id);
    }
    for (const StepNode& gate : node.gates) {
      const plan::StepId of_gate{next_++};
      add_task(gate, of_gate, plan_.steps[of_gate].tasks[0]);
    }
  }

  const std::vector<PlannedStep>& steps() const { return steps_; }
  const std::vector<PlannedRun>& runs() const { return runs_; }

 private:
  void add_task(const StepNode& node, plan::StepId id, const plan::Task& task) {
    runs_.push_back({&node, &node.phrases, &node.runs[0], &task, id, &task});
    add_part(node, WorkNode::Kind::Verify, task.verify, id);
    add_part(node, WorkNode::Kind::Undo, task.undo, id);
  }

  void add_part(const StepNode& node, WorkNode::Kind kind, const base::Boxed<plan::Work>& work,
                plan::StepId id) {
    if (!work) return;
    for (const WorkNode& part : node.works) {
      if (part.kind != kind) continue;
      runs_.push_back({&node, &part.phrases, &part.runs[0], &*work, id, nullptr});
      return;
    }
  }

  const plan::Plan& plan_;
  std::uint32_t next_ = 0;
  std::vector<PlannedStep> steps_;
  std::vector<PlannedRun> runs_;
};

// What a library declares may be there for others.
void warn_of_unused(base::FileId main, Resolver& resolver) {
  for (const auto& [name, entry] : resolver.scope.variables) {
    if (entry.used || entry.span.file != main) continue;
    resolver.report.warning("W0402", entry.span, fmt::format("`{}` is not used", name));
  }
  for (const auto& [name, entry] : resolver.scope.secrets) {
    if (entry.used || entry.span.file != main) continue;
    resolver.report.warning("W0402", entry.span, fmt::format("the secret `{}` is not used", name));
  }
}

}  // namespace

void warn(const SyntaxTree& tree, Resolver& resolver) {
  Pairing pairing(resolver.plan);
  for (const DeclarationNode& declaration : tree.declarations) {
    const auto* step = std::get_if<StepNode>(&declaration);
    if (step != nullptr && !step->use) pairing.add(*step);
  }
  warn_of_steps(pairing.steps(), resolver);
  warn_of_runs(pairing.runs(), resolver);
  warn_of_scripts(pairing.runs(), resolver);
  warn_of_texts(tree, pairing.runs(), resolver);
  warn_of_unused(tree.file, resolver);
}

}  // namespace sluice::compiler
