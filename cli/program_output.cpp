#include "cli/program_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/utf8.h"

extern char** environ;

namespace sluice::cli {

namespace {

using base::Error;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_error_bytes = 4096;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void set(int number) {
    close();
    number_ = number;
  }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  int number() const { return number_; }

 private:
  int number_;
};

class Program {
 public:
  Program(const std::string& name, std::chrono::milliseconds time, std::size_t most_bytes)
      : name_(base::printable(name)), time_(time), most_bytes_(most_bytes) {}
  ~Program() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);
    int status = 0;
    while (!waited_ && ::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  base::Result<std::string> output(const std::vector<std::string>& command) {
    if (const int error = start(command); error != 0) {
      return Error{fmt::format("cannot start {}: {}", name_, std::strerror(error))};
    }
    if (!listen()) return Error{problem_};
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    waited_ = true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(printed_);
    const std::string how = WIFSIGNALED(status)
                                ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                : fmt::format("ended with status {}", WEXITSTATUS(status));
    return Error{fmt::format("{} {}{}", name_, how, last_words())};
  }

 private:
  int start(const std::vector<std::string>& command) {
    std::array<int, 2> out{};
    std::array<int, 2> errors{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0) return errno;
    out_.set(out[0]);
    const Descriptor out_end(out[1]);
    if (::pipe2(errors.data(), O_CLOEXEC) != 0) return errno;
    errors_.set(errors[0]);
    const Descriptor errors_end(errors[1]);
    ::fcntl(out_.number(), F_SETFL, O_NONBLOCK);
    ::fcntl(errors_.number(), F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_end.number(), 1);
    posix_spawn_file_actions_adddup2(&actions, errors_end.number(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int error =
        ::posix_spawn(&process_, words[0], &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      process_ = 0;
      return error;
    }
    end_.set(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
    return end_.number() < 0 ? errno : 0;
  }

  // Until the program has ended and what it printed is read. A child that it left behind and that
  // holds the pipe open is not waited for.
  bool listen() {
    const Clock::time_point last = Clock::now() + time_;
    bool ended = false;
    while (!ended) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(last - Clock::now());
      if (left.count() <= 0) return too_long();
      std::array<pollfd, 3> waited{
          {{end_.number(), POLLIN, 0}, {out_.number(), POLLIN, 0}, {errors_.number(), POLLIN, 0}}};
      const int count = ::poll(waited.data(), waited.size(), static_cast<int>(left.count()));
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) return too_long();
      ended = waited[0].revents != 0;
      if (!drain()) {
        problem_ = fmt::format("{} printed more than {} bytes, and was ended", name_, most_bytes_);
        return false;
      }
    }
    return true;
  }

  bool too_long() {
    problem_ = fmt::format("{} took longer than {} s, and was ended", name_,
                           static_cast<double>(time_.count()) / 1000);
    return false;
  }

  // False where it is too much.
  bool drain() {
    char buffer[65536];
    while (out_.number() >= 0) {
      const ssize_t got = ::read(out_.number(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) out_.close();
      if (got <= 0) break;
      printed_.append(buffer, static_cast<std::size_t>(got));
      if (printed_.size() > most_bytes_) return false;
    }
    while (errors_.number() >= 0) {
      const ssize_t got = ::read(errors_.number(), buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) errors_.close();
      if (got <= 0) break;
      said_.append(buffer, static_cast<std::size_t>(got));
      if (said_.size() > most_error_bytes) said_.erase(0, said_.size() - most_error_bytes);
      // One that writes without end is stopped by its time; what it prints is looked at between.
      break;
    }
    return true;
  }

  std::string last_words() const {
    std::string_view text = said_;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    const std::size_t line = text.rfind('\n');
    if (line != std::string_view::npos) text.remove_prefix(line + 1);
    return text.empty() ? std::string() : fmt::format(": {}", base::printable(text));
  }

  std::string name_;
  std::chrono::milliseconds time_;
  std::size_t most_bytes_;
  pid_t process_ = 0;
  bool waited_ = false;
  Descriptor end_;  // readable when the program has ended
  Descriptor out_;
  Descriptor errors_;
  std::string printed_;
  std::string said_;  // the end of it
  std::string problem_;
};

}  // namespace

base::Result<std::string> program_output(const std::vector<std::string>& command,
                                         const std::string& name, std::chrono::milliseconds time,
                                         std::size_t most_bytes) {
  return Program(name, time, most_bytes).output(command);
}

}  // namespace sluice::cli
