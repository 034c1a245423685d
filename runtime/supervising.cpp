#include "runtime/supervising.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <vector>

#include "runtime/files.h"
#include "runtime/posix.h"
#include "runtime/process.h"
#include "runtime/spawn_attributes.h"

namespace sluice::runtime {

namespace {

constexpr std::string_view no_end = "               \n";
constexpr int look_again_ms = 10;  // for what is left of a session that was told to end

void add_text(std::string& message, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  message.append(reinterpret_cast<const char*>(&length), sizeof length);
  message += text;
}

std::string_view take_text(std::string_view& message) {
  std::uint32_t length = 0;
  std::memcpy(&length, message.data(), sizeof length);
  const std::string_view text = message.substr(sizeof length, length);
  message.remove_prefix(sizeof length + length);
  return text;
}

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

bool write_at(int file, std::size_t at, std::string_view text) {
  return ::pwrite(file, text.data(), text.size(), static_cast<off_t>(at)) ==
         static_cast<ssize_t>(text.size());
}

// In a file that is there.
void overwrite(const std::string& path, std::size_t at, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return;
  (void)write_at(file, at, text);
  ::close(file);
}

// A file of this text, which is whole when it has its name: made of the spare one, or new. Open to
// write; below 0: it cannot be.
int make_note(const std::string& path, const std::string& spare, std::string_view text) {
  const int file = spare.empty() ? -1 : ::open(spare.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file >= 0) {
    if (write_at(file, 0, text) && ::ftruncate(file, static_cast<off_t>(text.size())) == 0 &&
        std::rename(spare.c_str(), path.c_str()) == 0) {
      return file;
    }
    ::close(file);
    remove_file(spare);
  }
  if (!write_private(path, text)) return -1;
  return ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

// Where the three that every program has do not take its place; below 0: it cannot be.
int above_standard(int file) {
  const int kept = ::fcntl(file, F_DUPFD_CLOEXEC, 3);
  ::close(file);
  return kept;
}

// Starts programs.
class Spawner {
 public:
  // 0, or why not.
  int spawn(Supervisor::Script& script, int output, pid_t& process) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (!script.directory.empty()) {
      ::posix_spawn_file_actions_addchdir_np(&actions, script.directory.c_str());
    }
    const std::vector<char*> words = null_ended(script.arguments);
    const std::vector<char*> settings = null_ended(script.environment);
    const std::string& path = found(script.arguments[0]);
    int error = ENOENT;
    if (path.find('/') != std::string::npos) {
      error = ::posix_spawn(&process, path.c_str(), &actions, attributes_.get(), words.data(),
                            settings.data());
    }
    // Elsewhere on the way, perhaps: what was found first is a directory, or was taken away.
    if (error == ENOENT || error == EACCES) {
      error = ::posix_spawnp(&process, words[0], &actions, attributes_.get(), words.data(),
                             settings.data());
    }
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
  }

 private:
  // Where the program is, looked for again when it is no longer there.
  const std::string& found(const std::string& program) {
    std::string& path = found_[program];
    if (path.empty() || ::access(path.c_str(), X_OK) != 0) path = path_of_program(program);
    return path;
  }

  SpawnAttributes attributes_;
  std::map<std::string, std::string> found_;
};

class Supervising {
 public:
  Supervising(SupervisorSettings settings, int socket)
      : settings_(std::move(settings)), socket_(socket), boot_(boot_id()) {
    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &children, nullptr);
    signals_ = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0) ::_exit(1);
  }

  void run() {
    while (socket_ >= 0 || !children_.empty() || !waiting_.empty()) {
      std::array<pollfd, 2> watched{{{signals_, POLLIN, 0}, {socket_, POLLIN, 0}}};
      if (!to_say_.empty()) watched[1].events |= POLLOUT;
      ::poll(watched.data(), watched.size(), any_ending() ? look_again_ms : -1);
      if (watched[0].revents != 0) forget_signals();
      reap();
      end_cancelled();
      if ((watched[1].revents & POLLOUT) != 0) say();
      if ((watched[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) hear();
      start_waiting();
      if (socket_ < 0 && waiting_.empty() && !closed_) close_down();
    }
  }

 private:
  struct Child {
    std::string name;
    std::size_t end_at = 0;  // where in its note the end belongs
    bool over = false;       // it has ended itself; the rest of its session may not have
    int status = 0;
    std::int64_t kill_at = 0;  // it was told to end; 0: it was not
    bool all_told = false;     // with what has a group of its own in its session
  };

  std::string path(const std::string& name, std::string_view suffix) const {
    return fmt::format("{}/{}{}", settings_.directory, name, suffix);
  }

  void forget_signals() {
    std::array<signalfd_siginfo, 16> gone;
    while (::read(signals_, gone.data(), sizeof gone) > 0) {
    }
  }

  void hear() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
      ::close(socket_);
      socket_ = -1;
      return;
    }
    heard_.append(buffer.data(), static_cast<std::size_t>(got));
    std::uint32_t length = 0;
    while (heard_.size() >= sizeof length) {
      std::memcpy(&length, heard_.data(), sizeof length);
      if (heard_.size() < sizeof length + length) break;
      take(std::string_view(heard_).substr(sizeof length, length));
      heard_.erase(0, sizeof length + length);
    }
  }

