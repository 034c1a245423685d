#include "runtime/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "base/check.h"
#include "runtime/descriptors.h"
#include "runtime/posix.h"

extern char** environ;

namespace sluice::runtime {

namespace {

constexpr std::size_t most_read_at_once = 1 << 17;  // of one stream, before others have their turn
constexpr base::Duration look_again{10};  // for what is left of a session that was told to end

struct Pipe {
  int read = -1;
  int write = -1;
};

bool open_pipe(Pipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe = {ends[0], ends[1]};
  return true;
}

void make_nonblocking(int descriptor) {
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

int open_pidfd(pid_t process) {
  return static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
}

bool runs_out(int error) {
  return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOMEM;
}

// What a child becomes, as it stands before there is a child.
struct Program {
  const char* const* words;
  const char* const* environment;
  const char* directory;  // nullptr: ours
  int input;              // below 0: none
  int output;
  int errors;
};

// A descriptor that stays open in the child, as the number `to`.
bool place(int from, int to) {
  return from == to ? ::fcntl(to, F_SETFD, 0) == 0 : ::dup2(from, to) == to;
}

// In the child of a vfork, whose memory is ours: nothing but calls of the system. The number of the
// error, where it comes back.
int become(const Program& program) {
  ::setsid();
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  // All of them: a shell that starts us in the background ignores some for us.
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &usual, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = program.input >= 0 ? program.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool placed =
      input >= 0 && place(input, 0) && place(program.output, 1) && place(program.errors, 2);
  if (!placed) return errno;
  if (program.directory != nullptr && ::chdir(program.directory) != 0) return errno;
  restore_descriptor_limit();
  ::execvpe(program.words[0], const_cast<char* const*>(program.words),
            const_cast<char* const*>(program.environment));
  return errno;
}

// 0, or why not. Not posix_spawn: it knows no limits (docs/decisions/processes.md).
int spawn_program(pid_t& process, const Program& program) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  // No handler of ours runs in the child.
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  volatile int error = 0;
  const pid_t child = ::vfork();
  if (child == 0) {
    error = become(program);
    ::_exit(127);
  }
  if (child < 0) error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child > 0 && error != 0) ::waitpid(child, nullptr, 0);
  process = error == 0 ? child : -1;
  return error;
}

}  // namespace

class Processes::Process {
 public:
  Process(Loop& loop, ProcessOptions options) : loop_(loop), options_(std::move(options)) {}
  ~Process() {
    if (process_ > 0 && !reaped_) {
      ::kill(-process_, SIGKILL);
      int status = 0;
      ::waitpid(process_, &status, 0);
    }
    close_all();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // 0, or why not.
  int start(std::function<void()> ended) {
    ended_ = std::move(ended);
    const int error = spawn();
    if (error != 0) {
      close_all();
      return error;
    }
    watch();
    return 0;
  }

  void fail_to_start(int error) {
    end_.not_started =
        fmt::format("cannot start `{}`: {}", options_.arguments[0], std::strerror(error));
  }

  void terminate() {
    if (process_ <= 0 || over_ || terminating_) return;
    terminating_ = true;
    signal_session(SIGTERM);
    grace_ = loop_.after(options_.grace, [this] { kill_session(); });
    if (leader_ended_) await_session();
  }

  void kill() {
    if (process_ <= 0 || over_) return;
    terminating_ = true;
    kill_session();
    if (leader_ended_) await_session();
  }

  void send_input(std::string_view text) {
    if (input_.write < 0) return;
    pending_input_.append(text);
    write_input();
  }

  void close_input() {
    options_.keep_input_open = false;
    if (pending_input_.empty()) shut_input();
  }

  void forget() {
    options_.on_output = {};
    options_.on_end = {};
  }

  const ProcessEnd& end() const { return end_; }
  const ProcessOptions& options() const { return options_; }

 private:
  int spawn() {
    const bool has_input = !options_.input.empty() || options_.keep_input_open;
    const bool piped = (!has_input || open_pipe(input_)) && open_pipe(output_) &&
                       (options_.merge_errors || open_pipe(errors_));
    if (!piped) return errno;
    // Its place is taken before the child begins: one that began must not be started again for want
    // of a descriptor to watch it by.
    pidfd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pidfd_ < 0) return errno;
    const std::vector<char*> words = null_ended(options_.arguments);
    const std::vector<char*> environment = null_ended(options_.environment);
    Program program{};
    program.words = words.data();
    program.environment = environment.data();
    program.directory = options_.directory.empty() ? nullptr : options_.directory.c_str();
    program.input = input_.read;
    program.output = output_.write;
    program.errors = options_.merge_errors ? output_.write : errors_.write;
    const int error = spawn_program(process_, program);
    if (error != 0) return error;
    close_descriptor(input_.read);
    close_descriptor(output_.write);
    close_descriptor(errors_.write);
    close_descriptor(pidfd_);
    pidfd_ = open_pidfd(process_);
    return pidfd_ >= 0 ? 0 : errno;
  }

