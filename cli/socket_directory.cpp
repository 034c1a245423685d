#include "cli/socket_directory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace sluice::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "sluice-ssh-";

int opened(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// Of this user, held by nobody, and not one that is being made just now.
bool is_left(int directory) {
  constexpr std::time_t an_hour = 3'600;
  struct stat status{};
  return ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid() &&
         status.st_mtime < std::time(nullptr) - an_hour &&
         ::flock(directory, LOCK_EX | LOCK_NB) == 0;
}

void remove_what_was_left(const std::string& place) {
  std::error_code ignored;
  for (fs::directory_iterator entry(place, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path().filename().string().rfind(prefix, 0) != 0) continue;
    const int directory = opened(entry->path().string());
    if (directory < 0) continue;
    std::error_code kept;
    if (is_left(directory)) fs::remove_all(entry->path(), kept);
    ::close(directory);
  }
}

}  // namespace

SocketDirectory::SocketDirectory(const std::string& place) {
  remove_what_was_left(place);
  std::string pattern = place + "/" + std::string(prefix) + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  path_ = pattern;
  lock_ = opened(path_);
  if (lock_ >= 0) (void)::flock(lock_, LOCK_SH | LOCK_NB);
}

SocketDirectory::~SocketDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace sluice::cli
