// The checked deployment in the making: what the parts of the resolver share. Each part is one file
// and takes one kind of declaration; compile.cpp calls them in turn.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/action_table.h"
#include "compiler/compile.h"
#include "compiler/report.h"
#include "compiler/resolve_expression.h"
#include "compiler/scope.h"
#include "compiler/syntax.h"
#include "compiler/target_names.h"
#include "plan/plan.h"

namespace sluice::compiler {

inline constexpr std::uint64_t most_targets = 10'000'000;

// What a step's phrases ask of the steps before it; turned into joins when all steps are known.
struct Waits {
  bool gate = false;  // it waits for its step's batches, and nobody for it
  bool with_previous = false;
  bool named = false;  // `after`
  std::vector<plan::StepId> after;
  base::Span span;  // of the phrase, or of the step's header
};

struct Resolver {
  Resolver(const base::Sources& all_sources, const Options& all_options,
           base::Diagnostics& diagnostics)
      : sources(all_sources),
        options(all_options),
        report(diagnostics),
        names(plan.targets),
        expressions(plan, scope, report) {}

  plan::Place place(base::Span span) const;
  // The list, or one that is equal to it and was there before.
  plan::TargetListId intern(plan::TargetList list);

  const base::Sources& sources;
  const Options& options;
  Report report;
  plan::Plan plan;
  Scope scope;
  TargetNames names;
  ExpressionResolver expressions;
  std::map<std::string, plan::TargetListId> step_lists;  // by roles and order, as written
  std::vector<Waits> waits;                              // by step
  std::vector<base::Span> step_spans;                    // by step

 private:
  std::unordered_map<std::uint64_t, std::vector<plan::TargetListId>> lists_;  // by hash
};

// `deployment`, first and once.
void resolve_deployment(const SyntaxTree& tree, Resolver& resolver);
// Variables: the file's values, then the environment's, then --set.
void resolve_variables(const SyntaxTree& tree, Resolver& resolver);
// Roles, targets, properties, connections.
void resolve_targets(const SyntaxTree& tree, Resolver& resolver);
// Steps, child steps, phrases.
void resolve_steps(const SyntaxTree& tree, Resolver& resolver);
// The `run` of a step: kind and attributes.
std::optional<plan::Action> resolve_action(const RunNode& run, const plan::TargetList& targets,
                                           bool on_controller, Resolver& resolver);
// From waits to joins; cycles are reported.
void resolve_joins(Resolver& resolver);
// Which outputs are read by whom, once the joins are known.
void check_outputs(Resolver& resolver);
// What is no mistake, and yet seldom meant.
void warn(const SyntaxTree& tree, Resolver& resolver);

}  // namespace sluice::compiler
