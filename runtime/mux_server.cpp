#include "runtime/mux_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/mux_packet.h"
#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

constexpr int waiting_clients = 64;
constexpr std::size_t streams_of_a_session = 3;
constexpr int most_unanswered = 3;
// More than that a client never says at once.
constexpr std::size_t most_received = 2U << 20U;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size() + 1, sizeof address.sun_path));
  return address;
}

}  // namespace

int listen_at(const std::string& path) {
  const sockaddr_un address = address_of(path);
  errno = ENAMETOOLONG;
  if (path.size() >= sizeof address.sun_path) return -1;
  ::unlink(path.c_str());
  int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(descriptor, where, sizeof address) != 0 ||
      ::listen(descriptor, waiting_clients) != 0) {
    const int why = errno;
    close_descriptor(descriptor);
    errno = why;
  }
  return descriptor;
}

MuxServer::MuxServer(Loop& loop, LibsshConnection& connection, int listener, std::string path,
                     base::Duration silence)
    : loop_(loop),
      connection_(connection),
      listener_(listener),
      path_(std::move(path)),
      silence_(silence),
      watch_listener_(loop.watch(listener)),
      watch_host_(loop.watch(connection.descriptor())) {
  watch_listener_.on_readable([this] { accept(); });
  watch_host_.on_readable([this] { connection_.process(); });
}

MuxServer::~MuxServer() {
  watch_listener_ = Loop::Watch();
  watch_host_ = Loop::Watch();
  forwarded_.clear();
  for (const auto& client : clients_) hang_up(*client);
  for (const auto& forward : forwards_) {
    forward->watch = Loop::Watch();
    close_descriptor(forward->listener);
    ::unlink(forward->path.c_str());
  }
  close_descriptor(listener_);
  ::unlink(path_.c_str());
}

void MuxServer::serve() {
  first_ = loop_.after(for_the_first, [this] { ends_ = !had_client_; });
  heard_at_ = loop_.now();
  come_alive();
  turn();
  loop_.run([this] { turn(); });
}

// Whatever may have come from the host, for whomever: what one asks for may bring another's.
void MuxServer::turn() {
  if (heard_bytes_ != connection_.bytes_read()) {
    heard_bytes_ = connection_.bytes_read();
    heard_at_ = loop_.now();
    unanswered_ = 0;
  }
  for (bool again = true; again && !connection_.lost();) {
    const std::uint64_t before = connection_.packets_read();
    for (const auto& client : clients_) {
      if (client->streams) client->streams->go_on();
      if (client->streams && client->streams->over()) hang_up(*client);
    }
    for (const auto& forwarded : forwarded_) forwarded->go_on();
    std::erase_if(forwarded_, [](const auto& one) { return one->over(); });
    std::erase_if(clients_, [](const auto& one) { return one->gone; });
    const bool was_full = connection_.is_full();
    if (was_full) connection_.process();
    again = connection_.packets_read() != before || (was_full && !connection_.is_full());
  }
  if (writes_ != connection_.is_full()) {
    writes_ = !writes_;
    watch_host_.on_writable(writes_ ? [this] { connection_.process(); } : Loop::Callback());
  }
  if (ends_ || connection_.lost() || (had_client_ && clients_.empty())) loop_.stop();
}

// A host that answers nothing, though its machine takes what is sent, has gone all the same.
void MuxServer::come_alive() {
  const auto next = [this] { return heard_at_ + base::Duration{silence_.ms * (unanswered_ + 1)}; };
  if (loop_.now() >= next()) {
    if (unanswered_ == most_unanswered) {
      ends_ = true;
      return;
    }
    ++unanswered_;
    connection_.send_sign_of_life();
  }
  alive_ = loop_.at(next(), [this] { come_alive(); });
}

void MuxServer::accept() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    had_client_ = true;
    clients_.push_back(std::make_unique<Client>());
    Client& client = *clients_.back();
    client.socket = socket;
    client.watch = loop_.watch(socket);
    client.watch.on_readable([this, &client] { read(client); });
    say(client, Packet().number(mux_says_hello).number(mux_version).framed());
  }
}

void MuxServer::hang_up(Client& client) {
  client.streams = nullptr;
  client.watch = Loop::Watch();
  close_descriptor(client.socket);
  for (int& descriptor : client.descriptors) close_descriptor(descriptor);
  client.descriptors.clear();
  client.gone = true;
}

void MuxServer::read(Client& client) {
  std::array<char, 65536> buffer;
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * streams_of_a_session)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(client.socket, &message, MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); got > 0 && head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(int), sizeof descriptor);
      client.descriptors.push_back(descriptor);
    }
  }
  // Where there was no room for a descriptor the session cannot be: it ends before it has begun.
  const bool cut = (message.msg_flags & MSG_CTRUNC) != 0;
  if (got <= 0 || cut || client.received.size() > most_received) return hang_up(client);
  client.received.append(buffer.data(), static_cast<std::size_t>(got));
  take_packets(client);
}

