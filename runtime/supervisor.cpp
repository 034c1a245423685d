#include "runtime/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "runtime/files.h"
#include "runtime/posix.h"
#include "runtime/process.h"
#include "runtime/supervising.h"

namespace sluice::runtime {

namespace {

using base::Error;

constexpr std::size_t most_note = 512;  // bytes of one of its small files

// The lines of one of its small files, up to `N` of them.
template <std::size_t N>
std::array<std::string, N> first_lines(const std::string& path) {
  std::array<std::string, N> lines;
  const auto text = read_whole(path, most_note);
  if (!text) return lines;
  std::string_view rest = text.value();
  for (std::string& line : lines) {
    line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return lines;
}

// What is written down of a script.
struct Note {
  std::string boot, supervisor, ended, process;  // boot: empty where it has not begun
};
Note read_note(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  auto lines = first_lines<3>(path + ".started");
  // Programs before this one kept a file for each, and what they began may run still.
  if (lines[1].empty()) {
    lines[1] = first_lines<1>(path + ".exit")[0];
    lines[2] = first_lines<1>(path + ".pid")[0];
  }
  std::istringstream words(lines[0]);
  Note note;
  std::string of;
  words >> note.boot >> note.supervisor >> of;
  // What was written of another script, before this file was this one's.
  if (!of.empty() && of != name) return {};
  note.ended = std::move(lines[1]);
  note.process = std::move(lines[2]);
  return note;
}

// Whether some process holds a lock on the file.
bool is_locked(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool locked = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return locked;
}

// Supervisors of others: any that lives, or one that may still start what it was told.
enum class Living : std::uint8_t { Any, Open };
bool any_lives(const std::string& directory, const std::set<std::string>& own, Living which) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    const std::string file = entry.path().filename().string();
    const bool one = file.find(supervisor_prefix) == 0 && !own.contains(file) &&
                     file.find(closed_suffix) == std::string::npos;
    if (!one || !is_locked(path)) continue;
    if (which == Living::Any) return true;
    if (!std::filesystem::exists(path + std::string(closed_suffix))) return true;
  }
  return false;
}

// Where what is written down of it is gone: a script may do that to its own files.
bool has_begun(const std::string& directory, const std::string& name) {
  struct stat status{};
  const std::string path = directory + "/" + name;
  return ::lstat((path + ".started").c_str(), &status) == 0 ||
         ::lstat((path + ".out").c_str(), &status) == 0;
}

ScriptState ended_state(const Note& note) {
  ScriptState state;
  char word[16] = {};
  char dot = 0;
  int value = 0;
  if (std::sscanf(note.ended.c_str(), "%15s %d %c", word, &value, &dot) != 3 || dot != '.') {
    return state;
  }
  state.kind = ScriptState::Kind::Ended;
  (std::strcmp(word, "signal") == 0 ? state.signal : state.exit_code) = value;
  return state;
}

struct FirstProcess {
  pid_t number = 0;  // 0: it did not come to write that down
  unsigned long long began = 0;
};

FirstProcess first_process(const Note& note) {
  FirstProcess first;
  const bool told = std::sscanf(note.process.c_str(), "%d %llu", &first.number, &first.began) == 2;
  return told && first.number > 1 && first.began != 0 ? first : FirstProcess{};
}

// It has a file of its own for its output, perhaps: then nothing of it holds ours.
bool runs_unheard(const Note& note) {
  const FirstProcess first = first_process(note);
  if (first.number == 0) return false;
  const ProcessStat now = process_stat(first.number);
  return now.runs && now.began == first.began;
}

// 0: there is none of it, or its number is not known.
pid_t session_of(const Note& note) {
  const FirstProcess first = first_process(note);
  // Where it has ended its number stays the session's as long as others are in it; but where it is
  // another process's by now, none is.
  const unsigned long long began = first.number == 0 ? 0 : process_began(first.number);
  return began == 0 || began == first.began ? first.number : 0;
}

}  // namespace

ScriptState script_state(const std::string& directory, const std::string& name,
                         const std::set<std::string>& own) {
  Note note = read_note(directory, name);
  ScriptState state = ended_state(note);
  if (state.kind == ScriptState::Kind::Ended) return state;
  if (note.boot.empty()) {
    state.kind = any_lives(directory, own, Living::Open) ? ScriptState::Kind::Running
                                                         : ScriptState::Kind::NotStarted;
    // It may have begun between the two looks.
    if (state.kind == ScriptState::Kind::NotStarted) note = read_note(directory, name);
    if (note.boot.empty() && state.kind == ScriptState::Kind::NotStarted &&
        has_begun(directory, name)) {
      const bool may_run =
          is_locked(directory + "/" + name + ".out") || any_lives(directory, own, Living::Any);
      state.kind = may_run ? ScriptState::Kind::Running : ScriptState::Kind::LostKilled;
    }
    if (note.boot.empty()) return state;
  }
  if (note.boot != boot_id()) {
    state.kind = ScriptState::Kind::LostReboot;
    return state;
  }
  state.kind = ScriptState::Kind::Running;
  if (is_locked(directory + "/" + note.supervisor) || is_locked(directory + "/" + name + ".out")) {
    return state;
  }
  note = read_note(directory, name);
  if (runs_unheard(note)) return state;
  // What watched over it is gone: it may have written its last word between the looks.
  state = ended_state(note);
  if (state.kind != ScriptState::Kind::Ended) state.kind = ScriptState::Kind::LostKilled;
  return state;
}