  void take(std::string_view message) {
    const bool start = take_text(message) == "start";
    Supervisor::Script script;
    script.name = take_text(message);
    if (!start) return cancel(script.name);
    script.directory = take_text(message);
    script.spare_note = take_text(message);
    script.spare_output = take_text(message);
    std::size_t arguments = 0;
    const std::string_view count = take_text(message);
    for (const char c : count) arguments = arguments * 10 + static_cast<std::size_t>(c - '0');
    while (!message.empty()) {
      std::vector<std::string>& list =
          script.arguments.size() < arguments ? script.arguments : script.environment;
      list.emplace_back(take_text(message));
    }
    waiting_.push_back(std::move(script));
  }

  void start_waiting() {
    while (!waiting_.empty()) {
      const int error = start(waiting_.front());
      // As soon as another has ended there may be room.
      if ((error == EAGAIN || error == ENOMEM || error == EMFILE) && !children_.empty()) return;
      if (error != 0) pass_over(waiting_.front(), error);
      waiting_.pop_front();
    }
  }

  // Written down before it begins, with a place on the disk for how it will end: that must be
  // written when the disk is full.
  int start(Supervisor::Script& script) {
    const std::string note_path = path(script.name, ".started");
    const std::string first = fmt::format("{} {} {}\n", boot_, settings_.name, script.name);
    const int note = make_note(note_path, script.spare_note, first + std::string(no_end));
    if (note < 0) return errno;
    pid_t process = 0;
    const int error = spawn(script, process);
    if (error != 0) {
      remove_file(note_path);
    } else {
      // A failure leaves the script without its number written down: then it cannot be ended later
      // by another program, and is waited for.
      (void)write_at(note, first.size() + no_end.size(),
                     fmt::format("{} {}\n", process, process_began(process)));
      children_[process] = {script.name, first.size()};
    }
    ::close(note);
    return error;
  }

