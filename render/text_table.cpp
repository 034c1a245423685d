#include "render/text_table.h"

#include <algorithm>

#include "base/utf8.h"

namespace sluice::render {

void TextTable::column(std::string title, Align align) {
  columns_.push_back({std::move(title), align});
}

void TextTable::row(std::vector<std::string> cells) {
  rows_.push_back({std::move(cells), std::vector<std::string>(columns_.size())});
}

void TextTable::colour_last(std::size_t cell, std::string_view colour) {
  rows_.back().colours[cell] = colour;
}

std::string TextTable::text(int indent) const {
  std::vector<int> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = base::display_width(columns_[i].title);
    for (const Row& row : rows_) width = std::max(width, base::display_width(row.cells[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells,
                        const std::vector<std::string>& colours) {
    std::string text(static_cast<std::size_t>(indent), ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto gap = static_cast<std::size_t>(widths[i] - base::display_width(cells[i]));
      const bool right = columns_[i].align == Align::Right;
      if (right) text.append(gap, ' ');
      const bool coloured = i < colours.size() && !colours[i].empty();
      text += coloured ? colours[i] + cells[i] + "\x1b[0m" : cells[i];
      if (!right) text.append(gap, ' ');
      text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  line(titles, {});
  for (const Row& row : rows_) line(row.cells, row.colours);
  return out;
}

std::string fitted(std::string_view text, int columns) {
  const std::string shown = base::printable(text);
  if (base::display_width(shown) <= columns) return shown;
  std::string out;
  int width = 0;
  for (std::string_view rest = shown; !rest.empty();) {
    const base::CodePoint next = base::decode_utf8(rest);
    const int more = base::display_width(next.value);
    if (width + more > columns - 1) break;
    out += rest.substr(0, next.bytes);
    width += more;
    rest.remove_prefix(next.bytes);
  }
  return out + "…";
}

std::string padded(std::string_view text, int columns) {
  std::string out = fitted(text, columns);
  const int gap = columns - base::display_width(out);
  out.append(static_cast<std::size_t>(std::max(0, gap)), ' ');
  return out;
}

}  // namespace sluice::render
