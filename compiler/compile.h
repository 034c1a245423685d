// The whole compiler: text in, sealed plan out. Everything from outside the text comes in Options.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/source.h"
#include "plan/plan.h"

namespace sluice::compiler {

struct Options {
  std::vector<std::pair<std::string, std::string>> set;          // --set NAME=VALUE, in order
  std::vector<std::pair<std::string, std::string>> environment;  // SLUICE_VAR_NAME=VALUE, by NAME
  std::string version;                                           // of this program
};

// Nothing where there are errors; warnings alone leave a plan.
std::optional<plan::Plan> compile(const base::Sources& sources, base::FileId main,
                                  const Options& options, base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