  int spawn(Supervisor::Script& script, pid_t& process) {
    const std::string place = path(script.name, ".out");
    if (!script.spare_output.empty()) {
      (void)!std::rename(script.spare_output.c_str(), place.c_str());
    }
    const int output =
        ::open(place.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (output < 0) return errno;
    ::flock(output, LOCK_EX);
    const int error = spawner_.spawn(script, output, process);
    if (error != 0) remove_file(place);  // it would say that it has begun
    ::close(output);
    return error;
  }

  void cancel(const std::string& name) {
    const auto queued =
        std::find_if(waiting_.begin(), waiting_.end(),
                     [&](const Supervisor::Script& script) { return script.name == name; });
    if (queued != waiting_.end()) {
      pass_over(*queued, ECANCELED);
      waiting_.erase(queued);
      return;
    }
    for (auto& [process, child] : children_) {
      if (child.name != name || child.kill_at != 0) continue;
      ::kill(-process, SIGTERM);
      child.kill_at = now_ms() + settings_.grace.ms;
    }
  }

  bool any_ending() const {
    return std::any_of(children_.begin(), children_.end(),
                       [](const auto& row) { return row.second.kill_at != 0; });
  }

  void reap() {
    int status = 0;
    for (pid_t process = 0; (process = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = children_.find(process);
      if (found == children_.end()) continue;
      found->second.status = status;
      found->second.over = true;
      // The rest of the session of one that was told to end is waited for.
      if (found->second.kill_at == 0) finish(process);
    }
  }

  // What has a group of its own in a session is told by its own number, and waited for alike.
  void end_cancelled() {
    const std::int64_t now = now_ms();
    std::map<pid_t, bool> looked_at;  // who is told to end, and whether any of it runs
    for (const auto& [process, child] : children_) {
      if (child.kill_at == 0) continue;
      if (now >= child.kill_at) ::kill(-process, SIGKILL);
      if (child.over || !child.all_told || now >= child.kill_at) looked_at[process] = false;
    }
    if (looked_at.empty()) return;
    for (const RunningProcess& one : running_processes()) {
      const auto found = looked_at.find(one.session);
      if (found == looked_at.end()) continue;
      found->second = true;
      const Child& child = children_[one.session];
      if (one.group == one.session) continue;
      if (!child.all_told) ::kill(one.process, SIGTERM);
      if (now >= child.kill_at) ::kill(one.process, SIGKILL);
    }
    for (const auto& [process, runs] : looked_at) {
      Child& child = children_[process];
      child.all_told = true;
      if (child.over && !runs) finish(process);
    }
  }

  void finish(pid_t process) {
    const Child child = children_[process];
    children_.erase(process);
    const bool signalled = WIFSIGNALED(child.status);
    const int value = signalled ? WTERMSIG(child.status) : WEXITSTATUS(child.status);
    // Where it cannot be written who listens is told all the same.
    overwrite(path(child.name, ".started"), child.end_at,
              fmt::format("{} {} .", signalled ? "signal" : "exit", value));
    to_say_ +=
        fmt::format("{} 0 {} {}\n", child.name, signalled ? -1 : value, signalled ? value : 0);
    say();
  }

  // It was not begun.
  void pass_over(const Supervisor::Script& script, int error) {
    for (const std::string& spare : {script.spare_note, script.spare_output}) {
      if (!spare.empty()) remove_file(spare);
    }
    to_say_ += fmt::format("{} {} -1 0\n", script.name, error);
    say();
  }

  void say() {
    if (socket_ < 0) to_say_.clear();
    if (to_say_.empty()) return;
    const ssize_t sent =
        ::send(socket_, to_say_.data(), to_say_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) to_say_.erase(0, static_cast<std::size_t>(sent));
  }

  void close_down() {
    closed_ = true;
    (void)write_private(path(settings_.name, closed_suffix), "");
  }

  SupervisorSettings settings_;
  int socket_;
  std::string boot_;
  int signals_ = -1;
  std::string heard_;
  std::string to_say_;
  Spawner spawner_;
  std::deque<Supervisor::Script> waiting_;
  std::map<pid_t, Child> children_;
  bool closed_ = false;
};

}  // namespace

std::string start_message(const Supervisor::Script& script) {
  std::string message;
  for (const std::string_view text :
       {std::string_view("start"), std::string_view(script.name),
        std::string_view(script.directory), std::string_view(script.spare_note),
        std::string_view(script.spare_output)}) {
    add_text(message, text);
  }
  add_text(message, fmt::format("{}", script.arguments.size()));
  for (const std::string& text : script.arguments) add_text(message, text);
  for (const std::string& text : script.environment) add_text(message, text);
  return message;
}

std::string cancel_message(const std::string& name) {
  std::string message;
  add_text(message, "cancel");
  add_text(message, name);
  return message;
}

void supervise(const SupervisorSettings& settings, int socket, int lock) {
  ::setsid();
  ::prctl(PR_SET_NAME, "sluice-scripts", 0, 0, 0);
  // What the program had open is the program's: its journal, its terminal, its locks. That goes
  // first: of as many as it had there may be no more.
  const int low = std::min(socket, lock);
  const int high = std::max(socket, lock);
  if (low > 0) ::close_range(0, static_cast<unsigned int>(low) - 1, 0);
  if (high > low + 1) {
    ::close_range(static_cast<unsigned int>(low) + 1, static_cast<unsigned int>(high) - 1, 0);
  }
  ::close_range(static_cast<unsigned int>(high) + 1, ~0U, 0);
  const int kept_socket = above_standard(socket);
  const int kept_lock = above_standard(lock);
  if (kept_socket < 0 || kept_lock < 0) ::_exit(1);
  (void)write_at(kept_lock, 0, fmt::format("{}\n", ::getpid()));
  ::open("/dev/null", O_RDWR);  // 0
  ::open("/dev/null", O_RDWR);  // 1
  ::open("/dev/null", O_RDWR);  // 2
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM}) {
    ::signal(signal, SIG_IGN);
  }
  Supervising(settings, kept_socket).run();
  ::_exit(0);
}

unsigned long long process_began(pid_t process) {
  return process_stat(process).began;
}

ProcessStat process_stat(pid_t process) {
  ProcessStat found;
  const auto stat = read_whole(fmt::format("/proc/{}/stat", process), 4096);
  const std::size_t behind = stat ? stat.value().rfind(')') : std::string::npos;
  if (behind == std::string::npos) return found;
  // The 22nd field, and the 20th behind the name in brackets; the first of these is the state.
  const char* at = stat.value().c_str() + behind + 1;
  char state = 'Z';
  if (std::sscanf(at, " %c", &state) != 1) return found;
  for (int field = 0; field < 19 && at != nullptr; ++field) at = std::strchr(at + 1, ' ');
  if (at == nullptr || std::sscanf(at, "%llu", &found.began) != 1) return ProcessStat{};
  found.runs = state != 'Z' && state != 'X';
  return found;
}

}  // namespace sluice::runtime
