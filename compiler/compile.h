// The whole compiler: text in, sealed plan out. Everything from outside the text comes in Options.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/file_reader.h"
#include "plan/plan.h"

namespace sluice::compiler {

struct Options {
  std::vector<std::pair<std::string, std::string>> set;          // --set NAME=VALUE, in order
  std::vector<std::pair<std::string, std::string>> environment;  // SLUICE_VAR_NAME=VALUE, by NAME
  std::string version;                                           // of this program
  std::string chosen;                                            // --environment, or empty
  // Names, patterns and tags of steps; names, patterns and roles of targets. Empty: all, or none.
  std::vector<std::string> only;
  std::vector<std::string> skip;
  std::vector<std::string> limit;
  std::vector<std::string> exclude;
  FileReader* reader = nullptr;  // for imports and inventories; nullptr: there is no other file
};

// Nothing where there are errors; warnings alone leave a plan. The files that the main one names
// are added to the sources.
std::optional<plan::Plan> compile(base::Sources& sources, base::FileId main, const Options& options,
                                  base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
