#include "support/laid_out.h"

#include "compiler/compile.h"

namespace sluice::test {

compiler::Formatted formatted(const std::string& text) {
  base::Sources sources;
  const base::FileId file = sources.add(base::SourceFile("test.deploy", text));
  base::Diagnostics diagnostics;
  return compiler::format(sources, file, diagnostics);
}

std::string meaning(const std::string& text) {
  base::Sources sources;
  const base::FileId file = sources.add(base::SourceFile("test.deploy", text));
  base::Diagnostics diagnostics;
  const auto plan = compiler::compile(sources, file, {}, diagnostics);
  return plan ? plan->digest : "";
}

}  // namespace sluice::test
