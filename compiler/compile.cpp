#include "compiler/compile.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/most_errors.h"
#include "base/sha256.h"
#include "compiler/environments.h"
#include "compiler/procedures.h"
#include "compiler/program.h"
#include "compiler/resolver.h"
#include "compiler/selection.h"
#include "compiler/text_check.h"
#include "plan/verify.h"

namespace sluice::compiler {

namespace {

// The columns that a piece of a line takes.
std::uint32_t columns(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

plan::Place Resolver::place(base::Span span) {
  const base::SourceFile& file = sources[span.file];
  base::Position at = last_position_;
  const std::uint32_t from = last_span_.begin;
  if (span.file != last_span_.file || file.line_number(span.begin) != at.line) {
    at = file.position(span.begin);
  } else if (span.begin >= from) {
    at.column += columns(file.text().substr(from, span.begin - from));
  } else {
    at.column -= columns(file.text().substr(span.begin, from - span.begin));
  }
  last_span_ = span;
  last_position_ = at;
  return {plan::PlanFileId{span.file.value}, at.line, at.column};
}

plan::TargetListId Resolver::intern(plan::TargetList list) {
  std::uint64_t hash = list.size();
  for (const plan::TargetList::Run& run : list.runs()) {
    hash = (hash ^ run.first ^ (std::uint64_t{run.count} << 32U)) * 0x9e3779b97f4a7c15ULL;
  }
  std::vector<plan::TargetListId>& alike = lists_[hash];
  for (const plan::TargetListId id : alike) {
    if (plan.target_lists[id] == list) return id;
  }
  return alike.emplace_back(plan.target_lists.add(std::move(list)));
}

namespace {

// What the resolver may say of a file with syntax errors: mistakes that what could not be read
// cannot have caused.
constexpr std::array<std::string_view, 26> independent{
    "E0202", "E0203", "E0204", "E0205", "E0209", "E0211", "E0212", "E0213", "E0214",
    "E0217", "E0219", "E0220", "E0221", "E0223", "E0225", "E0301", "E0302", "E0303",
    "E0304", "E0305", "E0307", "E0309", "E0311", "E0312", "E0313", "E0318"};

bool is_independent(const base::Diagnostic& item, const SyntaxTree& tree) {
  const base::Span at = item.span;
  const auto mistaken =
      std::any_of(tree.mistaken.begin(), tree.mistaken.end(), [&](base::Span span) {
        return span.file == at.file && span.begin <= at.begin && at.begin < span.end;
      });
  if (mistaken) return false;
  // Those of inventories and of what stands around the steps; what is no text that can be read.
  if (item.code.starts_with("E01")) return true;
  if (item.code.starts_with("E05") || item.code.starts_with("E06")) return true;
  return std::find(independent.begin(), independent.end(), item.code) != independent.end();
}

// Of a file whose inventory cannot be read, as well: not what the inventory might have told.
bool needs_targets(const base::Diagnostic& item) {
  return item.code == "E0203" || item.code == "E0205" || item.code.starts_with("E0615");
}

// Everything but the joins, in the order in which one needs the other. Each part stops where it has
// found more mistakes than anybody counts, and then the next ones have nothing to go by.
void resolve_all(SyntaxTree& tree, Resolver& resolver, bool& targets_known) {
  resolve_deployment(tree, resolver);
  resolve_variables(tree, resolver);
  resolve_settings(tree, resolver);
  if (base::is_full(resolver.diagnostics)) return;
  targets_known = resolve_inventories(tree, resolver);
  resolve_targets(tree, resolver);
  if (base::is_full(resolver.diagnostics)) return;
  select_targets(tree, resolver);
  expand_uses(tree, resolver);
  resolve_contracts(tree, resolver);
  resolve_steps(tree, resolver);
  check_reached(resolver);
}

bool is_of_a_size_to_help(const base::Sources& sources) {
  std::size_t bytes = 0;
  for (const base::SourceFile& source : sources) bytes += source.text().size();
  return bytes <= most_helped_bytes;
}

void report_independent(base::Sources& sources, Program program, const Options& options,
                        base::Diagnostics& diagnostics) {
  // Where not even the names are known, every one may be missing for no fault of its own.
  if (!program.tree.names_known || !is_of_a_size_to_help(sources)) return;
  base::Diagnostics found;
  Resolver resolver(sources, options, found);
  resolver.paths = std::move(program.paths);
  bool targets_known = true;
  resolve_all(program.tree, resolver, targets_known);
  for (const base::Diagnostic& item : found.sorted()) {
    if (!targets_known && needs_targets(item)) continue;
    if (is_independent(item, program.tree)) diagnostics.add(item);
  }
}

// What is wrong with an environment whether or not it is chosen. Its inventories are not read: they
// may be out of reach from here. A variable without a value may be given one.
void check_other(base::Sources& sources, const OtherEnvironment& other,
                 const std::vector<std::string>& paths, base::Diagnostics& diagnostics) {
  base::Diagnostics found;
  const Options options;
  Resolver resolver(sources, options, found);
  resolver.paths = paths;
  resolver.broken_roles = other.stubs;
  resolve_deployment(other.tree, resolver);
  resolve_variables(other.tree, resolver);
  resolve_settings(other.tree, resolver);
  resolve_targets(other.tree, resolver);
  resolve_contracts(other.tree, resolver);
  for (const base::Diagnostic& item : found.sorted()) {
    const bool inside = item.span.file == other.span.file && other.span.begin <= item.span.begin &&
                        item.span.end <= other.span.end;
    const bool open = item.code == "E0208" || (!other.roles_known && item.code == "E0203");
    if (inside && !open && item.severity == base::Severity::Error) diagnostics.add(item);
  }
}

// A run reads every secret of its plan when it starts: what nothing uses is not asked for.
void keep_used_secrets(plan::Plan& plan) {
  std::set<std::string> used;
  for (const std::string_view name : plan::secrets_used(plan)) used.emplace(name);
  std::erase_if(plan.secrets,
                [&](const plan::Secret& secret) { return !used.contains(secret.name); });
}

}  // namespace

std::optional<plan::Plan> compile(base::Sources& sources, base::FileId main, const Options& options,
                                  base::Diagnostics& diagnostics) {
  Program program = load_program(sources, main, options.reader, diagnostics);
  const std::vector<OtherEnvironment> others =
      choose_environment(sources, program.tree, options.chosen, diagnostics);
  if (base::is_full(diagnostics)) return std::nullopt;
  if (!program.tree.complete) {
    report_independent(sources, std::move(program), options, diagnostics);
    return std::nullopt;
  }
  for (const OtherEnvironment& other : others) {
    check_other(sources, other, program.paths, diagnostics);
  }
  base::Diagnostics found;
  Resolver resolver(sources, options, found);
  resolver.plan.compiler_version = options.version;
  resolver.plan.environment = resolver.scope.environment = options.chosen;
  resolver.paths = std::move(program.paths);
  bool targets_known = true;
  resolve_all(program.tree, resolver, targets_known);
  if (!found.has_errors()) resolve_joins(resolver);
  if (!found.has_errors()) check_outputs(resolver);
  if (!found.has_errors() && !diagnostics.has_errors()) warn(program.tree, resolver);
  if (!found.has_errors()) leave_out_steps(program.tree, resolver);
  const bool good = !found.has_errors();
  if (targets_known) {
    diagnostics.add_all(found);
  } else {
    for (const base::Diagnostic& item : found.sorted()) {
      if (!needs_targets(item) && is_independent(item, program.tree)) diagnostics.add(item);
    }
  }
  if (!good || diagnostics.has_errors()) return std::nullopt;
  for (const base::SourceFile& source : sources) {
    resolver.plan.sources.add({source.name(), base::sha256_hex(source.text())});
  }
  keep_used_secrets(resolver.plan);
  return plan::seal(std::move(resolver.plan));
}

}  // namespace sluice::compiler
