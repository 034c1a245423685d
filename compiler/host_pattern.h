// The name of a host as Ansible's inventories write it: `web-[01:10:2].example:2222`. Ranges are
// counted before any name is made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compiler {

class HostPattern {
 public:
  // A pattern that stands for more than `most` names, or is malformed, has a `problem`.
  HostPattern(std::string_view text, std::uint64_t most);

  const std::string& problem() const { return problem_; }
  bool too_many() const { return too_many_; }
  std::uint32_t port() const { return port_; }  // 0: none
  std::uint64_t count() const { return count_; }
  // Every name in order, the last range varying fastest. The text must still be there.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (pieces_.empty()) return visit(single_);
    std::vector<std::uint64_t> index(pieces_.size());
    std::string name;
    do {
      write(index, name);
      visit(std::string_view(name));
    } while (next(index));
  }

 private:
  // A text, and the range behind it; the last has none.
  struct Piece {
    std::string_view text;
    bool is_range = false;
    bool letters = false;
    std::uint64_t first = 0;
    std::uint64_t count = 1;
    std::uint64_t step = 1;
    std::size_t width = 0;  // with leading zeros up to so many digits
  };
  void read_ranges(std::string_view text, std::uint64_t most);
  std::string read_range(std::string_view inside, Piece& piece) const;
  void write(const std::vector<std::uint64_t>& index, std::string& name) const;
  bool next(std::vector<std::uint64_t>& index) const;

  std::string_view single_;  // the name, where there are no ranges
  std::vector<Piece> pieces_;
  std::uint32_t port_ = 0;
  std::uint64_t count_ = 1;
  bool too_many_ = false;
  std::string problem_;
};

}  // namespace sluice::compiler
