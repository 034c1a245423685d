#include "support/cut_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <optional>

namespace sluice::test {

struct CutProxy::Pipe {
  ~Pipe() {
    for (runtime::Loop::Watch& watch : watches) watch = runtime::Loop::Watch();
    for (const int end : ends) ::close(end);
  }
  int id = 0;
  int ends[2] = {-1, -1};  // the client's and the server's
  runtime::Loop::Watch watches[2];
  std::optional<std::uint64_t> left;  // until the cut, on its way
  Way way = Way::ToServer;
};

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Blocks while the other side is slow: it is on this machine, and reads.
bool write_all(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::send(descriptor, bytes, count, MSG_NOSIGNAL);
    if (written < 0 && errno == EAGAIN) {
      pollfd wait{descriptor, POLLOUT, 0};
      ::poll(&wait, 1, -1);
      continue;
    }
    if (written < 0) return false;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

CutProxy::CutProxy(runtime::Loop& loop, int server_port) : loop_(loop), server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  REQUIRE(::listen(listener_, 16) == 0);
  port_ = ntohs(address.sin_port);
  watch_ = loop_.watch(listener_);
  watch_.on_readable([this] { accept(); });
}

CutProxy::~CutProxy() {
  pipes_.clear();
  watch_ = runtime::Loop::Watch();
  ::close(listener_);
}

void CutProxy::cut_next(Way way, std::uint64_t bytes) {
  cuts_next_ = true;
  way_ = way;
  bytes_ = bytes;
}

void CutProxy::accept() {
  auto pipe = std::make_unique<Pipe>();
  pipe->ends[0] = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (pipe->ends[0] < 0) return;
  pipe->ends[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  const auto* server = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(pipe->ends[1], server, sizeof address) != 0) return;
  pipe->id = ++last_;
  pipe->way = way_;
  if (cuts_next_) pipe->left = bytes_;
  cuts_next_ = false;
  Pipe& row = *pipe;
  pipes_[row.id] = std::move(pipe);
  for (const Way way : {Way::ToServer, Way::FromServer}) {
    const auto from = static_cast<std::size_t>(way);
    row.watches[from] = loop_.watch(row.ends[from]);
    row.watches[from].on_readable([this, &row, way] { relay(row, way); });
  }
}

void CutProxy::relay(Pipe& pipe, Way way) {
  const auto from = static_cast<std::size_t>(way);
  char buffer[16384];
  const ssize_t got = ::recv(pipe.ends[from], buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return close(pipe.id);
  auto count = static_cast<std::uint64_t>(got);
  const bool cut = pipe.left && pipe.way == way && count >= *pipe.left;
  if (cut) count = *pipe.left;
  if (pipe.left && pipe.way == way) *pipe.left -= count;
  passed_[from] += count;
  const bool written = write_all(pipe.ends[1 - from], buffer, count);
  if (cut) ++cuts_;
  if (cut || !written) close(pipe.id);
}

void CutProxy::close(int id) {
  pipes_.erase(id);
}

}  // namespace sluice::test
