// Ansible's INI inventories: `[group]`, `[group:vars]`, `[group:children]`, and lines of hosts with
// `key=value` behind them, split as a shell would.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/characters.h"
#include "base/utf8.h"
#include "compiler/host_pattern.h"
#include "compiler/inventory_hosts.h"
#include "compiler/inventory_read.h"
#include "compiler/python_literal.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_mistakes = 100;
constexpr const char* too_many_variables =
    "the inventory has more than 100,000 variables of different names";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// A word of a line, without its quotes; `at` is where it begins.
struct Word {
  std::string_view text;
  std::size_t at = 0;
};

class IniReader {
 public:
  IniReader(const base::SourceFile& source, base::FileId file, Inventory& inventory, Report& report)
      : text_(source.text()), file_(file), inventory_(inventory), report_(report) {}

  bool read() {
    group_ = Inventory::ungrouped;
    // Of more lines than this most are no hosts, or stand there to take room.
    constexpr std::size_t most_expected = 2'000'000;
    const auto lines = std::count(text_.begin(), text_.end(), '\n');
    inventory_.expect_hosts(std::min(most_expected, static_cast<std::size_t>(lines)));
    std::size_t begin = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (begin < text_.size() && mistakes_ < most_mistakes) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      read_line(trimmed(text_.substr(begin, end - begin)));
      begin = end + 1;
    }
    if (mistakes_ < most_mistakes) report_undeclared();
    return mistakes_ == 0;
  }

 private:
  enum class Section { Hosts, Variables, Children };
  // A group that is named as a child before it is opened.
  struct Waiting {
    InventoryPlace place;
    std::vector<GroupId> parents;
  };

  std::size_t offset(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  InventoryPlace place(std::string_view part) const {
    return {file_, static_cast<std::uint32_t>(offset(part))};
  }
  void error(std::string code, std::string_view part, std::string message,
             std::vector<std::string> hints = {}) {
    ++mistakes_;
    const auto begin = static_cast<std::uint32_t>(offset(part));
    report_.error(std::move(code), {file_, begin, begin + static_cast<std::uint32_t>(part.size())},
                  std::move(message), std::move(hints));
  }

  void read_line(std::string_view line) {
    if (line.empty() || line[0] == '#' || line[0] == ';') return;
    if (line[0] == '[' && read_section(line)) return;
    if (skipping_) return;
    if (section_ == Section::Hosts) return read_host(line);
    if (section_ == Section::Variables) return read_variable(line);
    read_child(line);
  }

  // False where the line is none: a host may begin with a range.
  bool read_section(std::string_view line) {
    const std::size_t close = line.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view behind = trimmed(line.substr(close + 1));
    const std::string_view inside = line.substr(1, close - 1);
    const std::size_t colon = inside.find(':');
    const std::string_view name = inside.substr(0, colon);
    const std::string_view kind =
        colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1);
    const auto is_word = [](char c) {
      return base::is_letter_or_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    };
    const bool good = !name.empty() && name.find_first_of(" \t") == std::string_view::npos &&
                      (colon == std::string_view::npos || !kind.empty()) &&
                      std::all_of(kind.begin(), kind.end(), is_word) &&
                      (behind.empty() || behind[0] == '#');
    if (!good) {
      if (line.back() != ']') return false;
      skipping_ = true;
      error("E0502", line, fmt::format("`{}` is no section", base::printable(line)),
            {"a group's name has no blanks; write `[group]`, `[group:vars]` or "
             "`[group:children]`"});
      return true;
    }
    skipping_ = !kind.empty() && kind != "hosts" && kind != "vars" && kind != "children";
    if (skipping_) {
      error("E0502", kind,
            fmt::format("there is no section of the kind `{}`", base::printable(kind)),
            {"write `[group]`, `[group:vars]` or `[group:children]`"});
      return true;
    }
    section_ = kind == "vars"       ? Section::Variables
               : kind == "children" ? Section::Children
                                    : Section::Hosts;
    open_group(name);
    return true;
  }

  void open_group(std::string_view name) {
    const bool known = inventory_.find_group(name).valid();
    group_ = inventory_.add_group(name, place(name));
    if (is_full(name)) return;
    const auto waiting = waiting_.find(name);
    if (section_ == Section::Variables) {
      if (!known && waiting == waiting_.end()) only_variables_[group_.value] = place(name);
      return;
    }
    only_variables_.erase(group_.value);
    if (waiting == waiting_.end()) return;
    for (const GroupId parent : waiting->second.parents) {
      inventory_.add_child(parent, group_, waiting->second.place);
    }
    waiting_.erase(waiting);
  }

  // Whether there are too many groups, and no more is read.
  bool is_full(std::string_view name) {
    if (inventory_.group_count() + waiting_.size() <= most_groups) return false;
    error("E0508", name, too_many_groups);
    mistakes_ = most_mistakes;
    return true;
  }

  void read_child(std::string_view line) {
    const std::string_view name = line.substr(0, line.find_first_of(" \t\r:]"));
    const std::string_view behind = trimmed(line.substr(name.size()));
    if (name.empty() || (!behind.empty() && behind[0] != '#')) {
      return error("E0502", line, fmt::format("`{}` is no group's name", base::printable(line)),
                   {"in a section `:children` each line names one group"});
    }
    const GroupId known = inventory_.find_group(name);
    if (known == group_) {
      error("E0505", name, fmt::format("the group `{}` is its own child", base::printable(name)));
    } else if (known.valid()) {
      inventory_.add_child(group_, known, place(name));
    } else {
      if (is_full(name)) return;
      Waiting& waiting = waiting_[std::string(name)];
      if (waiting.parents.empty()) waiting.place = place(name);
      waiting.parents.push_back(group_);
    }
  }

  void read_variable(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return error("E0502", line, "a variable is written `name=value`");
    }
    const std::string_view name = trimmed(line.substr(0, equals));
    if (name.empty()) return error("E0502", line, "a name is missing before the `=`");
    if (inventory_.variable_count() >= most_inventory_variables) {
      return error("E0508", line.substr(0, 1), too_many_variables);
    }
    inventory_.set(group_, inventory_.variable(name), value(trimmed(line.substr(equals + 1))),
                   place(name));
  }

  void read_host(std::string_view line) {
    if (!split(line)) return;
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (words_[i].text.find('=') != std::string_view::npos) continue;
      return error(
          "E0502", line.substr(words_[i].at, 1 + words_[i].text.size()),
          fmt::format("`{}` behind the host is no `name=value`", base::printable(words_[i].text)));
    }
    const std::string_view pattern = words_[0].text;
    const InventoryPlace at = place(line);
    variables_.clear();
    for (std::size_t i = 1; i < words_.size(); ++i) {
      const std::string_view word = words_[i].text;
      const std::size_t equals = word.find('=');
      if (inventory_.variable_count() >= most_inventory_variables) {
        return error("E0508", line.substr(words_[i].at, 1), too_many_variables);
      }
      variables_.push_back({inventory_.variable(word.substr(0, equals)),
                            value(word.substr(equals + 1)), place(line.substr(words_[i].at))});
    }
    const HostProblem problem = add_hosts(pattern, group_, at, inventory_, left_, [&](HostId host) {
      for (const Assigned& one : variables_) {
        inventory_.set(host, one.variable, one.value, one.place);
      }
    });
    if (problem.message.empty()) return;
    error(problem.code, line.substr(0, line.find_first_of(" \t")), problem.message,
          pattern == "---" ? std::vector<std::string>{"a YAML inventory's name ends in `.yml`"}
                           : std::vector<std::string>{});
  }

  InventoryValueId value(std::string_view text) {
    return inventory_.value('i', text, [&] {
      auto literal = read_python_literal(text);
      return literal ? *std::move(literal) : InventoryValue{{}, {std::string(text)}};
    });
  }

  // As a POSIX shell would, with comments: the words go to words_. False: it has been reported.
  bool split(std::string_view line) {
    words_.clear();
    const auto quotes = [](char c) { return c == '"' || c == '\'' || c == '\\'; };
    if (std::any_of(line.begin(), line.end(), quotes)) return split_quoted(line);
    std::size_t at = 0;
    while (at < line.size() && line[at] != '#') {
      if (is_blank(line[at])) {
        ++at;
        continue;
      }
      const std::size_t begin = at;
      while (at < line.size() && !is_blank(line[at]) && line[at] != '#') ++at;
      words_.push_back({line.substr(begin, at - begin), begin});
    }
    return true;
  }

  bool split_quoted(std::string_view line) {
    unquoted_.clear();
    unquoted_.reserve(line.size());  // so that views into it stay
    std::size_t at = 0;
    while (at < line.size()) {
      while (at < line.size() && is_blank(line[at])) ++at;
      if (at == line.size() || line[at] == '#') break;
      const std::size_t begin = at;
      const std::size_t before = unquoted_.size();
      while (at < line.size() && !is_blank(line[at]) && line[at] != '#') {
        const char c = line[at];
        if (c == '\\') {
          if (at + 1 == line.size()) return unclosed(line.substr(at), "nothing stands behind this");
          unquoted_ += line[at + 1];
          at += 2;
        } else if (c == '"' || c == '\'') {
          const std::size_t open = at;
          at = quoted(line, at);
          if (at == 0) return unclosed(line.substr(open), "this quote is not closed on its line");
        } else {
          unquoted_ += c;
          ++at;
        }
      }
      words_.push_back({std::string_view(unquoted_).substr(before), begin});
      if (at < line.size() && line[at] == '#') break;
    }
    return true;
  }

  bool unclosed(std::string_view rest, const char* message) {
    error("E0502", rest.substr(0, 1), message);
    return false;
  }

  // Appends what stands in quotes; where it goes on behind them, or 0.
  std::size_t quoted(std::string_view line, std::size_t at) {
    const char quote = line[at];
    for (++at; at < line.size(); ++at) {
      if (line[at] == quote) return at + 1;
      const bool escapes = quote == '"' && line[at] == '\\' && at + 1 < line.size() &&
                           (line[at + 1] == '"' || line[at + 1] == '\\');
      if (escapes) ++at;
      unquoted_ += line[at];
    }
    return 0;
  }

  void report_undeclared() {
    for (const auto& [group, where] : only_variables_) {
      error("E0504", word_at(where),
            fmt::format("the group `{}` has variables, and is nowhere opened",
                        base::printable(inventory_.group_name({group}))),
            {fmt::format("write `[{}]` with its hosts, or `[{}:children]`",
                         base::printable(inventory_.group_name({group})),
                         base::printable(inventory_.group_name({group})))});
    }
    std::vector<std::string> names;
    for (std::uint32_t group = 0; group < inventory_.group_count() && group < 1000; ++group) {
      names.emplace_back(inventory_.group_name({group}));
    }
    for (const auto& [name, waiting] : waiting_) {
      error("E0504", word_at(waiting.place),
            fmt::format("there is no group `{}`", base::printable(name)),
            did_you_mean(name, names));
      if (mistakes_ > most_mistakes) return;
    }
  }

  std::string_view word_at(InventoryPlace where) const {
    const std::string_view rest = text_.substr(where.at);
    return rest.substr(0, rest.find_first_of(" \t\r\n:]"));
  }

  std::string_view text_;
  base::FileId file_;
  Inventory& inventory_;
  Report& report_;
  GroupId group_;
  Section section_ = Section::Hosts;
  bool skipping_ = false;                                   // in a section that is none
  std::map<std::uint32_t, InventoryPlace> only_variables_;  // groups that no section opened
  std::map<std::string, Waiting, std::less<>> waiting_;
  std::vector<Word> words_;
  std::string unquoted_;
  std::vector<Assigned> variables_;
  std::uint64_t left_ = most_hosts;  // hosts that ranges may stand for
  std::size_t mistakes_ = 0;
};

}  // namespace

bool read_ini(const base::SourceFile& source, base::FileId file, Inventory& inventory,
              Report& report) {
  return IniReader(source, file, inventory, report).read();
}

}  // namespace sluice::compiler
