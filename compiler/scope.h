// The names that an expression may use: variables, parameters, secrets, roles, what properties
// targets have, and whose outputs there are.
#pragma once

#include <map>
#include <set>
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

// A parameter of the procedure whose steps are resolved: what it was given, worked out.
struct ParameterEntry {
  plan::Expression value;
  bool used = false;
  bool broken = false;
};

struct SecretEntry {
  base::Span span;
  bool used = false;
};

// An expression that reads `steps["A/B"].outputs.name`; whether it may is known when all steps are.
struct OutputRead {
  static constexpr std::uint32_t step_itself = 0xffff'ffff;
  plan::OutputSource source;
  base::Span span;
  std::string written;  // A/B
  plan::StepId reader;
  std::uint32_t task =
      step_itself;      // whose expression it is: one of the reader's tasks, or its own
  bool behind = false;  // of a `verify` or `undo`: it runs behind its task
};

// Who reads, while the expressions of a step are resolved.
struct Reader {
  plan::StepId step;  // invalid: no step's
  std::uint32_t task = OutputRead::step_itself;
  bool behind = false;
};

struct Scope {
  std::string deployment;
  std::string environment;  // chosen with --environment, or empty
  std::map<std::string, VariableEntry> variables;
  std::map<std::string, ParameterEntry> parameters;  // looked at before the variables
  std::map<std::string, SecretEntry> secrets;
  std::map<std::string, plan::ResourceId> resources;
  std::set<std::string> broken_resources;  // what is wrong with them has been said
  std::map<std::string, plan::RoleId> roles;
  // By name as `steps[…]` has it: of a step without child steps its own, else "STEP/CHILD". More
  // than one: the name fits two.
  std::map<std::string, std::vector<plan::OutputSource>> outputs;
  Reader reader;
  std::vector<OutputRead> reads;  // of outputs, as they were met
  // The type of each property that some target declares; all targets agree on it.
  std::map<std::string, plan::Type> properties;
  // Those of the inventory that are of several types, and why in words: none can be used.
  std::map<std::string, std::string> mixed_properties;
  // What the variables' own values may not use: they are worked out before there are targets.
  bool targets_known = false;
};

}  // namespace sluice::compiler
