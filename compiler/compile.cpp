#include "compiler/compile.h"

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
  for (const plan::TargetListId id : plan.target_lists.ids()) {
    if (plan.target_lists[id] == list) return id;
  }
  return plan.target_lists.add(std::move(list));
}

std::optional<plan::Plan> compile(const base::Sources& sources, base::FileId main,
                                  const Options& options, base::Diagnostics& diagnostics) {
  const SyntaxTree tree = parse(sources, main, diagnostics);
  // Behind a syntax error every name may be missing for no fault of its own.
  if (!tree.complete) return std::nullopt;

  Resolver resolver(sources, options, diagnostics);
  resolver.plan.compiler_version = options.version;
  for (const base::SourceFile& source : sources) {
    resolver.plan.sources.add({source.name(), base::sha256_hex(source.text())});
  }
  resolve_deployment(tree, resolver);
  resolve_variables(tree, resolver);
  resolve_targets(tree, resolver);
  resolve_steps(tree, resolver);
  if (diagnostics.has_errors()) return std::nullopt;
  resolve_joins(resolver);
  if (diagnostics.has_errors()) return std::nullopt;
  warn(tree, resolver);
  return plan::seal(std::move(resolver.plan));
}

}  // namespace sluice::compiler
