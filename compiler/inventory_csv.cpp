// CSV inventories (RFC 4180): a header, then one target a line. The column `name` holds the
// target's name, `groups` (or `role`, …) its groups; every other column is a variable. A column
// whose every cell reads as a number, a duration, … is of that type; else it is text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <unordered_set>

#include "base/utf8.h"
#include "compiler/inventory_hosts.h"
#include "compiler/inventory_read.h"
#include "compiler/literals.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_mistakes = 100;
constexpr std::size_t most_columns = 10'000;
constexpr std::array name_words = {std::string_view{"name"}, std::string_view{"host"},
                                   std::string_view{"hostname"}, std::string_view{"target"}};
constexpr std::array group_words = {std::string_view{"group"}, std::string_view{"groups"},
                                    std::string_view{"role"}, std::string_view{"roles"}};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

struct Cell {
  std::string_view text;
  std::uint32_t at = 0;
};

struct Column {
  InventoryVariableId variable;
  bool is_name = false;
  bool is_groups = false;
  // What every cell so far could be; nothing: text.
  std::optional<plan::Type> type;
  bool seen = false;
};

std::optional<plan::Value> typed(std::string_view text) {
  if (text == "true" || text == "false") return plan::Value{text == "true"};
  const bool negative = text.starts_with("-");
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  // 007 is a name, not the number seven.
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
    return std::nullopt;
  }
  Quantity quantity = read_quantity(digits);
  if (!quantity.value || !negative) return std::move(quantity.value);
  auto* number = std::get_if<plan::Number>(&quantity.value->content);
  if (number == nullptr) return std::nullopt;
  return plan::Value{plan::Number{-number->micros}};
}

class CsvReader {
 public:
  CsvReader(const base::SourceFile& source, base::FileId file, Inventory& inventory, Report& report)
      : text_(source.text()), file_(file), inventory_(inventory), report_(report) {
    start_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  }

  bool read() {
    at_ = start_;
    choose_separator();
    if (!next_row() || !read_header()) return false;
    // Twice: the types of columns are known only when every cell has been seen.
    const std::size_t first = at_;
    while (mistakes_ < most_mistakes && next_row()) look_at_types();
    if (mistakes_ > 0) return false;
    at_ = first;
    while (mistakes_ < most_mistakes && next_row()) read_target();
    return mistakes_ == 0;
  }

 private:
  void error(std::string code, std::uint32_t at, std::size_t size, std::string message,
             std::vector<std::string> hints = {}) {
    ++mistakes_;
    report_.error(std::move(code), {file_, at, at + static_cast<std::uint32_t>(size)},
                  std::move(message), std::move(hints));
  }

  // What stands in the first line: `,`, or `;` or a tab where there is no comma.
  void choose_separator() {
    const std::string_view line = text_.substr(at_, text_.find('\n', at_) - at_);
    for (const char candidate : {',', ';', '\t'}) {
      separator_ = candidate;
      if (line.find(candidate) != std::string_view::npos) return;
    }
    separator_ = ',';
  }

  // The next row that is not empty, in cells_. False at the end, or where a quote is not closed.
  bool next_row() {
    while (true) {
      while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
      if (at_ >= text_.size()) return false;
      cells_.clear();
      unquoted_.clear();
      row_ = static_cast<std::uint32_t>(at_);
      if (!read_cells()) return false;
      const bool blank = cells_.size() == 1 && trimmed(cells_[0].text).empty();
      if (!blank) return true;
    }
  }

  bool read_cells() {
    while (true) {
      Cell cell;
      cell.at = static_cast<std::uint32_t>(at_);
      if (at_ < text_.size() && text_[at_] == '"') {
        if (!quoted(cell)) return false;
      } else {
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') ++at_;
        cell.text = text_.substr(begin, at_ - begin);
        if (cell.text.ends_with('\r')) cell.text.remove_suffix(1);
        cell.text = trimmed(cell.text);
      }
      cells_.push_back(cell);
      if (cells_.size() > most_columns) {  // which is told, and no more of the line is read
        at_ = std::min(text_.find('\n', at_), text_.size());
        return true;
      }
      if (at_ >= text_.size() || text_[at_] != separator_) return true;
      ++at_;
    }
  }

