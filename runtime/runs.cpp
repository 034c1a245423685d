#include "runtime/runs.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>

#include "runtime/files.h"

namespace sluice::runtime {

namespace {

using base::Error;

std::string lock_path(const std::string& state) {
  return state + "/lock";
}

std::tm utc(std::time_t at) {
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  return parts;
}

}  // namespace

base::Result<StateLock> StateLock::take(const std::string& state) {
  if (base::Status made = make_private_directory(state); !made) return made.error();
  const std::string path = lock_path(state);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Error{fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    char holder[128] = {};
    const ssize_t length = ::pread(file, holder, sizeof holder - 1, 0);
    ::close(file);
    return Error{fmt::format("another run is at work here ({}): {}", path,
                             length > 0 ? holder : "its holder did not say who it is")};
  }
  const std::string who = fmt::format("process {}, since {}", ::getpid(), wall_time());
  const bool told = ::ftruncate(file, 0) == 0 &&
                    ::pwrite(file, who.data(), who.size(), 0) == static_cast<ssize_t>(who.size());
  if (!told) {
    ::close(file);
    return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  }
  return StateLock(file);
}

bool StateLock::held(const std::string& state) {
  const int file = ::open(lock_path(state).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool is_held = ::flock(file, LOCK_SH | LOCK_NB) != 0;
  ::close(file);
  return is_held;
}

StateLock::~StateLock() {
  if (file_ >= 0) ::close(file_);
}
StateLock::StateLock(StateLock&& other) noexcept : file_(other.file_) {
  other.file_ = -1;
}
StateLock& StateLock::operator=(StateLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

base::Result<RunFolder> make_run_folder(const std::string& state) {
  // Milliseconds, so that the last by name is the last that began.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::random_device device;
  RunFolder folder;
  folder.name = fmt::format("{:%Y%m%d-%H%M%S}-{:03}{:02x}", utc(now.tv_sec),
                            now.tv_nsec / 1'000'000, device() & 0xffU);
  folder.path = fmt::format("{}/runs/{}", state, folder.name);
  for (const std::string& path : {state + "/runs", folder.path, folder.output()}) {
    if (base::Status made = make_private_directory(path); !made) return made.error();
  }
  return folder;
}

std::vector<RunFolder> list_runs(const std::string& state) {
  std::vector<RunFolder> runs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(state + "/runs", error)) {
    const RunFolder folder{entry.path().filename().string(), entry.path().string()};
    if (std::filesystem::exists(folder.journal(), error)) runs.push_back(folder);
  }
  std::sort(runs.begin(), runs.end(),
            [](const RunFolder& a, const RunFolder& b) { return a.name < b.name; });
  return runs;
}

base::Result<RunFolder> find_run(const std::string& state, const std::string& name) {
  const std::vector<RunFolder> runs = list_runs(state);
  if (runs.empty())
    return Error{
        fmt::format("there are no runs in {}; runs are kept beside their file, in a folder .sluice "
                    "that --state names",
                    state)};
  if (name.empty()) return runs.back();
  std::vector<RunFolder> fitting;
  for (const RunFolder& run : runs) {
    if (run.name == name) return run;
    if (run.name.find(name) == 0) fitting.push_back(run);
  }
  if (fitting.size() == 1) return fitting[0];
  if (fitting.empty()) return Error{fmt::format("there is no run `{}` in {}", name, state)};
  return Error{fmt::format("`{}` is the beginning of several runs in {}", name, state)};
}

std::string wall_time() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc(std::time(nullptr)));
}

}  // namespace sluice::runtime
