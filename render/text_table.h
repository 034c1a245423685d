// A table for a terminal: columns as wide as they need to be, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace sluice::render {

class TextTable {
 public:
  enum class Align { Left, Right };

  void column(std::string title, Align align = Align::Left);
  // One cell a column; colours around it (ANSI) do not count for its width.
  void row(std::vector<std::string> cells);
  void colour_last(std::size_t cell, std::string_view colour);
  std::string text(int indent) const;

 private:
  struct Column {
    std::string title;
    Align align;
  };
  struct Row {
    std::vector<std::string> cells;
    std::vector<std::string> colours;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

// The text as it may be printed, cut to so many columns with an ellipsis.
std::string fitted(std::string_view text, int columns);
// … and filled with blanks to exactly so many.
std::string padded(std::string_view text, int columns);

}  // namespace sluice::render
