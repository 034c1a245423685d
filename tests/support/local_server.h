// A small HTTP server on the test's own loop: it answers what it is told to, and keeps what it was
// asked. On a port of loopback or on a Unix socket.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/loop.h"

namespace sluice::test {

class LocalServer {
 public:
  // The whole answer, from its status line on; empty: none, the connection stays open.
  using Answer = std::function<std::string(const std::string& request)>;

  LocalServer(runtime::Loop& loop, Answer answer);
  LocalServer(runtime::Loop& loop, const std::string& socket_path, Answer answer);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& path) const;
  const std::vector<std::string>& requests() const { return requests_; }
  std::size_t open_connections() const { return connections_.size(); }
  // Closes those that are open, without a word.
  void hang_up();

 private:
  struct Connection;
  void listen(int listener);
  void accept();
  void read(Connection& connection);
  void write(Connection& connection);
  void close(int descriptor);

  runtime::Loop& loop_;
  Answer answer_;
  int port_ = 0;
  int listener_ = -1;
  runtime::Loop::Watch watch_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::vector<std::string> requests_;
};

// "HTTP/1.1 200 OK" and the body, with its length.
std::string http_answer(int status, const std::string& body);

}  // namespace sluice::test