bool signal_script(const std::string& directory, const std::string& name, int signal) {
  const pid_t session = session_of(read_note(directory, name));
  if (session == 0) return false;
  ::kill(-session, signal);
  for (const RunningProcess& one : running_processes()) {
    if (one.session == session && one.group != session) ::kill(one.process, signal);
  }
  return true;
}

bool script_left(const std::string& directory, const std::string& name) {
  const pid_t session = session_of(read_note(directory, name));
  if (session == 0) return false;
  const std::vector<RunningProcess> running = running_processes();
  return std::any_of(running.begin(), running.end(),
                     [&](const RunningProcess& one) { return one.session == session; });
}

void wake_supervisors(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string file = entry.path().filename().string();
    if (file.find(supervisor_prefix) != 0 || file.find(closed_suffix) != std::string::npos)
      continue;
    const std::string path = entry.path().string();
    const int process = std::atoi(first_lines<1>(path)[0].c_str());
    // Its number is its own as long as it holds its lock.
    if (process > 1 && is_locked(path)) ::kill(process, SIGCONT);
  }
}

std::string boot_id() {
  return first_lines<1>("/proc/sys/kernel/random/boot_id")[0];
}

base::Result<std::unique_ptr<Supervisor>> Supervisor::begin(Loop& loop,
                                                            const std::string& directory,
                                                            base::Duration grace, Ended ended,
                                                            Gone gone) {
  const std::string name = fmt::format("{}{}-{:08x}", supervisor_prefix, ::getpid(), random_word());
  const std::string path = directory + "/" + name;
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  int ends[2];
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0 ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    const Error error{fmt::format("cannot make {}: {}", path, std::strerror(errno))};
    if (lock >= 0) ::close(lock);
    return error;
  }
  const pid_t process = ::fork();
  if (process == 0) supervise({directory, name, grace}, ends[1], lock);
  const int why = errno;
  ::close(ends[1]);
  ::close(lock);
  if (process < 0) {
    ::close(ends[0]);
    ::unlink(path.c_str());
    return Error{fmt::format("cannot start what watches over scripts: {}", std::strerror(why))};
  }
  return std::unique_ptr<Supervisor>(
      new Supervisor(loop, path, ends[0], process, std::move(ended), std::move(gone)));
}

Supervisor::Supervisor(Loop& loop, std::string path, int socket, pid_t process, Ended ended,
                       Gone gone)
    : loop_(loop),
      path_(std::move(path)),
      socket_(socket),
      process_(process),
      ended_(std::move(ended)),
      gone_(std::move(gone)),
      watch_(loop_.watch(socket)) {
  watch_.on_readable([this] { hear(); });
}

Supervisor::~Supervisor() {
  watch_ = Loop::Watch();
  ::close(socket_);
  // Where nothing runs it ends by itself, at once; where something does, it is not waited for.
  int status = 0;
  wake();
  if (!open_.empty() || ::waitpid(process_, &status, 0) != process_) return;
  remove_file(path_);
  remove_file(path_ + std::string(closed_suffix));
}

void Supervisor::wake() {
  ::kill(process_, SIGCONT);
}

void Supervisor::send(const std::string& message) {
  std::string framed(sizeof(std::uint32_t), '\0');
  const auto length = static_cast<std::uint32_t>(message.size());
  std::memcpy(framed.data(), &length, sizeof length);
  unsent_ += framed;
  unsent_ += message;
  wake();
  send_on();
}

// What does not fit now is sent when there is room.
void Supervisor::send_on() {
  while (sent_ < unsent_.size()) {
    const ssize_t sent = ::send(socket_, unsent_.data() + sent_, unsent_.size() - sent_,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return watch_.on_writable([this] { send_on(); });
    if (sent < 0) break;  // it is gone, which hear() finds as well
    sent_ += static_cast<std::size_t>(sent);
  }
  unsent_.clear();
  sent_ = 0;
  watch_.on_writable({});
}

void Supervisor::start(const Script& script) {
  open_.insert(script.name);
  send(start_message(script));
}

void Supervisor::cancel(const std::string& name) {
  send(cancel_message(name));
}

// A line for each script that has ended: its name, and the three numbers of its end.
void Supervisor::hear() {
  char buffer[4096];
  const ssize_t got = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    watch_.on_readable({});
    const Gone gone = gone_;
    return gone();
  }
  heard_.append(buffer, static_cast<std::size_t>(got));
  std::string whole = heard_.substr(0, heard_.rfind('\n') + 1);
  heard_.erase(0, whole.size());
  const Ended ended = ended_;
  while (!whole.empty()) {
    const std::string line = whole.substr(0, whole.find('\n'));
    whole.erase(0, line.size() + 1);
    const std::size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    open_.erase(name);
    End end;
    std::sscanf(line.c_str() + space + 1, "%d %d %d", &end.error, &end.exit_code, &end.signal);
    ended(name, end);
  }
}

}  // namespace sluice::runtime