  void watch() {
    for (int descriptor : {input_.write, output_.read, errors_.read}) {
      if (descriptor >= 0) make_nonblocking(descriptor);
    }
    watch_exit_ = loop_.watch(pidfd_);
    watch_exit_.on_readable([this] { leader_ended(); });
    watch_output_ = loop_.watch(output_.read);
    watch_output_.on_readable([this] { read(output_.read, watch_output_, Stream::Output); });
    if (errors_.read >= 0) {
      watch_errors_ = loop_.watch(errors_.read);
      watch_errors_.on_readable([this] { read(errors_.read, watch_errors_, Stream::Errors); });
    }
    if (input_.write < 0) return;
    watch_input_ = loop_.watch(input_.write);
    pending_input_ = std::move(options_.input);
    write_input();
  }

  // All that is there now; false where the stream has ended.
  bool read_available(int descriptor, Stream stream) {
    std::array<char, 65536> buffer;
    std::size_t total = 0;
    while (total < most_read_at_once) {
      const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN;
      if (got == 0) return false;
      total += static_cast<std::size_t>(got);
      if (options_.on_output) {
        options_.on_output(stream, {buffer.data(), static_cast<std::size_t>(got)});
      }
    }
    return true;
  }

  void read(int& descriptor, Loop::Watch& watch, Stream stream) {
    if (read_available(descriptor, stream)) return;
    watch.on_readable({});
    watch = Loop::Watch();
    close_descriptor(descriptor);
  }

  void write_input() {
    while (!pending_input_.empty()) {
      const ssize_t written = ::write(input_.write, pending_input_.data(), pending_input_.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EAGAIN) {
        watch_input_.on_writable([this] { write_input(); });
        return;
      }
      if (written < 0) return shut_input();  // nobody reads it any more
      pending_input_.erase(0, static_cast<std::size_t>(written));
    }
    watch_input_.on_writable({});
    if (!options_.keep_input_open) shut_input();
  }

  void shut_input() {
    pending_input_.clear();
    watch_input_ = Loop::Watch();
    close_descriptor(input_.write);
  }

  // What has a group of its own in the session is no part of its first one.
  void signal_session(int signal) {
    ::kill(-process_, signal);
    for (const RunningProcess& one : running_processes()) {
      if (one.session == process_ && one.group != process_) ::kill(one.process, signal);
    }
  }

  void kill_session() {
    killing_ = true;
    signal_session(SIGKILL);
  }

  // Not reaped yet: as long as it is a zombie its number is nobody else's, and so is its group's.
  void leader_ended() {
    if (leader_ended_) return;
    leader_ended_ = true;
    watch_exit_.on_readable({});
    if (terminating_) return await_session();
    finish();
  }

  void await_session() {
    const std::vector<RunningProcess> running = running_processes();
    const bool any = std::any_of(running.begin(), running.end(), [this](const RunningProcess& one) {
      return one.session == process_;
    });
    if (!any) return finish();
    // Again, for what was begun while all were told.
    if (killing_) signal_session(SIGKILL);
    check_ = loop_.after(look_again, [this] { await_session(); });
  }

  void finish() {
    if (over_) return;
    over_ = true;
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED) != 0 && errno == EINTR) {
    }
    reaped_ = true;
    if (info.si_code == CLD_EXITED) {
      end_.exit_code = info.si_status;
    } else {
      end_.signal = info.si_status;
    }
    // What stands in the pipes by now is its output; what its background writes later is not.
    if (output_.read >= 0) read_available(output_.read, Stream::Output);
    if (errors_.read >= 0) read_available(errors_.read, Stream::Errors);
    grace_ = Loop::Timer();
    close_all();
    ended_();
  }

  void close_all() {
    watch_exit_ = Loop::Watch();
    watch_input_ = Loop::Watch();
    watch_output_ = Loop::Watch();
    watch_errors_ = Loop::Watch();
    for (int* descriptor : {&input_.read, &input_.write, &output_.read, &output_.write,
                            &errors_.read, &errors_.write, &pidfd_}) {
      close_descriptor(*descriptor);
    }
  }

  Loop& loop_;
  ProcessOptions options_;
  std::function<void()> ended_;
  ProcessEnd end_;
  pid_t process_ = -1;
  int pidfd_ = -1;
  Pipe input_, output_, errors_;
  std::string pending_input_;
  Loop::Watch watch_exit_, watch_input_, watch_output_, watch_errors_;
  Loop::Timer grace_, check_;
  bool leader_ended_ = false;
  bool terminating_ = false;
  bool killing_ = false;
  bool reaped_ = false;
  bool over_ = false;
};

