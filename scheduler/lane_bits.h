// A few bits for each lane of a step, for the steps that must remember something of every lane.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::scheduler {

class LaneBits {
 public:
  void make(std::uint32_t lanes, std::uint32_t bits) {
    bytes_ = (bits + 7) / 8;
    cells_.assign(std::size_t{lanes} * bytes_, 0);
  }
  bool made() const { return !cells_.empty(); }
  void set(std::uint32_t lane, std::uint32_t bit) { cell(lane, bit) |= mask(bit); }
  void clear(std::uint32_t lane, std::uint32_t bit) {
    cell(lane, bit) = static_cast<std::uint8_t>(cell(lane, bit) & ~mask(bit));
  }
  void set_all(std::uint32_t lane) {
    for (std::size_t i = 0; i < bytes_; ++i) cells_[std::size_t{lane} * bytes_ + i] = 0xff;
  }
  void clear_all(std::uint32_t lane) {
    for (std::size_t i = 0; i < bytes_; ++i) cells_[std::size_t{lane} * bytes_ + i] = 0;
  }
  bool test(std::uint32_t lane, std::uint32_t bit) const {
    return (cells_[std::size_t{lane} * bytes_ + bit / 8] & mask(bit)) != 0;
  }
  bool any(std::uint32_t lane) const {
    for (std::size_t i = 0; i < bytes_; ++i) {
      if (cells_[std::size_t{lane} * bytes_ + i] != 0) return true;
    }
    return false;
  }

 private:
  static std::uint8_t mask(std::uint32_t bit) { return static_cast<std::uint8_t>(1U << bit % 8); }
  std::uint8_t& cell(std::uint32_t lane, std::uint32_t bit) {
    return cells_[std::size_t{lane} * bytes_ + bit / 8];
  }

  std::size_t bytes_ = 0;  // a lane
  std::vector<std::uint8_t> cells_;
};

}  // namespace sluice::scheduler
