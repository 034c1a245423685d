#include "compiler/compile.h"

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "compiler/parse.h"
#include "compiler/resolver.h"
#include "plan/verify.h"

namespace sluice::compiler {

plan::Place Resolver::place(base::Span span) const {
  const base::Position at = sources[span.file].position(span.begin);
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
constexpr std::array<std::string_view, 20> independent{
    "E0202", "E0203", "E0204", "E0205", "E0209", "E0211", "E0212", "E0213", "E0219", "E0221",
    "E0223", "E0302", "E0303", "E0304", "E0307", "E0309", "E0311", "E0312", "E0313", "E0318"};

// Declarations that are read and not resolved yet, but for the names of secrets.
void resolve_the_rest(const SyntaxTree& tree, Resolver& resolver) {
  const auto later = [&](base::Span span) {
    resolver.report.error("E0114", span, "this version does not know this yet");
  };
  for (const DeclarationNode& declaration : tree.declarations) {
    if (const auto* secret = std::get_if<SecretNode>(&declaration)) {
      using Source = plan::Secret::Source;
      resolver.scope.secrets[secret->name.text] = {secret->name.span, false};
      resolver.plan.secrets.push_back({secret->name.text,
                                       secret->source.text == "env"    ? Source::Environment
                                       : secret->source.text == "file" ? Source::File
                                                                       : Source::Command,
                                       secret->from.text, resolver.place(secret->span)});
      continue;
    }
    const auto* step = std::get_if<StepNode>(&declaration);
    const bool resolved = std::holds_alternative<DeploymentNode>(declaration) ||
                          std::holds_alternative<RoleNode>(declaration) ||
                          std::holds_alternative<ConnectNode>(declaration) ||
                          std::holds_alternative<VariableNode>(declaration) ||
                          (step != nullptr && !step->use);
    if (!resolved) std::visit([&](const auto& node) { later(node.span); }, declaration);
    if (step == nullptr) continue;
    for (const StepNode& child : step->children) {
      if (child.use) later(child.span);
    }
  }
}

bool is_independent(const base::Diagnostic& item, const SyntaxTree& tree) {
  const base::Span at = item.span;
  const auto mistaken =
      std::any_of(tree.mistaken.begin(), tree.mistaken.end(),
                  [&](base::Span span) { return span.begin <= at.begin && at.begin < span.end; });
  if (mistaken) return false;
  return std::find(independent.begin(), independent.end(), item.code) != independent.end();
}

void report_beside_syntax(const base::Sources& sources, const SyntaxTree& tree,
                          const Options& options, base::Diagnostics& diagnostics) {
  // Where not even the names are known, every one may be missing for no fault of its own.
  if (!tree.names_known) return;
  base::Diagnostics found;
  Resolver resolver(sources, options, found);
  resolve_deployment(tree, resolver);
  resolve_variables(tree, resolver);
  resolve_targets(tree, resolver);
  resolve_the_rest(tree, resolver);
  resolve_steps(tree, resolver);
  for (const base::Diagnostic& item : found.sorted()) {
    if (is_independent(item, tree)) diagnostics.add(item);
  }
}

}  // namespace

std::optional<plan::Plan> compile(const base::Sources& sources, base::FileId main,
                                  const Options& options, base::Diagnostics& diagnostics) {
  const SyntaxTree tree = parse(sources, main, diagnostics);
  if (!tree.complete) {
    report_beside_syntax(sources, tree, options, diagnostics);
    return std::nullopt;
  }
  Resolver resolver(sources, options, diagnostics);
  resolver.plan.compiler_version = options.version;
  for (const base::SourceFile& source : sources) {
    resolver.plan.sources.add({source.name(), base::sha256_hex(source.text())});
  }
  resolve_deployment(tree, resolver);
  resolve_variables(tree, resolver);
  resolve_targets(tree, resolver);
  resolve_the_rest(tree, resolver);
  resolve_steps(tree, resolver);
  if (diagnostics.has_errors()) return std::nullopt;
  resolve_joins(resolver);
  if (diagnostics.has_errors()) return std::nullopt;
  check_outputs(resolver);
  if (diagnostics.has_errors()) return std::nullopt;
  warn(tree, resolver);
  return plan::seal(std::move(resolver.plan));
}

}  // namespace sluice::compiler
