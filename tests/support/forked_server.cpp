#include "support/forked_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "runtime/ssh_connections.h"
#include "support/golden.h"
#include "support/sshd.h"

namespace sluice::test {

namespace {

// The socket, and its port.
std::pair<int, int> listen_on_loopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return {listener, ntohs(address.sin_port)};
}

}  // namespace

ForkedServer::ForkedServer(const std::function<void(int peer)>& serve) {
  const auto [listener, bound] = listen_on_loopback();
  port = bound;
  process_ = ::fork();
  REQUIRE(process_ >= 0);
  if (process_ > 0) {
    ::close(listener);
    return;
  }
  ::signal(SIGPIPE, SIG_IGN);
  for (;;) {
    const int peer = ::accept(listener, nullptr, nullptr);
    serve(peer);
    ::close(peer);
  }
}

ForkedServer::~ForkedServer() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::vector<pid_t> connecting_processes(pid_t of) {
  std::vector<pid_t> found;
  for (const pid_t child : children_of(of)) {
    const std::string words = read_text(fmt::format("/proc/{}/cmdline", child));
    if (words.find(runtime::ssh_connections_word) == std::string::npos) continue;
    found.push_back(child);
    for (const pid_t connection : children_of(child)) found.push_back(connection);
  }
  return found;
}

std::size_t most_kilobytes_below(pid_t of) {
  std::size_t most = 0;
  for (const pid_t process : connecting_processes(of)) {
    const std::string status = read_text(fmt::format("/proc/{}/status", process));
    const std::size_t at = status.find("VmHWM:");
    if (at != std::string::npos) most = std::max(most, std::stoul(status.substr(at + 6)));
  }
  return most;
}

}  // namespace sluice::test