  bool quoted(Cell& cell) {
    const std::size_t open = at_++;
    std::string joined;
    while (true) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) {
        error("E0506", static_cast<std::uint32_t>(open), 1, "this quote is never closed");
        return false;
      }
      const bool doubled = quote + 1 < text_.size() && text_[quote + 1] == '"';
      const std::string_view part = text_.substr(at_, quote - at_);
      at_ = quote + (doubled ? 2 : 1);
      if (!doubled && joined.empty()) {
        cell.text = part;
        break;
      }
      joined += part;
      if (!doubled) {
        unquoted_.push_back(std::make_unique<std::string>(std::move(joined)));
        cell.text = *unquoted_.back();
        break;
      }
      joined += '"';
    }
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') {
      error("E0506", static_cast<std::uint32_t>(at_), 1,
            "something stands behind the closing quote",
            {"a quote within quotes is written twice"});
      return false;
    }
    return true;
  }

  bool read_header() {
    const auto named = [](const auto& words, std::string_view text) {
      return std::find(words.begin(), words.end(), text) != words.end();
    };
    bool has_name = false;
    std::unordered_set<std::uint32_t> seen;
    if (cells_.size() > most_columns) {
      error("E0508", cells_[most_columns].at, cells_[most_columns].text.size(),
            fmt::format("these are more than {} columns", most_columns));
      return false;
    }
    for (const Cell& cell : cells_) {
      Column column;
      column.is_name = !has_name && named(name_words, cell.text);
      column.is_groups = named(group_words, cell.text);
      has_name = has_name || column.is_name;
      if (cell.text.empty()) {
        error("E0511", cell.at, 0, "a column has no name in the header");
      } else if (!column.is_name && !column.is_groups) {
        const InventoryVariableId variable = inventory_.variable(cell.text);
        if (!seen.insert(variable.value).second) {
          error("E0511", cell.at, cell.text.size(),
                fmt::format("there are two columns `{}`", base::printable(cell.text)));
        }
        column.variable = variable;
      }
      columns_.push_back(column);
    }
    if (!has_name) {
      error("E0511", row_, 0, "no column of the header is called `name`",
            {"the first line names the columns: `name,groups,zone`, say"});
    }
    return mistakes_ == 0;
  }

  void look_at_types() {
    if (cells_.size() > columns_.size()) {
      return error(
          "E0511", cells_[columns_.size()].at, 0,
          fmt::format("this line has {} cells, and the header {}", cells_.size(), columns_.size()));
    }
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      Column& column = columns_[i];
      if (!column.variable.valid() || cells_[i].text.empty()) continue;
      if (column.seen && !column.type) continue;
      const auto value = typed(cells_[i].text);
      const auto type = value ? std::optional(value->type()) : std::nullopt;
      if (!column.seen) {
        column.type = type;
      } else if (type != column.type) {
        column.type.reset();
      }
      column.seen = true;
    }
  }

  void read_target() {
    variables_.clear();
    std::string_view name;
    std::string_view groups;
    std::uint32_t name_at = row_;
    std::uint32_t groups_at = row_;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const Column& column = columns_[i];
      const Cell& cell = cells_[i];
      if (column.is_name) {
        name = cell.text;
        name_at = cell.at;
      } else if (column.is_groups) {
        groups = cell.text;
        groups_at = cell.at;
      } else if (!cell.text.empty()) {
        variables_.push_back({column.variable, value(column, cell.text), {file_, cell.at}});
      }
    }
    const auto add = [&](GroupId group) {
      const HostProblem problem =
          add_hosts(name, group, {file_, name_at}, inventory_, left_, [&](HostId host) {
            for (const Assigned& one : variables_) {
              inventory_.set(host, one.variable, one.value, one.place);
            }
          });
      if (!problem.message.empty()) error(problem.code, name_at, name.size(), problem.message);
      variables_.clear();  // once is enough
    };
    bool grouped = false;
    while (!groups.empty()) {
      const std::size_t end = std::min(groups.find_first_of(";,| \t"), groups.size());
      if (end > 0) {
        grouped = true;
        if (inventory_.group_count() > most_groups) {
          error("E0508", groups_at, 0, too_many_groups);
          mistakes_ = most_mistakes;
          return;
        }
        add(inventory_.add_group(groups.substr(0, end), {file_, groups_at}));
      }
      groups.remove_prefix(std::min(end + 1, groups.size()));
    }
    if (!grouped) add(Inventory::ungrouped);
  }

  InventoryValueId value(const Column& column, std::string_view text) {
    if (!column.type) return inventory_.text_value(text);
    return inventory_.value('c', text, [&] { return InventoryValue{{}, *typed(text)}; });
  }

  std::string_view text_;
  base::FileId file_;
  Inventory& inventory_;
  Report& report_;
  char separator_ = ',';
  std::size_t start_ = 0;
  std::size_t at_ = 0;
  std::uint32_t row_ = 0;
  std::vector<Cell> cells_;
  std::vector<std::unique_ptr<std::string>> unquoted_;  // cells that had doubled quotes
  std::vector<Column> columns_;
  std::vector<Assigned> variables_;
  std::uint64_t left_ = most_hosts;  // hosts that ranges may stand for
  std::size_t mistakes_ = 0;
};

}  // namespace

bool read_csv(const base::SourceFile& source, base::FileId file, Inventory& inventory,
              Report& report) {
  return CsvReader(source, file, inventory, report).read();
}

}  // namespace sluice::compiler
