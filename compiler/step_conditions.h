// `when` and `after`: what a step or child step looks at before it begins, and what it waits for.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/resolver.h"

namespace sluice::compiler {

struct Condition {
  plan::When when = plan::When::Success;
  std::optional<plan::Expression> expression;
};

// `when`, of a step or child step on these targets.
Condition resolve_when(std::span<const PhraseNode> phrases, const plan::TargetList& targets,
                       bool on_controller, Resolver& resolver);

// `with previous` and `after`. `steps`: all the deployment's, in file order.
struct NamedSteps {
  std::vector<std::string> names;                     // in the order of the file
  std::unordered_map<std::string, plan::StepId> ids;  // of one that is there twice the first
};
Waits resolve_waits(const StepNode& node, const NamedSteps& steps, bool first, Resolver& resolver);

// Names whose outputs may be read, once all steps have their places in the plan.
void declare_outputs(const StepNode& node, plan::StepId id, Resolver& resolver);

}  // namespace sluice::compiler
