// The warnings, by subject. They look at a plan without errors, beside the tree that it came from.
#pragma once

#include <span>
#include <vector>

#include "compiler/resolver.h"

namespace sluice::compiler {

// One `run` and what the plan holds of it.
struct PlannedRun {
  const StepNode* step = nullptr;                    // the step, child step or gate it stands in
  const std::vector<PhraseNode>* phrases = nullptr;  // beside it
  const RunNode* run = nullptr;
  const plan::Work* work = nullptr;
  plan::StepId id;
  const plan::Task* task = nullptr;  // whose own `run` it is; null of `verify` and `undo`
};

// A step of the file and its place in the plan; gates stand with their step.
struct PlannedStep {
  const StepNode* node = nullptr;
  plan::StepId id;
};

void warn_of_texts(const SyntaxTree& tree, std::span<const PlannedRun> runs, Resolver& resolver);
void warn_of_scripts(std::span<const PlannedRun> runs, Resolver& resolver);
void warn_of_runs(std::span<const PlannedRun> runs, Resolver& resolver);
void warn_of_steps(std::span<const PlannedStep> steps, Resolver& resolver);

// Whether `sh` or `bash` reads the action's script.
bool is_shell(const plan::Action& action);

}  // namespace sluice::compiler
