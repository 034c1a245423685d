#include "runtime/runs.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "base/characters.h"
#include "base/sha256.h"
#include "runtime/files.h"
#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

using base::Error;

// A name that a file can have, and that two leases never share.
std::string lease_path(const std::string& state, const std::string& deployment,
                       const std::string& environment) {
  std::string name = deployment + (environment.empty() ? "" : "." + environment);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool letter = base::is_letter(c);
        return !letter && (c < '0' || c > '9') && c != '.' && c != '-';
      },
      '_');
  constexpr std::size_t most = 60;
  const std::string whole = deployment + '\n' + environment;
  return fmt::format("{}/leases/{}-{}", state, name.substr(0, most),
                     base::sha256_hex(whole).substr(0, 12));
}

// Empty: it has not said who it is, or not yet.
std::string holder_in(int file) {
  char holder[256] = {};
  (void)!::pread(file, holder, sizeof holder - 1, 0);
  return holder;
}

std::string told(const std::string& holder) {
  return holder.empty() ? "its holder did not say who it is" : holder;
}

// Whether the process that a holder is told by is known to be gone from this machine.
bool is_gone(const std::string& holder) {
  constexpr std::string_view word = "process ";
  const std::size_t at = holder.find(word);
  if (at == std::string::npos) return false;
  const long process = std::strtol(holder.c_str() + at + word.size(), nullptr, 10);
  return process > 0 && ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

// A process that was just forked holds what its parent held until it has closed it or become
// another program: that of a controller that was killed is waited for, a second at most; and so is
// one that has just begun, to say who it is.
bool lock(int file) {
  constexpr int most_times = 50;
  constexpr int between_ms = 20;
  for (int times = 0;; ++times) {
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
    const std::string holder = holder_in(file);
    if (times == most_times || (!holder.empty() && !is_gone(holder))) break;
    ::poll(nullptr, 0, between_ms);
  }
  errno = EWOULDBLOCK;
  return false;
}

// Where runs are, one folder down from here: what who has just run a file looks for.
std::string states_nearby() {
  constexpr std::size_t most = 3;
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(".", error)) {
    const std::string state = entry.path().filename().string() + "/.sluice";
    if (!list_runs(state).empty()) found.push_back("--state " + state);
  }
  if (found.empty() || found.size() > most) return "";
  std::sort(found.begin(), found.end());
  return fmt::format("\n  perhaps {}", fmt::join(found, ", or "));
}

std::tm utc(std::time_t at) {
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  return parts;
}

}  // namespace

base::Result<Lease> Lease::take(const std::string& state, const std::string& deployment,
                                const std::string& environment, const std::string& who) {
  for (const std::string& folder : {state, state + "/leases"}) {
    if (base::Status made = make_private_directory(folder); !made) return made.error();
  }
  const std::string path = lease_path(state, deployment, environment);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Error{fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  if (!lock(file)) {
    const int why = errno;
    const std::string holder = holder_in(file);
    ::close(file);
    if (why != EWOULDBLOCK) {
      return Error{fmt::format("cannot lock {}: {}", path, std::strerror(why))};
    }
    return Error{fmt::format("`{}`{} is being carried out already: {}", deployment,
                             environment.empty() ? "" : fmt::format(" in `{}`", environment),
                             told(holder))};
  }
  const bool written = ::ftruncate(file, 0) == 0 && ::pwrite(file, who.data(), who.size(), 0) ==
                                                        static_cast<ssize_t>(who.size());
  if (!written) {
    ::close(file);
    return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  }
  return Lease(file);
}

std::string Lease::holder(const std::string& state, const std::string& deployment,
                          const std::string& environment) {
  const std::string path = lease_path(state, deployment, environment);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  const bool held = ::flock(file, LOCK_SH | LOCK_NB) != 0;
  const std::string holder = held ? told(holder_in(file)) : "";
  ::close(file);
  return holder;
}

Lease::~Lease() {
  if (file_ >= 0) ::close(file_);
}
Lease::Lease(Lease&& other) noexcept : file_(other.file_) {
  other.file_ = -1;
}
Lease& Lease::operator=(Lease&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

std::string user_name(unsigned int user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  const bool known = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0;
  return known && found != nullptr ? found->pw_name : fmt::format("user {}", user);
}

std::string own_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("{}, process {} on {}", user_name(::geteuid()), ::getpid(), host.data());
}

std::int64_t wall_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::int64_t boot_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

RunFolder RunFolder::in_its_place() const {
  std::error_code unknown;
  return {name, std::filesystem::absolute(path, unknown).string()};
}

base::Result<RunFolder> make_run_folder(const std::string& state) {
  // Milliseconds, so that the last by name is the last that began.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  RunFolder folder;
  folder.name = fmt::format("{:%Y%m%d-%H%M%S}-{:03}{:02x}", utc(now.tv_sec),
                            now.tv_nsec / 1'000'000, random_word() & 0xffU);
  folder.path = fmt::format("{}/runs/{}", state, folder.name);
  for (const std::string& path :
       {state + "/runs", folder.path, folder.output(), folder.orders(), folder.scripts()}) {
    if (base::Status made = make_private_directory(path); !made) return made.error();
  }
  return folder;
}

std::vector<RunFolder> list_runs(const std::string& state) {
  std::vector<RunFolder> runs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(state + "/runs", error)) {
    const RunFolder folder{entry.path().filename().string(), entry.path().string()};
    // Who has lost the journal alone is not to be told of the run before as the last one.
    const bool lost = std::filesystem::exists(folder.journal() + ".last", error);
    if (lost || std::filesystem::exists(folder.journal(), error)) runs.push_back(folder);
  }
  std::sort(runs.begin(), runs.end(),
            [](const RunFolder& a, const RunFolder& b) { return a.name < b.name; });
  return runs;
}

base::Result<RunFolder> find_run(const std::string& state, const std::string& name) {
  const std::vector<RunFolder> runs = list_runs(state);
  std::error_code error;
  const std::filesystem::directory_iterator readable(state + "/runs", error);
  if (error == std::errc::permission_denied) {
    struct stat folder{};
    const bool others = ::stat(state.c_str(), &folder) == 0 && folder.st_uid != ::geteuid();
    return Error{fmt::format("cannot read {}/runs: {}{}", state, error.message(),
                             others ? fmt::format(", for it belongs to {}, who alone may use it",
                                                  user_name(folder.st_uid))
                                    : "")};
  }
  if (runs.empty()) {
    return Error{
        fmt::format("there are no runs in {}; runs are kept beside their file, in a folder .sluice "
                    "that --state names{}",
                    state, states_nearby())};
  }
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
