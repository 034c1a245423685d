// The checked deployment in the making: what the parts of the resolver share. Each part is one file
// and takes one kind of declaration; compile.cpp calls them in turn.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/action_table.h"
#include "compiler/compile.h"
#include "compiler/procedures.h"
#include "compiler/report.h"
#include "compiler/resolve_expression.h"
#include "compiler/resolve_inventory.h"
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
  Resolver(base::Sources& all_sources, const Options& all_options,
           base::Diagnostics& all_diagnostics)
      : sources(all_sources),
        options(all_options),
        diagnostics(all_diagnostics),
        report(all_diagnostics),
        names(plan.targets),
        expressions(plan, scope, report) {}

  // Asked for one place after the other it is quick in a line as long as the file, too.
  plan::Place place(base::Span span);
  // Of a `.deploy` file, as the reader knows it.
  const std::string& path_of(base::FileId file) const { return paths[file.value]; }
  // The list, or one that is equal to it and was there before.
  plan::TargetListId intern(plan::TargetList list);

  base::Sources& sources;  // what is read on the way is added
  const Options& options;
  base::Diagnostics& diagnostics;
  Report report;
  plan::Plan plan;
  Scope scope;
  TargetNames names;
  ExpressionResolver expressions;
  std::vector<std::string> paths;  // of the `.deploy` files, by id
  HostConnections hosts;           // of the inventory, until the targets' connections are settled
  std::vector<Frame> frames;       // one a `use`
  std::vector<bool> kept_targets;  // by target; empty: all are kept
  // Targets that cannot be reached as their inventory says, and what it says of them; ascending.
  std::vector<std::pair<plan::TargetId, std::uint32_t>> unreached;
  std::size_t file_bytes = 0;               // of the files that steps run
  std::vector<plan::StepId> emptied_steps;  // ascending: no kept target is left to them
  std::set<std::string> broken_roles;       // whose targets could not all be declared: reported
  bool steps_missing = false;               // what should have been steps has been reported
  std::map<std::string, plan::TargetListId> step_lists;  // by roles and order, as written
  std::vector<Waits> waits;                              // by step
  std::vector<base::Span> step_spans;                    // by step

 private:
  std::unordered_map<std::uint64_t, std::vector<plan::TargetListId>> lists_;  // by hash
  base::Span last_span_;  // whose place was asked for last
  base::Position last_position_;
};

// `deployment`, first and once.
void resolve_deployment(const SyntaxTree& tree, Resolver& resolver);
// Variables: the file's values, then the environment's, then --set.
void resolve_variables(const SyntaxTree& tree, Resolver& resolver);
// `secret`, `resource`, `at most`, `deadline`.
void resolve_settings(const SyntaxTree& tree, Resolver& resolver);
// Reports a type that there is none of in the language.
std::optional<plan::Type> find_type(const Name& name, Resolver& resolver);
// The inventories' hosts and groups, before any target of the file; false: reported, and roles may
// be unknown for no fault of their own.
bool resolve_inventories(const SyntaxTree& tree, Resolver& resolver);
// Roles, targets, properties, connections.
void resolve_targets(const SyntaxTree& tree, Resolver& resolver);
// A range that cannot be one, as count_names() has it in words, where the pattern stands.
void report_range(const Name& pattern, const std::string& message, Resolver& resolver);
// `require`: with the roles' targets known.
void resolve_contracts(const SyntaxTree& tree, Resolver& resolver);
// Steps, child steps, phrases.
void resolve_steps(const SyntaxTree& tree, Resolver& resolver);
// The `run` of a step: kind and attributes.
std::optional<plan::Action> resolve_action(const RunNode& run, const plan::TargetList& targets,
                                           bool on_controller, Resolver& resolver);
// The text of a file that an action names; nothing where it cannot be read, which is reported at
// the span.
std::optional<std::string> read_action_file(const std::string& path, base::Span span,
                                            Resolver& resolver);
// From waits to joins; cycles are reported.
void resolve_joins(Resolver& resolver);
// Whether every target that a step reaches can be reached as it is said.
void check_reached(Resolver& resolver);
// Which outputs are read by whom, once the joins are known.
void check_outputs(Resolver& resolver);
// What is no mistake, and yet seldom meant.
void warn(const SyntaxTree& tree, Resolver& resolver);

}  // namespace sluice::compiler
