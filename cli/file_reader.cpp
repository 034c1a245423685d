#include "cli/file_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/sha256.h"
#include "base/utf8.h"
#include "cli/program_output.h"

namespace sluice::cli {

namespace {

using base::Error;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return path.substr(0, slash + 1);
}

// Nothing where there is no such file.
std::string links_followed(const std::string& path) {
  char* found = ::realpath(path.c_str(), nullptr);
  if (found == nullptr) return "";
  std::string text(found);
  std::free(found);
  return text;
}

bool begins_as_program(std::string_view text) {
  return text.starts_with("#!") || text.starts_with(
                                       "\x7f"
                                       "ELF");
}

base::Result<std::string> read_all(int descriptor, std::size_t most_bytes,
                                   const std::string& name) {
  std::string text;
  char buffer[65536];
  while (text.size() < most_bytes) {
    const ssize_t got =
        ::read(descriptor, buffer, std::min(sizeof buffer, most_bytes - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Error{fmt::format("cannot read {}: {}", base::printable(name), std::strerror(errno))};
    }
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

FolderReader::FolderReader(const std::string& main, const std::string& root, bool may_run,
                           Limits limits)
    : may_run_(may_run), limits_(limits) {
  if (main != "-") main_path_ = links_followed(main);
  if (!main_path_.empty()) shown_[main_path_] = main;
  root_shown_ = root;
  if (root.empty()) root_shown_ = main == "-" || folder_of(main).empty() ? "." : folder_of(main);
  // A main file that is a link has its own folder, and that is where the link leads to.
  root_ = root.empty() && !main_path_.empty() ? folder_of(main_path_) : links_followed(root_shown_);
  while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  if (!root_.empty()) {
    root_descriptor_ = ::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
}

FolderReader::~FolderReader() {
  if (root_descriptor_ >= 0) ::close(root_descriptor_);
}

std::string FolderReader::shown(const std::string& from, const std::string& path) const {
  if (path.starts_with("/")) return path;
  const auto known = shown_.find(from);
  return (known == shown_.end() ? folder_of(from) : folder_of(known->second)) + path;
}

base::Result<std::string> FolderReader::real_path(const std::string& from,
                                                  const std::string& path) const {
  const std::string name = base::printable(shown(from, path));
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error{"the path is empty, or holds a NUL"};
  }
  if (root_descriptor_ < 0) {
    return Error{
        fmt::format("cannot read {}: {} is no folder", name, base::printable(root_shown_))};
  }
  const std::string start = from.empty() ? root_ + "/" : folder_of(from);
  const std::string real = links_followed(path.starts_with("/") ? path : start + path);
  if (real.empty()) return Error{fmt::format("cannot read {}: {}", name, std::strerror(errno))};
  const std::string inside = root_ == "/" ? "/" : root_ + "/";
  if (real + "/" == inside) return Error{fmt::format("cannot read {}: it is a folder", name)};
  if (!real.starts_with(inside)) {
    return Error{
        fmt::format("{} lies outside of {}: files are read beneath it alone (--root names "
                    "another folder)",
                    name, base::printable(root_shown_))};
  }
  return real;
}

int FolderReader::open_beneath(const std::string& real, int flags) const {
  const std::string relative = real.substr(root_ == "/" ? 1 : root_.size() + 1);
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const long opened = ::syscall(SYS_openat2, root_descriptor_, relative.c_str(), &how, sizeof how);
  if (opened >= 0 || errno != ENOSYS) return static_cast<int>(opened);
  return ::openat(root_descriptor_, relative.c_str(), flags | O_CLOEXEC | O_NOFOLLOW);
}

base::Result<FolderReader::File> FolderReader::read(const std::string& from,
                                                    const std::string& path,
                                                    std::size_t most_bytes) {
  auto real = real_path(from, path);
  if (!real) return real.error();
  File file;
  file.path = std::move(real).value();
  file.name = shown(from, path);
  const std::string name = base::printable(file.name);
  // A pipe must not make us wait for who writes into it.
  const int descriptor = open_beneath(file.path, O_RDONLY | O_NONBLOCK);
  if (descriptor < 0) return Error{fmt::format("cannot read {}: {}", name, std::strerror(errno))};
  struct stat status{};
  const bool known = ::fstat(descriptor, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return Error{fmt::format("cannot read {}: it is {}", name,
                             known && S_ISDIR(status.st_mode) ? "a folder" : "no file")};
  }
  auto text = read_all(descriptor, most_bytes, file.name);
  ::close(descriptor);
  if (!text) return text.error();
  file.text = std::move(text).value();
  file.program = (status.st_mode & 0111U) != 0 && begins_as_program(file.text);
  shown_[file.path] = file.name;
  return file;
}

base::Result<std::optional<FolderReader::Stamp>> FolderReader::stamp(const std::string& from,
                                                                     const std::string& path) {
  const std::string start = from.empty() ? root_ + "/" : folder_of(from);
  const std::string whole = path.starts_with("/") ? path : start + path;
  if (::access(whole.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<Stamp>();
  auto real = real_path(from, path);
  if (!real) return real.error();
  const std::string name = base::printable(shown(from, path));
  const int descriptor = open_beneath(real.value(), O_RDONLY | O_NONBLOCK);
  if (descriptor < 0) return Error{fmt::format("cannot read {}: {}", name, std::strerror(errno))};
  struct stat status{};
  Stamp stamp;
  base::Sha256 hash;
  std::array<char, 65536> buffer;
  const bool is_file = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  ssize_t got = is_file ? 1 : -1;
  while (got > 0) {
    got = ::read(descriptor, buffer.data(), buffer.size());
    if (got <= 0) break;
    stamp.bytes += static_cast<std::uint64_t>(got);
    hash.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  const std::string why = is_file ? std::strerror(errno) : "it is no file";
  ::close(descriptor);
  if (got < 0) return Error{fmt::format("cannot read {}: {}", name, why)};
  stamp.sha256 = hash.hex();
  return std::optional(stamp);
}

std::vector<std::string> FolderReader::list(const std::string& from, const std::string& path) {
  std::vector<std::string> names;
  const auto real = real_path(from, path);
  if (!real) return names;
  const int descriptor = open_beneath(real.value(), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  DIR* folder = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  if (folder == nullptr) return names;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::string> FolderReader::run(const std::string& path) {
  if (!may_run_) return Error{fmt::format("{} is not started", base::printable(path))};
  return program_output({path, "--list"}, shown_[path], limits_.time, limits_.bytes);
}

}  // namespace sluice::cli
