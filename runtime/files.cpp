#include "runtime/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/runs.h"

namespace sluice::runtime {

namespace {

base::Error system_error(std::string_view what, const std::string& path) {
  return {fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

// Ours, or of who administers this machine: nobody else leads us elsewhere by it.
bool is_own(const struct stat& link) {
  return link.st_uid == ::geteuid() || link.st_uid == 0;
}

}  // namespace

base::Status make_private_directory(const std::string& path) {
  std::error_code error;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (::mkdir(path.c_str(), 0700) == 0) return base::Done{};
  if (errno != EEXIST) return system_error("make the directory", path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode) && !is_own(status)) {
    return base::Error{fmt::format("{} is a link that somebody else made", path)};
  }
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return base::Error{fmt::format("{} is no directory", path)};
  }
  if (status.st_uid != ::geteuid()) {
    return base::Error{fmt::format("the directory {} belongs to {}, who alone may use it", path,
                                   user_name(status.st_uid))};
  }
  return base::Done{};
}

base::Status write_private(const std::string& path, std::string_view bytes) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int file = ::open(path.c_str(), flags, 0600);
  if (file < 0 && errno == EEXIST && ::unlink(path.c_str()) == 0) {
    file = ::open(path.c_str(), flags, 0600);
  }
  if (file < 0) return system_error("write", path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int why = errno;
      base::Error error = system_error("write", path);
      ::close(file);
      ::unlink(path.c_str());
      errno = why;
      return error;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(file) != 0) return system_error("write", path);
  return base::Done{};
}

int put_where_none_is(const std::string& file, const std::string& path) {
  const int name = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (name < 0) return errno;
  ::close(name);
  return ::rename(file.c_str(), path.c_str()) == 0 ? 0 : errno;
}

base::Result<bool> make_once(const std::string& path, std::string_view bytes) {
  const std::filesystem::path whole(path);
  const std::string folder = whole.parent_path().string();
  const std::string beside =
      fmt::format("{}/.{}.{}", folder, whole.filename().string(), ::gettid());
  if (base::Status written = write_private(beside, bytes); !written) return written.error();
  // For who reads it is another user than who writes it, where the folder was opened to both.
  constexpr mode_t readable = 0644;
  (void)::chmod(beside.c_str(), readable);
  for (const std::string& name : {beside, folder}) {
    const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && ::fsync(file) == 0;
    const base::Error error = system_error("sync", name);
    if (file >= 0) ::close(file);
    if (!synced) return error;
    if (name != beside) continue;
    int why = ::link(beside.c_str(), path.c_str()) == 0 ? 0 : errno;
    // A file system that knows no links: FAT, and many that are reached over a network.
    if (why == EPERM || why == ENOSYS || why == EOPNOTSUPP) why = put_where_none_is(beside, path);
    if (why == 0) continue;
    ::unlink(beside.c_str());
    if (why == EEXIST) return false;
    errno = why;
    return system_error("make", path);
  }
  ::unlink(beside.c_str());
  return true;
}

base::Result<std::string> read_whole(const std::string& path, std::size_t most_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error("read", path);
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const base::Error error = system_error("read", path);
      ::close(file);
      if (got < 0) return error;
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > most_bytes) {
      ::close(file);
      return base::Error{fmt::format("{} has more than {} bytes", path, most_bytes)};
    }
  }
}

base::Status write_again(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0 && errno == ENOENT) return base::Done{};
  if (file < 0) return system_error("write", path);
  char buffer[65536];
  off_t at = 0;
  bool well = true;
  for (;;) {
    const ssize_t got = ::pread(file, buffer, sizeof buffer, at);
    if (got < 0 && errno == EINTR) continue;
    well = got >= 0;
    if (got <= 0) break;
    const ssize_t written = ::pwrite(file, buffer, static_cast<std::size_t>(got), at);
    if (written < 0 && errno == EINTR) continue;
    well = written > 0;
    if (!well) break;
    at += written;
  }
  well = well && ::fsync(file) == 0;
  const base::Error error = system_error("write", path);
  ::close(file);
  if (!well) return error;
  return base::Done{};
}

void remove_file(const std::string& path) {
  ::unlink(path.c_str());
}

bool has_room(const std::string& path) {
  constexpr std::uint64_t plenty = 1024 * std::uint64_t{1024};  // bytes
  struct statvfs disk{};
  if (::statvfs(path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize >= plenty) return true;
  // It counts what is kept for root, or for the system itself, each in its own way.
  const int file = ::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return true;
  const off_t end = ::lseek(file, 0, SEEK_END);
  const bool room = end < 0 || ::pwrite(file, "", 1, end) == 1 || !says_full(errno);
  if (end >= 0) (void)!::ftruncate(file, end);
  ::close(file);
  return room;
}

NoteFile::NoteFile(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {}
NoteFile::~NoteFile() {
  if (file_ >= 0) ::close(file_);
}
void NoteFile::write(std::string_view bytes) {
  if (file_ >= 0) (void)!::pwrite(file_, bytes.data(), bytes.size(), 0);
}

bool says_full(int error) {
  return error == ENOSPC || error == EDQUOT;
}

}  // namespace sluice::runtime
