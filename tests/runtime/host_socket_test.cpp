#include "runtime/host_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/forked_server.h"

using namespace sluice;

namespace {

int setting(int socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  REQUIRE(::getsockopt(socket, IPPROTO_TCP, name, &value, &size) == 0);
  return value;
}

}  // namespace

TEST_CASE("nothing is held back on the way to a host, and what it says can be acknowledged now",
          "[ssh]") {
  const test::ForkedServer server([](int peer) {
    char byte = 'x';
    if (::write(peer, &byte, 1) == 1) (void)!::read(peer, &byte, 1);
  });
  const base::Result<int> connected =
      runtime::connect_to_host("127.0.0.1", fmt::format("{}", server.port), base::Duration{10'000});
  REQUIRE(connected);
  const int socket = connected.value();
  CHECK(setting(socket, TCP_NODELAY) == 1);
  // As a connection gets on which both talk for a while.
  const int no = 0;
  REQUIRE(::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &no, sizeof no) == 0);
  REQUIRE(setting(socket, TCP_QUICKACK) == 0);
  runtime::acknowledge_now(socket);
  CHECK(setting(socket, TCP_QUICKACK) == 1);
  ::close(socket);
}
