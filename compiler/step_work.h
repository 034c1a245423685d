// One `run` with its settings: of a step, a child step, a gate, a `verify` or an `undo`.
#pragma once

#include <span>

#include "compiler/resolver.h"

namespace sluice::compiler {

struct WorkSite {
  std::span<const PhraseNode> phrases;
  const RunNode* run = nullptr;
  const plan::TargetList* targets = nullptr;  // of the step; none on the controller
  bool on_controller = false;
  std::optional<plan::Via> via;  // where nothing is said: a `verify` goes the way its step goes
};

// Nothing where it is wrong; it has been reported then.
std::optional<plan::Work> resolve_work(const WorkSite& site, Resolver& resolver);

}  // namespace sluice::compiler
