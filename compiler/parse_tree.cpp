// Declarations ─▶ syntax tree.
#include "compiler/build_expression.h"
#include "compiler/build_syntax.h"
#include "compiler/parse.h"

namespace sluice::compiler {

namespace {

class TreeBuilder final : public DeclarationVisitor {
 public:
  TreeBuilder(SyntaxTree& tree, base::Diagnostics& diagnostics)
      : tree_(tree), diagnostics_(diagnostics) {}

  bool begin(Beginning beginning) override {
    tree_.complete = tree_.names_known = !beginning.repaired && !beginning.too_large;
    return !beginning.too_large;
  }

  void declaration(const ParsedDeclaration& parsed) override {
    if (!parsed.mistaken) {
      build_declaration(parsed.list, parsed.rules, tree_, diagnostics_);
      return;
    }
    check_literals(parsed.list, parsed.begin, parsed.end, diagnostics_);
    build_partly(parsed.list, parsed.rules, tree_, diagnostics_);
  }

 private:
  SyntaxTree& tree_;
  base::Diagnostics& diagnostics_;
};

}  // namespace

SyntaxTree parse(const base::Sources& sources, base::FileId file, base::Diagnostics& diagnostics) {
  SyntaxTree tree;
  tree.file = file;
  tree.complete = tree.names_known = false;
  TreeBuilder builder(tree, diagnostics);
  if (!read_declarations(sources, file, diagnostics, builder)) {
    tree.complete = tree.names_known = false;
  }
  return tree;
}

}  // namespace sluice::compiler
