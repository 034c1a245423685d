// A peer in a process of its own, for what connects to it, and those of our processes that do.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace sluice::test {

// Listens on a port of loopback, and sees to one peer after the other.
class ForkedServer {
 public:
  explicit ForkedServer(const std::function<void(int peer)>& serve);
  ~ForkedServer();
  ForkedServer(const ForkedServer&) = delete;
  ForkedServer& operator=(const ForkedServer&) = delete;

  int port = 0;

 private:
  pid_t process_;
};

// Of ours, those that connect over libssh: the one that is told to, and those that hold a
// connection.
std::vector<pid_t> connecting_processes(pid_t of);
// The most that one of them that has not ended ever held.
std::size_t most_kilobytes_below(pid_t of);

}  // namespace sluice::test
