#include "compiler/text_check.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace sluice::compiler {

namespace {

using base::Diagnostic;
using base::Severity;
using base::Span;

class TextCheck {
 public:
  TextCheck(std::string_view text, base::FileId file, base::Diagnostics& diagnostics,
            std::size_t most_bytes)
      : text_(text), file_(file), diagnostics_(diagnostics), most_bytes_(most_bytes) {}

  bool passes() {
    if (text_.size() > most_bytes_) {
      report(
          "E0101", 0, 0,
          fmt::format("the file has {} bytes, and at most {} are read", text_.size(), most_bytes_));
      return false;
    }
    for (std::size_t at = 0; at < text_.size() && !failed_often_;) at += look_at(at);
    close_line();
    return !failed_;
  }

 private:
  std::size_t look_at(std::size_t at) {
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte >= 0x20U && byte < 0x7FU) return 1;
    if (byte == '\n') close_line();
    if (byte == '\n' || byte == '\t') return 1;
    if (byte == '\r') {
      // Alone it overwrites the line on a terminal: what is read is not what is seen.
      if (text_.substr(at + 1, 1) != "\n") {
        report("E0103", at, 1, "a carriage return stands here without a line feed");
      }
      return 1;
    }
    const base::CodePoint next = base::decode_utf8(text_.substr(at));
    if (!next.valid) {
      report("E0102", at, 1, fmt::format("the byte 0x{:02X} is no UTF-8", byte));
    } else if (base::is_bidirectional_control(next.value)) {
      follow_direction(at, next);
    } else if (base::is_control(next.value)) {
      report("E0103", at, next.bytes,
             fmt::format("the control character U+{:04X} cannot be seen here",
                         static_cast<std::uint32_t>(next.value)));
    }
    return next.bytes;
  }

  // Embeddings and isolates are fine where they are closed on their line (CVE-2021-42574).
  void follow_direction(std::size_t at, const base::CodePoint& control) {
    const char32_t value = control.value;
    const bool opens = (value >= 0x202A && value <= 0x202E && value != 0x202C) ||
                       (value >= 0x2066 && value <= 0x2068);
    const bool closes = value == 0x202C || value == 0x2069;
    if (opens) {
      if (open_directions_++ == 0) direction_at_ = at;
    } else if (closes) {
      if (open_directions_ == 0) {
        report_direction(at, control.bytes);
      } else {
        --open_directions_;
      }
    }
  }

  void close_line() {
    if (open_directions_ > 0) report_direction(direction_at_, 3);
    open_directions_ = 0;
  }

  void report_direction(std::size_t at, std::size_t bytes) {
    report("E0104", at, bytes,
           "a control that turns the direction of the text is not paired on its line: what is read "
           "here is not what is seen");
  }

  void report(std::string code, std::size_t at, std::size_t bytes, std::string message) {
    failed_ = true;
    failed_often_ = ++reports_ > 100;
    const auto begin = static_cast<std::uint32_t>(at);
    diagnostics_.add({std::move(code),
                      Severity::Error,
                      Span{file_, begin, begin + static_cast<std::uint32_t>(bytes)},
                      std::move(message),
                      {},
                      {}});
  }

  std::string_view text_;
  base::FileId file_;
  base::Diagnostics& diagnostics_;
  std::size_t most_bytes_;
  std::size_t open_directions_ = 0;
  std::size_t direction_at_ = 0;
  std::size_t reports_ = 0;
  bool failed_ = false;
  bool failed_often_ = false;
};

}  // namespace

bool check_text(const base::SourceFile& file, base::FileId id, base::Diagnostics& diagnostics,
                std::size_t most_bytes) {
  return TextCheck(file.text(), id, diagnostics, most_bytes).passes();
}

}  // namespace sluice::compiler
