// What is said of a user's text: collected while compiling, printed once, in source order.
// It knows no terminal: whether to colour is handed in.
#pragma once

#include <string>
#include <vector>

#include "base/source.h"

namespace sluice::base {

enum class Severity { Error, Warning };

// A further place that explains the first ("first declared here").
struct Note {
  Span span;
  std::string message;
  bool operator==(const Note&) const = default;
};

// Messages are lower case, without a full stop, code in backticks.
struct Diagnostic {
  std::string code;  // stable: E0101, W0301; `sluice explain CODE` tells more
  Severity severity = Severity::Error;
  Span span;
  std::string message;             // what was seen
  std::vector<Note> notes;         // other places that belong to it
  std::vector<std::string> hints;  // what to write instead
  bool operator==(const Diagnostic&) const = default;
};

// Collects diagnostics; the same code at the same span is kept once. Past `limit` errors it only
// counts, so that 100,000 mistakes cost no more than a screenful does.
class Diagnostics {
 public:
  explicit Diagnostics(std::size_t limit = 100) : limit_(limit) {}

  void add(Diagnostic diagnostic);
  // All that another has collected or counted.
  void add_all(const Diagnostics& other);
  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  std::size_t warning_count() const { return warnings_; }
  // How many were counted but not kept.
  std::size_t left_out() const { return left_out_; }
  // In source order: file, then offset, then code.
  std::vector<Diagnostic> sorted() const;

 private:
  std::size_t limit_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
  std::size_t left_out_ = 0;
  std::vector<Diagnostic> items_;
};

// For a person: file:line:column, the line with the place marked, notes and hints, a closing count.
// Control characters of the source are shown escaped; a long line is cut around the mark.
std::string print_diagnostics(const Diagnostics& diagnostics, const Sources& sources, bool colour);

// For a program: the document `sluice.diagnostics/1` of docs/FORMATS.md.
std::string diagnostics_json(const Diagnostics& diagnostics, const Sources& sources);

}  // namespace sluice::base
