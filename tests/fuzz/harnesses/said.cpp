#include "fuzz/harnesses/said.h"

#include "base/check.h"
#include "compiler/codes.h"

namespace sluice::fuzz {

void check_said(const base::Diagnostics& diagnostics, const base::Sources& sources) {
  for (const base::Diagnostic& item : diagnostics.sorted()) {
    SLUICE_CHECK(compiler::find_code(item.code) != nullptr, "a code that nobody explains");
    SLUICE_CHECK(
        item.span.begin <= item.span.end && item.span.end <= sources[item.span.file].text().size(),
        "a place outside of the text");
    SLUICE_CHECK(!item.message.empty(), "a message without words");
  }
  SLUICE_CHECK(
      diagnostics.sorted().empty() || !base::print_diagnostics(diagnostics, sources, true).empty(),
      "nothing is printed of what was said");
  (void)base::diagnostics_json(diagnostics, sources);
}

}  // namespace sluice::fuzz
