#include "runtime/host_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

// 0, or why not.
int connect_within(int socket, const addrinfo& address, base::Duration most) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd watched{socket, POLLOUT, 0};
  const int ready = ::poll(&watched, 1, static_cast<int>(most.ms));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int why = 0;
  socklen_t length = sizeof why;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &why, &length) == 0 ? why : errno;
}

}  // namespace

base::Result<int> connect_to_host(const std::string& host, const std::string& port,
                                  base::Duration most) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
  if (unknown != 0) {
    return base::Error{
        fmt::format("Could not resolve hostname {}: {}", host,
                    unknown == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(unknown))};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int why = EADDRNOTAVAIL;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    int socket =
        ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol);
    why = socket < 0 ? errno : connect_within(socket, *one, most);
    if (why == 0) {
      const int yes = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
      return socket;
    }
    close_descriptor(socket);
  }
  return base::Error{fmt::format("connect to host {} port {}: {}", host, port, std::strerror(why))};
}

void acknowledge_now(int socket) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

}  // namespace sluice::runtime
