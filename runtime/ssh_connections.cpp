#include "runtime/ssh_connections.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

#include "runtime/files.h"
#include "runtime/libssh.h"
#include "runtime/loop.h"
#include "runtime/mux_packet.h"
#include "runtime/mux_server.h"
#include "runtime/posix.h"
#include "runtime/process.h"
#include "runtime/ssh_worker.h"

namespace sluice::runtime {

namespace {

constexpr base::Duration silence{10'000};
// Who told it to connect gives up before; this is for where that one is gone.
constexpr unsigned int most_to_connect_s = 130;
constexpr rlim_t most_memory = 512U << 20U;  // beside what it begins with
constexpr std::size_t most_of_why = 1000;    // a message is written whole, or not at all

// A host can fill the memory of its own connection's process alone, and not this machine's: what
// comes for a session that was let go is held by libssh.
void bound_memory() {
  const auto sizes = read_whole("/proc/self/statm", 4096);
  unsigned long data = 0;
  if (!sizes || std::sscanf(sizes.value().c_str(), "%*u %*u %*u %*u %*u %lu", &data) != 1) return;
  const rlim_t most = data * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + most_memory;
  const rlimit bound{most, most};
  ::setrlimit(RLIMIT_DATA, &bound);
}

bool write_whole(int descriptor, const std::string& bytes) {
  ssize_t written = 0;
  do {
    written = ::write(descriptor, bytes.data(), bytes.size());
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(bytes.size());
}

// Keeps nothing open of the one that it comes from but its standard output, and that until it has
// said how it went.
[[noreturn]] void hold_connection(const ConnectionsOrder& order) {
  ::setsid();
  ::umask(077);
  ::alarm(most_to_connect_s);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, 0);
  ::dup2(nowhere, 2);
  const auto end_with = [&](const std::string& why) {
    (void)write_whole(1, answer_message(order.number, why));
    ::_exit(1);
  };
  const auto opened = LibsshConnection::open(order.host);
  if (!opened) end_with(opened.error().message);
  const int listener = listen_at(order.control_path);
  if (listener < 0) {
    end_with(fmt::format("cannot listen on {}: {}", order.control_path, std::strerror(errno)));
  }
  ::alarm(0);
  Loop loop;
  {
    MuxServer server(loop, *opened.value(), listener, order.control_path, silence);
    if (!write_whole(1, answer_message(order.number, ""))) ::_exit(1);
    ::dup2(nowhere, 1);
    server.serve();
  }
  ::_exit(0);
}

class Connections {
 public:
  Connections() : problem_(LibsshConnection::load()) {
    sigset_t children;
    ::sigemptyset(&children);
    ::sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, &usual_);
    signals_ = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  void run() {
    bool broken = false;
    while (!broken) {
      std::array<pollfd, 2> watched{{{signals_, POLLIN, 0}, {0, POLLIN, 0}}};
      ::poll(watched.data(), watched.size(), -1);
      if (watched[0].revents != 0) reap();
      if (watched[1].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t got = ::read(0, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      heard_.append(buffer.data(), static_cast<std::size_t>(got));
      while (const std::optional<std::string> packet = take_packet(heard_, broken)) {
        take(order_of(*packet));
      }
    }
  }

 private:
  void take(const ConnectionsOrder& order) {
    if (!order.connects) {
      for (const auto& [process, number] : children_) {
        if (number == order.number) ::kill(process, SIGKILL);
      }
      return;
    }
    if (!problem_.empty()) {
      return answer(order.number, fmt::format("client = \"libssh\": {}", problem_));
    }
    const pid_t process = ::fork();
    if (process == 0) {
      ::sigprocmask(SIG_SETMASK, &usual_, nullptr);
      ::close(signals_);
      hold_connection(order);
    }
    if (process < 0) return answer(order.number, std::strerror(errno));
    children_[process] = order.number;
  }

  // Of one that has said how it went this is not heard any more.
  void reap() {
    std::array<signalfd_siginfo, 16> gone;
    while (::read(signals_, gone.data(), sizeof gone) > 0) {
    }
    int status = 0;
    for (pid_t process = 0; (process = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = children_.find(process);
      if (found == children_.end()) continue;
      ProcessEnd end;
      if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
      if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
      answer(found->second, fmt::format("the process that connects was lost: {}", describe(end)));
      children_.erase(found);
    }
  }

  static void answer(std::uint32_t number, const std::string& why) {
    (void)write_whole(1, answer_message(number, why));
  }

  std::string problem_;
  sigset_t usual_{};
  int signals_ = -1;
  std::string heard_;
  std::map<pid_t, std::uint32_t> children_;
};

}  // namespace

std::string connect_message(std::uint32_t number, const LibsshHost& host,
                            const std::string& control_path) {
  Packet packet;
  packet.number(1).number(number);
  for (const std::string& text :
       {host.address, host.port, host.user, host.identity_file, host.known_hosts_file,
        host.directory, host.system_directory, control_path}) {
    packet.text(text);
  }
  return packet.framed();
}

std::string cancel_message(std::uint32_t number) {
  return Packet().number(0).number(number).framed();
}

ConnectionsOrder order_of(std::string_view packet) {
  ConnectionsOrder order;
  order.connects = take_number(packet).value_or(0) == 1;
  order.number = take_number(packet).value_or(0);
  LibsshHost& host = order.host;
  for (std::string* text :
       {&host.address, &host.port, &host.user, &host.identity_file, &host.known_hosts_file,
        &host.directory, &host.system_directory, &order.control_path}) {
    *text = take_text(packet);
  }
  return order;
}

std::string answer_message(std::uint32_t number, std::string_view why) {
  return Packet().number(number).text(why.substr(0, most_of_why)).framed();
}

int ssh_connections() {
  ::prctl(PR_SET_NAME, "sluice-ssh", 0, 0, 0);
  // It has to do with keys: others do not look into it, and it leaves nothing of itself.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  bound_memory();
  ::signal(SIGPIPE, SIG_IGN);
  Connections().run();
  return 0;
}

}  // namespace sluice::runtime
