// How the phases of the compiler say what is wrong: one call, one diagnostic.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"

namespace sluice::compiler {

class Report {
 public:
  explicit Report(base::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void error(std::string code, base::Span span, std::string message,
             std::vector<std::string> hints = {}, std::vector<base::Note> notes = {}) {
    diagnostics_.add({std::move(code), base::Severity::Error, span, std::move(message),
                      std::move(notes), std::move(hints)});
  }
  void warning(std::string code, base::Span span, std::string message,
               std::vector<std::string> hints = {}) {
    diagnostics_.add(
        {std::move(code), base::Severity::Warning, span, std::move(message), {}, std::move(hints)});
  }

  // Whether anybody will read a further error, so that working out hints is worth while.
  bool helps() const { return diagnostics_.error_count() < 100; }

 private:
  base::Diagnostics& diagnostics_;
};

}  // namespace sluice::compiler
