// `sluice fmt`: files in the one layout.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "compiler/format.h"
#include "compiler/text_check.h"

namespace sluice::cli {

namespace {

// What a file came to; the worst of all is the exit status.
int format_file(const std::string& path, bool only_check) {
  base::Result<std::string> text = read_file(path, compiler::most_source_bytes);
  if (!text) {
    tell("sluice: {}\n", text.error().message);
    return exit_wrong;
  }
  base::Sources sources;
  const base::FileId file =
      sources.add(base::SourceFile(path == "-" ? "standard input" : path, std::move(text).value()));
  base::Diagnostics diagnostics;
  const compiler::Formatted formatted = compiler::format(sources, file, diagnostics);
  if (!formatted.complete) {
    tell("{}", base::print_diagnostics(diagnostics, sources, colour_wanted(2)));
  }
  const bool changed = formatted.text != sources[file].text();
  if (only_check) {
    if (changed) fmt::print("{}\n", path);
  } else if (changed || path == "-") {
    if (const base::Status written = write_file(path, formatted.text); !written) {
      tell("sluice: {}\n", written.error().message);
      return exit_wrong;
    }
  }
  if (!formatted.complete) return exit_wrong;
  return only_check && changed ? exit_failed : exit_done;
}

}  // namespace

int fmt_command(const FmtOptions& options) {
  int status = exit_done;
  for (const std::string& path : options.files) {
    status = std::max(status, format_file(path, options.check));
  }
  return status;
}

}  // namespace sluice::cli
