#include "support/compiled.h"

#include <catch2/catch.hpp>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/compile.h"

namespace sluice::test {

plan::Plan compiled(std::string text, const std::string& file) {
  base::Sources sources;
  const base::FileId id = sources.add(base::SourceFile(file, std::move(text)));
  base::Diagnostics diagnostics;
  auto plan = compiler::compile(sources, id, {}, diagnostics);
  INFO(base::print_diagnostics(diagnostics, sources, false));
  REQUIRE(plan.has_value());
  return *std::move(plan);
}

}  // namespace sluice::test
