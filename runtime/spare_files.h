// Files that are done with, kept to become others: a name is quicker changed than a file is made
// and removed, above all on an ext4 without a journal, which looks through all numbers of files
// that it was given back in the last minute before it gives one out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::runtime {

class SpareFiles {
 public:
  // Room: what was there is there still, and so is its room on the disk. Nothing: it is empty.
  enum class Keeps : std::uint8_t { Room, Nothing };

  // In this directory, under names that no other program gives.
  SpareFiles(std::string directory, Keeps keeps);
  // Removes what nobody has taken.
  ~SpareFiles();
  SpareFiles(const SpareFiles&) = delete;
  SpareFiles& operator=(const SpareFiles&) = delete;

  // The file at this path is done with. It is removed where anybody else has it open, where it has
  // a second name or is not ours, where it is large, and where there are enough.
  void put(const std::string& path);
  // The path of one, which is the caller's now, to be renamed; empty: there is none.
  std::string take();

 private:
  bool keeps(const std::string& path) const;

  std::string prefix_;
  Keeps keeps_;
  std::uint64_t made_ = 0;
  std::vector<std::string> paths_;
};

}  // namespace sluice::runtime
