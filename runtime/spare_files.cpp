#include "runtime/spare_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/files.h"
#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t most_files = 1024;
constexpr off_t most_bytes = 65536;

// A lease to write is given where nobody else has the file open, and asks nothing of anybody.
bool is_ours_alone(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (status.st_uid != ::geteuid() || status.st_nlink != 1) return false;
  return status.st_size <= most_bytes && ::fcntl(file, F_SETLEASE, F_WRLCK) == 0 &&
         ::fcntl(file, F_SETLEASE, F_UNLCK) == 0;
}

}  // namespace

SpareFiles::SpareFiles(std::string directory, Keeps keeps)
    : prefix_(fmt::format("{}/spare-{}-{:08x}-", directory, ::getpid(), random_word())),
      keeps_(keeps) {}

SpareFiles::~SpareFiles() {
  for (const std::string& path : paths_) remove_file(path);
}

bool SpareFiles::keeps(const std::string& path) const {
  if (paths_.size() >= most_files) return false;
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return false;
  const bool well = is_ours_alone(file) && (keeps_ == Keeps::Room || ::ftruncate(file, 0) == 0);
  ::close(file);
  return well;
}

void SpareFiles::put(const std::string& path) {
  std::string spare = fmt::format("{}{}", prefix_, made_);
  if (!keeps(path) || std::rename(path.c_str(), spare.c_str()) != 0) return remove_file(path);
  ++made_;
  paths_.push_back(std::move(spare));
}

std::string SpareFiles::take() {
  if (paths_.empty()) return {};
  std::string path = std::move(paths_.back());
  paths_.pop_back();
  return path;
}

}  // namespace sluice::runtime