void MuxServer::take_packets(Client& client) {
  bool broken = false;
  while (!client.gone && !broken) {
    if (!client.request.empty()) {
      if (client.received.size() < streams_of_a_session ||
          client.descriptors.size() < streams_of_a_session) {
        return;
      }
      client.received.erase(0, streams_of_a_session);
      open_session(client);
      continue;
    }
    std::optional<std::string> packet = take_packet(client.received, broken);
    if (packet) take(client, std::move(*packet));
    if (!packet && !broken) return;
  }
  if (broken) hang_up(client);
}

void MuxServer::take(Client& client, std::string packet) {
  std::string_view rest = packet;
  switch (take_number(rest).value_or(0)) {
    case mux_says_hello:
      return;
    case mux_asks_session:
      client.request = std::move(packet);
      return;
    case mux_asks_forward:
      return open_forward(client, rest);
    case mux_asks_terminate:
      say(client, Packet().number(mux_done).number(take_number(rest).value_or(0)).framed());
      ends_ = true;
      return;
    default:
      return hang_up(client);
  }
}

void MuxServer::open_session(Client& client) {
  const std::string packet = std::move(client.request);
  client.request.clear();
  std::string_view rest = packet;
  take_number(rest);  // what it asks for
  const std::uint32_t request = take_number(rest).value_or(0);
  take_text(rest);
  for (int no_tty_x11_agent_subsystem_escape = 0; no_tty_x11_agent_subsystem_escape < 5;
       ++no_tty_x11_agent_subsystem_escape) {
    take_number(rest);
  }
  take_text(rest);
  LibsshGoal goal;
  goal.command = take_text(rest);
  ChannelStreams::Ends ends{client.descriptors[0], client.descriptors[1], client.descriptors[2],
                            false};
  client.descriptors.erase(client.descriptors.begin(), client.descriptors.begin() + 3);
  ChannelStreams::Listener told;
  told.opened = [this, &client, request] {
    say(client, Packet().number(mux_opened).number(request).number(request).framed());
  };
  told.refused = [this, &client, request](const std::string& why) {
    say(client, Packet().number(mux_failure).number(request).text(why).framed());
  };
  told.exited = [this, &client, request](std::uint32_t value) {
    say(client, Packet().number(mux_exit).number(request).number(value).framed());
  };
  client.streams =
      std::make_unique<ChannelStreams>(loop_, connection_, std::move(goal), ends, std::move(told));
}

void MuxServer::open_forward(Client& client, std::string_view packet) {
  const std::uint32_t request = take_number(packet).value_or(0);
  const std::uint32_t kind = take_number(packet).value_or(0);
  auto forward = std::make_unique<Forward>();
  forward->path = take_text(packet);
  const std::uint32_t listens = take_number(packet).value_or(0);
  forward->goal.host = take_text(packet);
  const std::uint32_t port = take_number(packet).value_or(0);
  forward->goal.port = port == mux_is_socket_path ? 0 : port;
  std::string problem;
  if (kind != mux_forward_local || listens != mux_is_socket_path || forward->goal.host.empty()) {
    problem = "no such forward can be opened";
  } else {
    forward->listener = listen_at(forward->path);
    if (forward->listener < 0) problem = std::strerror(errno);
  }
  if (!problem.empty()) {
    return say(client, Packet().number(mux_failure).number(request).text(problem).framed());
  }
  forward->watch = loop_.watch(forward->listener);
  forward->watch.on_readable([this, &opened = *forward] { accept_forwarded(opened); });
  forwards_.push_back(std::move(forward));
  say(client, Packet().number(mux_done).number(request).framed());
}

void MuxServer::accept_forwarded(const Forward& forward) {
  for (;;) {
    const int socket = ::accept4(forward.listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      ::close(socket);
      continue;
    }
    forwarded_.push_back(std::make_unique<ChannelStreams>(
        loop_, connection_, forward.goal, ChannelStreams::Ends{socket, copy, -1, true},
        ChannelStreams::Listener{}));
  }
}

void MuxServer::say(Client& client, const std::string& packet) {
  client.to_say += packet;
  write(client);
}

void MuxServer::write(Client& client) {
  while (!client.to_say.empty() && client.socket >= 0) {
    const ssize_t sent =
        ::send(client.socket, client.to_say.data(), client.to_say.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      return client.watch.on_writable([this, &client] { write(client); });
    }
    if (sent < 0) break;  // it has gone, which read() finds as well
    client.to_say.erase(0, static_cast<std::size_t>(sent));
  }
  client.to_say.clear();
  if (client.socket >= 0) client.watch.on_writable({});
}

}  // namespace sluice::runtime
