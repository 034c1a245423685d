#include "support/source_text.h"

#include <fmt/format.h>

namespace sluice::test {

std::string Parsed::summary() const {
  std::string lines;
  for (const base::Diagnostic& item : diagnostics.sorted()) {
    const base::Position at = sources[item.span.file].position(item.span.begin);
    lines += fmt::format("{}:{} {} {}\n", at.line, at.column, item.code, item.message);
  }
  return lines;
}

std::string Parsed::printed() const {
  return base::print_diagnostics(diagnostics, sources, false);
}

Parsed parse_text(std::string_view text, std::string_view name) {
  Parsed made;
  const base::FileId file =
      made.sources.add(base::SourceFile(std::string(name), std::string(text)));
  made.tree = compiler::parse(made.sources, file, made.diagnostics);
  return made;
}

}  // namespace sluice::test
