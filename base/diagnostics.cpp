#include "base/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "base/json_writer.h"
#include "base/most_errors.h"

namespace sluice::base {

namespace {

// A word of the user's may be as long as the file.
void shorten(std::string& text) {
  constexpr std::size_t most = 600;
  if (text.size() <= most) return;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  text += "…";
}

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
  const bool error = diagnostic.severity == Severity::Error;
  if (error && errors_ >= most_errors) return;
  for (const Diagnostic& known : items_) {
    if (known.span == diagnostic.span && known.code == diagnostic.code) return;
  }
  (error ? errors_ : warnings_) += 1;
  if ((error ? errors_ : warnings_) > limit_) {
    ++left_out_;
    return;
  }
  shorten(diagnostic.message);
  for (std::string& hint : diagnostic.hints) shorten(hint);
  constexpr std::size_t most_notes = 20;
  if (diagnostic.notes.size() > most_notes) diagnostic.notes.resize(most_notes);
  items_.push_back(std::move(diagnostic));
}

void Diagnostics::add_all(const Diagnostics& other) {
  std::size_t kept_errors = 0;
  for (const Diagnostic& item : other.items_) {
    if (item.severity == Severity::Error) ++kept_errors;
    add(item);
  }
  const std::size_t more = std::min(other.errors_ - kept_errors, most_errors - errors_);
  errors_ += more;
  const std::size_t warnings = other.warnings_ - (other.items_.size() - kept_errors);
  warnings_ += warnings;
  left_out_ += more + warnings;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> items = items_;
  const auto place = [](const Diagnostic& item) {
    return std::tie(item.span.file, item.span.begin, item.span.end, item.code);
  };
  std::stable_sort(items.begin(), items.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  return items;
}

std::string diagnostics_json(const Diagnostics& diagnostics, const Sources& sources) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("schema", "sluice.diagnostics/1").key("diagnostics").begin_array();
  for (const Diagnostic& item : diagnostics.sorted()) {
    json.begin_object();
    json.member("code", item.code);
    json.member("severity", item.severity == Severity::Error ? "error" : "warning");
    json.member("message", item.message);
    if (sources.contains(item.span.file)) {
      const SourceFile& file = sources[item.span.file];
      const Position begin = file.position(item.span.begin);
      const Position end = file.position(item.span.end);
      json.member("file", file.name());
      json.member("line", begin.line).member("column", begin.column);
      json.member("end_line", end.line).member("end_column", end.column);
    }
    json.key("hints").begin_array();
    for (const std::string& hint : item.hints) json.value(hint);
    json.end_array();
    json.key("notes").begin_array();
    for (const Note& note : item.notes) {
      json.begin_object().member("message", note.message);
      if (sources.contains(note.span.file)) {
        const SourceFile& file = sources[note.span.file];
        const Position begin = file.position(note.span.begin);
        json.member("file", file.name());
        json.member("line", begin.line).member("column", begin.column);
      }
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  if (diagnostics.left_out() > 0) {
    json.member("left_out", static_cast<std::uint64_t>(diagnostics.left_out()));
  }
  json.end_object();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::base
