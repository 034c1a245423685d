// Texts, each kept once and known by a number in the order of first mention: names and values of a
// large inventory, without an allocation for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compiler {

class TextPool {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;

  // The text's number; `fresh` where it was not there before. At most 4 GiB in all.
  struct Added {
    std::uint32_t id;
    bool fresh;
  };
  Added add(std::string_view text);
  // `none` where it is not there.
  std::uint32_t find(std::string_view text) const;
  // Valid until the next text is added.
  std::string_view text(std::uint32_t id) const {
    return std::string_view(bytes_).substr(ends_[id], ends_[id + 1] - ends_[id]);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size() - 1); }
  // Room for so many texts in all.
  void reserve(std::size_t texts);

 private:
  struct Slot {
    std::uint32_t hash = 0;  // its upper half, so that most others are passed without a look
    std::uint32_t id = none;
  };
  std::size_t place(std::string_view text, std::uint64_t hash) const;
  void rebuild(std::size_t slots);

  std::string bytes_;
  std::vector<std::uint32_t> ends_{0};  // text i is from ends_[i] to ends_[i + 1]
  std::vector<Slot> slots_{64};         // open addressing; a power of two, at most half full
};

}  // namespace sluice::compiler