struct Processes::Implementation {
  explicit Implementation(Loop& event_loop) : loop(event_loop) {}

  struct Waiting {
    Handle handle;
    ProcessOptions options;
  };

  void start(Handle handle, ProcessOptions options) {
    auto process = std::make_unique<Process>(loop, std::move(options));
    const int error = process->start([this, handle] { ended(handle); });
    if (error != 0 && runs_out(error) && !running.empty()) {
      waiting.push_back({handle, process->options()});
      return;
    }
    if (error != 0) {
      process->fail_to_start(error);
      loop.post([this, handle] { ended(handle); });
    }
    running[handle] = std::move(process);
  }

  // Told from the loop, so that nobody is called from inside start() or terminate().
  void ended(Handle handle) {
    loop.post([this, handle] {
      const auto found = running.find(handle);
      if (found == running.end()) return;
      const std::unique_ptr<Process> process = std::move(found->second);
      running.erase(found);
      if (!waiting.empty()) {
        Waiting next = std::move(waiting.front());
        waiting.pop_front();
        start(next.handle, std::move(next.options));
      }
      if (process->options().on_end) process->options().on_end(process->end());
    });
  }

  Process* find(Handle handle) {
    const auto found = running.find(handle);
    return found == running.end() ? nullptr : found->second.get();
  }

  Loop& loop;
  Handle last = 0;
  std::map<Handle, std::unique_ptr<Process>> running;
  std::deque<Waiting> waiting;
};

Processes::Processes(Loop& loop) : implementation_(std::make_unique<Implementation>(loop)) {}
Processes::~Processes() = default;

Processes::Handle Processes::start(ProcessOptions options) {
  const Handle handle = ++implementation_->last;
  implementation_->start(handle, std::move(options));
  return handle;
}

void Processes::terminate(Handle handle) {
  if (Process* process = implementation_->find(handle)) process->terminate();
}

void Processes::kill(Handle handle) {
  if (Process* process = implementation_->find(handle)) process->kill();
}

void Processes::send_input(Handle handle, std::string_view text) {
  if (Process* process = implementation_->find(handle)) process->send_input(text);
}

void Processes::close_input(Handle handle) {
  if (Process* process = implementation_->find(handle)) process->close_input();
}

void Processes::forget(Handle handle) {
  if (Process* process = implementation_->find(handle)) process->forget();
  std::erase_if(implementation_->waiting, [&](const auto& one) { return one.handle == handle; });
}

std::size_t Processes::running() const {
  return implementation_->running.size();
}

// Asked only where a session was told to end.
std::vector<RunningProcess> running_processes() {
  std::vector<RunningProcess> running;
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return running;
  std::array<char, 32768> buffer;
  for (;;) {
    const long got = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size());
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      struct Entry {
        std::uint64_t inode;
        std::int64_t offset;
        std::uint16_t length;
        std::uint8_t type;
        char name[256];
      };
      const auto* entry = reinterpret_cast<const Entry*>(buffer.data() + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      const std::string path = std::string(entry->name) + "/stat";
      const int file = ::openat(proc, path.c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) continue;
      std::array<char, 512> text{};
      const ssize_t length = ::read(file, text.data(), text.size() - 1);
      ::close(file);
      const char* behind = length > 0 ? std::strrchr(text.data(), ')') : nullptr;
      char state = 'Z';
      int parent = 0;
      RunningProcess found;
      found.process = std::atoi(entry->name);
      if (behind != nullptr &&
          std::sscanf(behind + 1, " %c %d %d %d", &state, &parent, &found.group, &found.session) ==
              4 &&
          state != 'Z' && state != 'X') {
        running.push_back(found);
      }
    }
  }
  ::close(proc);
  return running;
}

base::Result<std::string> take_variable(const std::string& name) {
  char* value = ::secure_getenv(name.c_str());
  if (value == nullptr) return base::Error{fmt::format("the environment has no `{}`", name)};
  std::string text = value;
  std::memset(value, '*', text.size());
  ::unsetenv(name.c_str());
  return text;
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool runs_code = name == "ENV" || name == "BASH_ENV" || name.substr(0, 9) == "BASH_FUNC";
    if (!runs_code) kept.emplace_back(text);
  }
  return kept;
}

std::string describe(const ProcessEnd& end) {
  if (!end.not_started.empty()) return end.not_started;
  if (end.signal) return "ended by " + signal_name(*end.signal);
  return fmt::format("exit status {}", end.exit_code.value_or(0));
}

std::string signal_name(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation != nullptr ? fmt::format("SIG{}", abbreviation)
                                 : fmt::format("signal {}", signal);
}

}  // namespace sluice::runtime
