#include "support/local_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>

namespace sluice::test {

struct LocalServer::Connection {
  ~Connection() {
    watch = runtime::Loop::Watch();
    ::close(descriptor);
  }
  int descriptor = -1;
  runtime::Loop::Watch watch;
  std::string received;
  std::string answer;
  bool answered = false;
};

std::string http_answer(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} Because\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                     status, body.size(), body);
}

LocalServer::LocalServer(runtime::Loop& loop, Answer answer)
    : loop_(loop), answer_(std::move(answer)) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port_ = ntohs(address.sin_port);
  listen(listener);
}

LocalServer::LocalServer(runtime::Loop& loop, const std::string& socket_path, Answer answer)
    : loop_(loop), answer_(std::move(answer)) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(socket_path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  listen(listener);
}

LocalServer::~LocalServer() {
  connections_.clear();
  watch_ = runtime::Loop::Watch();
  ::close(listener_);
}

void LocalServer::hang_up() {
  connections_.clear();
}

std::string LocalServer::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void LocalServer::listen(int listener) {
  listener_ = listener;
  REQUIRE(::listen(listener_, 64) == 0);
  watch_ = loop_.watch(listener_);
  watch_.on_readable([this] { accept(); });
}

void LocalServer::accept() {
  const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return;
  auto connection = std::make_unique<Connection>();
  connection->descriptor = descriptor;
  connection->watch = loop_.watch(descriptor);
  Connection& row = *connection;
  connections_[descriptor] = std::move(connection);
  row.watch.on_readable([this, &row] { read(row); });
}

void LocalServer::close(int descriptor) {
  connections_.erase(descriptor);
}

void LocalServer::read(Connection& connection) {
  char buffer[65536];
  const ssize_t got = ::read(connection.descriptor, buffer, sizeof buffer);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(connection.descriptor);
  connection.received.append(buffer, static_cast<std::size_t>(got));
  const std::size_t head = connection.received.find("\r\n\r\n");
  if (head == std::string::npos || connection.answered) return;
  std::size_t body = 0;
  const std::size_t length = connection.received.find("Content-Length: ");
  if (length < head) body = std::strtoul(connection.received.c_str() + length + 16, nullptr, 10);
  if (connection.received.size() < head + 4 + body) return;
  connection.answered = true;
  requests_.push_back(connection.received);
  connection.answer = answer_(connection.received);
  if (!connection.answer.empty()) {
    connection.watch.on_writable([this, &connection] { write(connection); });
  }
}

void LocalServer::write(Connection& connection) {
  const ssize_t written = ::send(connection.descriptor, connection.answer.data(),
                                 connection.answer.size(), MSG_NOSIGNAL);
  if (written < 0 && errno == EAGAIN) return;
  if (written < 0) return close(connection.descriptor);
  connection.answer.erase(0, static_cast<std::size_t>(written));
  if (connection.answer.empty()) close(connection.descriptor);
}

}  // namespace sluice::test
