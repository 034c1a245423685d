// Source text and places in it. A span is a range of bytes; lines and columns are worked out only
// when a person or a saved plan needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace sluice::base {

using FileId = Id<struct FileTag>;

// Bytes [begin, end) of one file. An empty span marks the place between two characters.
struct Span {
  FileId file;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const Span&) const = default;
};

// From the start of `first` to the end of `last`, both in one file.
Span join(Span first, Span last);

// Line and column count from 1; a column counts Unicode code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  bool operator==(const Position&) const = default;
};

// One file's text as it was read, with the starts of its lines.
class SourceFile {
 public:
  // `name` is how messages call it: the path as the user wrote it.
  SourceFile(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  Position position(std::uint32_t offset) const;
  // Only the line, which takes no walk along it.
  std::uint32_t line_number(std::uint32_t offset) const;
  // The text of a line (from 1), without its end of line.
  std::string_view line(std::uint32_t number) const;
  std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

using Sources = Dense<FileId, SourceFile>;

}  // namespace sluice::base
