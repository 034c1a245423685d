// The names that an expression may use: variables, roles, and what properties targets have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/source.h"
#include "plan/plan.h"

namespace sluice::compiler {

struct VariableEntry {
  plan::Value value;
  base::Span span;
  bool used = false;
  bool broken = false;  // what is wrong with it has been said; its uses say no more
};

struct Scope {
  std::string deployment;
  std::map<std::string, VariableEntry> variables;
  std::map<std::string, plan::RoleId> roles;
  // The type of each property that some target declares; all targets agree on it.
  std::map<std::string, plan::Type> properties;
  // What the variables' own values may not use: they are worked out before there are targets.
  bool targets_known = false;
};

}  // namespace sluice::compiler
