// Diagnostics for a person: the place, the line with the mark under it, notes, hints, a count.
#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostics.h"
#include "base/most_errors.h"
#include "base/utf8.h"

namespace sluice::base {

namespace {

// A line longer than this is cut around its mark.
constexpr int most_columns = 110;
constexpr int columns_before_mark = 40;

struct Palette {
  std::string_view error, warning, bold, dim, mark, off;
};

constexpr Palette coloured{"\x1b[1;31m", "\x1b[1;33m", "\x1b[1m",
                           "\x1b[2m",    "\x1b[1;31m", "\x1b[0m"};
constexpr Palette plain{"", "", "", "", "", ""};

// The text of a line as it is shown, and where the mark begins and ends in it, in columns.
struct Excerpt {
  std::string text;
  int mark_begin = 0;
  int mark_end = 0;
};

// Tabs become one space; what cannot be seen is written as an escape, so that the mark still stands
// under its place.
std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint next = decode_utf8(text.substr(at));
    out += text[at] == '\t' ? " " : printable(text.substr(at, next.bytes));
    at += next.bytes;
  }
  return out;
}

// The longest part of the text, from its start, of at most so many columns.
std::string_view first_columns(std::string_view text, int columns) {
  std::size_t at = 0;
  int width = 0;
  while (at < text.size()) {
    const CodePoint next = decode_utf8(text.substr(at));
    const int more = display_width(next.value);
    if (width + more > columns) break;
    width += more;
    at += next.bytes;
  }
  return text.substr(0, at);
}

std::string_view last_columns(std::string_view text, int columns) {
  int surplus = display_width(text) - columns;
  while (surplus > 0 && !text.empty()) {
    const CodePoint next = decode_utf8(text);
    surplus -= display_width(next.value);
    text.remove_prefix(next.bytes);
  }
  return text;
}

Excerpt excerpt_of(std::string_view line, std::size_t begin, std::size_t end) {
  // A line of megabytes is cut in bytes first, so that the work stays small.
  constexpr std::size_t most_bytes = 1024;
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  const std::size_t from = begin > most_bytes ? begin - most_bytes : 0;
  const std::size_t to = std::min(line.size(), begin + most_bytes);
  std::string before = shown(line.substr(from, begin - from));
  std::string marked = shown(line.substr(begin, std::min(end, to) - begin));
  std::string after = end < to ? shown(line.substr(end, to - end)) : "";
  if (from > 0 ||
      display_width(before) + display_width(marked) + display_width(after) > most_columns) {
    const bool cut = display_width(before) > columns_before_mark;
    if (cut) before = "…" + std::string(last_columns(before, columns_before_mark));
    const int room = most_columns - display_width(before);
    const bool cut_mark = display_width(marked) > room;
    if (cut_mark) marked = std::string(first_columns(marked, room - 1)) + "…";
    const int rest = std::max(0, room - display_width(marked));
    if (cut_mark) {
      after.clear();
    } else if (display_width(after) > rest || to < line.size()) {
      after = std::string(first_columns(after, std::max(0, rest - 1))) + "…";
    }
  }
  Excerpt excerpt;
  excerpt.mark_begin = display_width(before);
  excerpt.mark_end = excerpt.mark_begin + std::max(1, display_width(marked));
  excerpt.text = before + marked + after;
  return excerpt;
}

class Printer {
 public:
  Printer(const Sources& sources, bool colour)
      : sources_(sources), palette_(colour ? coloured : plain) {}

  void print(const Diagnostic& item) {
    const bool error = item.severity == Severity::Error;
    out_ +=
        fmt::format("{}{}{}[{}]{}: {}{}{}\n", place(item.span),
                    error ? palette_.error : palette_.warning, error ? "error" : "warning",
                    item.code, palette_.off, palette_.bold, printable(item.message), palette_.off);
    show_line(item.span);
    for (const Note& note : item.notes) {
      out_ += fmt::format("{}{}note{}: {}\n", place(note.span), palette_.bold, palette_.off,
                          printable(note.message));
      show_line(note.span);
    }
    for (const std::string& hint : item.hints) {
      out_ += fmt::format("  {}hint{}: {}\n", palette_.bold, palette_.off, printable(hint));
    }
  }

  void count(const Diagnostics& diagnostics) {
    const auto words = [](std::size_t number, std::string_view noun) {
      return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
    };
    std::string line;
    if (diagnostics.error_count() > 0) line = words(diagnostics.error_count(), "error");
    if (diagnostics.warning_count() > 0) {
      line += (line.empty() ? "" : ", ") + words(diagnostics.warning_count(), "warning");
    }
    if (line.empty()) return;
    if (diagnostics.left_out() > 0) {
      line += fmt::format(" ({} not shown)", diagnostics.left_out());
    }
    if (is_full(diagnostics)) line += "; no more are looked for";
    out_ += line + "\n";
  }

  std::string take() { return std::move(out_); }

 private:
  std::string place(Span span) const {
    if (!sources_.contains(span.file)) return "";
    const SourceFile& file = sources_[span.file];
    const Position at = file.position(span.begin);
    return fmt::format("{}{}:{}:{}{}: ", palette_.bold, printable(file.name()), at.line, at.column,
                       palette_.off);
  }

  void show_line(Span span) {
    if (!sources_.contains(span.file)) return;
    const SourceFile& file = sources_[span.file];
    const Position at = file.position(span.begin);
    const std::string_view line = file.line(at.line);
    const auto start = static_cast<std::size_t>(line.data() - file.text().data());
    const std::size_t begin = std::max<std::size_t>(span.begin, start) - start;
    const std::size_t end = std::max<std::size_t>(span.end, start + begin) - start;
    const Excerpt excerpt = excerpt_of(line, begin, end);
    const std::string number = fmt::format("{}", at.line);
    const std::string margin(number.size(), ' ');
    out_ += fmt::format("  {}{} |{} {}\n", palette_.dim, number, palette_.off, excerpt.text);
    out_ += fmt::format(
        "  {}{} |{} {}{}{}{}\n", palette_.dim, margin, palette_.off,
        std::string(static_cast<std::size_t>(excerpt.mark_begin), ' '), palette_.mark,
        std::string(static_cast<std::size_t>(excerpt.mark_end - excerpt.mark_begin), '^'),
        palette_.off);
  }

  const Sources& sources_;
  const Palette& palette_;
  std::string out_;
};

}  // namespace

std::string print_diagnostics(const Diagnostics& diagnostics, const Sources& sources, bool colour) {
  Printer printer(sources, colour);
  for (const Diagnostic& item : diagnostics.sorted()) printer.print(item);
  printer.count(diagnostics);
  return printer.take();
}

}  // namespace sluice::base
