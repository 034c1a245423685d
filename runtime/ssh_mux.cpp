#include "runtime/ssh_mux.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/mux_packet.h"
#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

constexpr std::uint32_t no_escape = 0xffffffff;
constexpr std::size_t most_read_at_once = 1 << 17;  // of one stream, before others have their turn

MuxReply reply_of(std::string_view body) {
  MuxReply reply;
  const std::uint32_t type = take_number(body).value_or(0);
  if (type == mux_says_hello) {
    reply.kind = MuxReply::Kind::Hello;
    reply.value = take_number(body).value_or(0);
    return reply;
  }
  take_number(body);  // which request or session: there is one of it on a connection at a time
  if (type == mux_done) reply.kind = MuxReply::Kind::Done;
  if (type == mux_opened) reply.kind = MuxReply::Kind::Opened;
  if (type == mux_denied || type == mux_failure) {
    reply.kind = MuxReply::Kind::Refused;
    reply.reason = take_text(body);
  }
  if (type == mux_exit) {
    reply.kind = MuxReply::Kind::Exited;
    reply.value = take_number(body).value_or(0);
  }
  return reply;
}

int connect_to(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return -1;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close_descriptor(descriptor);
  }
  return descriptor;
}

}  // namespace

std::string mux_hello() {
  return Packet().number(mux_says_hello).number(mux_version).framed();
}

std::string mux_new_session(std::uint32_t request, std::string_view command) {
  Packet packet;
  packet.number(mux_asks_session).number(request).text("");
  for (int no_tty_x11_agent_subsystem = 0; no_tty_x11_agent_subsystem < 4;
       ++no_tty_x11_agent_subsystem) {
    packet.number(0);
  }
  return packet.number(no_escape).text("").text(command).framed();
}

std::string mux_open_forward(std::uint32_t request, std::string_view listen_path,
                             std::string_view host, std::uint32_t port) {
  return Packet()
      .number(mux_asks_forward)
      .number(request)
      .number(mux_forward_local)
      .text(listen_path)
      .number(mux_is_socket_path)
      .text(host)
      .number(port == 0 ? mux_is_socket_path : port)
      .framed();
}

std::string mux_terminate(std::uint32_t request) {
  return Packet().number(mux_asks_terminate).number(request).framed();
}

std::optional<MuxReply> take_mux_reply(std::string& bytes, bool& broken) {
  const std::optional<std::string> packet = take_packet(bytes, broken);
  if (!packet) return std::nullopt;
  const MuxReply reply = reply_of(*packet);
  broken = reply.kind == MuxReply::Kind::Hello && reply.value != mux_version;
  return reply;
}

MuxClient::MuxClient(Loop& loop, const std::string& path, Listener listener)
    : loop_(loop), listener_(std::move(listener)), socket_(connect_to(path)) {
  if (socket_ < 0) {
    fail();
    return;
  }
  watch_ = loop_.watch(socket_);
  watch_.on_readable([this] { read(); });
  send(mux_hello());
}

MuxClient::~MuxClient() {
  close();
}

bool MuxClient::gone() const {
  char byte = 0;
  return socket_ < 0 || ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void MuxClient::close() {
  watch_ = Loop::Watch();
  close_descriptor(socket_);
  for (Piece& piece : pieces_) close_descriptor(piece.descriptor);
  pieces_.clear();
}

void MuxClient::send(const std::string& packet, const std::vector<int>& descriptors) {
  pieces_.push_back({packet, -1});
  for (const int descriptor : descriptors) pieces_.push_back({std::string(1, '\0'), descriptor});
  write();
}

void MuxClient::write() {
  while (!pieces_.empty()) {
    if (socket_ >= 0 && write_piece(pieces_.front())) {
      close_descriptor(pieces_.front().descriptor);
      pieces_.pop_front();
      continue;
    }
    if (socket_ >= 0 && errno == EAGAIN) {
      watch_.on_writable([this] { write(); });
      return;
    }
    return fail();
  }
  watch_.on_writable({});
}

// False, with errno, where it could not be written to its end.
bool MuxClient::write_piece(Piece& piece) {
  while (!piece.bytes.empty()) {
    iovec part{piece.bytes.data(), piece.bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    if (piece.descriptor >= 0) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(head), &piece.descriptor, sizeof(int));
    }
    const ssize_t written = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    piece.bytes.erase(0, static_cast<std::size_t>(written));
  }
  return true;
}

void MuxClient::read() {
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(socket_, buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return fail();
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  bool broken = false;
  while (const std::optional<MuxReply> reply = take_mux_reply(received_, broken)) {
    if (broken) break;
    if (reply->kind != MuxReply::Kind::Hello && listener_.reply) listener_.reply(*reply);
    if (socket_ < 0) return;
  }
  if (broken) fail();
}

// Told from the loop: whoever sends is not called back from there.
void MuxClient::fail() {
  close();
  soon_ = loop_.after(base::Duration{}, [this] {
    const auto closed = std::move(listener_.closed);
    if (closed) closed();
  });
}

struct MuxSession::Implementation {
  Implementation(Loop& event_loop, const std::string& path, Options session)
      : loop(event_loop),
        options(std::move(session)),
        client(loop, path,
               {[this](const MuxReply& reply) { said(reply); }, [this] { client_closed(); }}) {
    if (!client.open()) {
      end.how = End::How::NotOpened;
      finish();
      return;
    }
    if (!open()) {
      end.how = End::How::Refused;
      end.why = std::strerror(errno);
      client.close();
      finish();
      return;
    }
    watch_output = loop.watch(output.read);
    watch_output.on_readable([this] { read(output.read, watch_output, Stream::Output); });
    watch_errors = loop.watch(errors.read);
    watch_errors.on_readable([this] { read(errors.read, watch_errors, Stream::Errors); });
    if (input.write >= 0) watch_input = loop.watch(input.write);
    client.send(mux_new_session(1, options.command), {input.read, output.write, errors.write});
    input.read = output.write = errors.write = -1;
    write_input();
  }
  ~Implementation() {
    for (Loop::Watch* watch : {&watch_input, &watch_output, &watch_errors}) *watch = Loop::Watch();
    for (Pipe* pipe : {&input, &output, &errors}) {
      close_descriptor(pipe->read);
      close_descriptor(pipe->write);
    }
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  struct Pipe {
    int read = -1;
    int write = -1;
  };

  bool open() {
    for (Pipe* pipe : {&input, &output, &errors}) {
      if (pipe == &input && options.input_file >= 0) {
        input.read = ::fcntl(options.input_file, F_DUPFD_CLOEXEC, 0);
        if (input.read < 0) return false;
        continue;
      }
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0) return false;
      *pipe = {ends[0], ends[1]};
    }
    for (const int ours : {input.write, output.read, errors.read}) {
      if (ours >= 0) ::fcntl(ours, F_SETFL, O_NONBLOCK);
    }
    return true;
  }

  void said(const MuxReply& reply) {
    if (reply.kind == MuxReply::Kind::Refused) {
      end.how = End::How::Refused;
      end.why = reply.reason;
      close_input();
      finish();
    }
    if (reply.kind == MuxReply::Kind::Exited) {
      end.how = End::How::Exited;
      end.exit_value = static_cast<int>(reply.value);
      exited = true;
      close_input();
      wait_for_the_rest();
      finish_when_read();
    }
  }

  // OpenSSH's client tells the end before it has handed on all that the command wrote, and drops
  // the rest when we hang up: it hangs up itself behind the last byte.
  void wait_for_the_rest() {
    silent = loop.after(options.silence, [this] {
      client.close();
      client_closed();
    });
  }

  // What it wrote may still stand in the pipes.
  void client_closed() {
    if (end.how == End::How::NotOpened || end.how == End::How::Refused) return;
    client_ended = true;
    close_input();
    finish_when_read();
  }

  void finish_when_read() {
    if ((client_ended || exited) && output.read < 0 && errors.read < 0) finish();
  }

  void finish() {
    silent = Loop::Timer();
    soon = loop.after(base::Duration{}, [this] {
      const auto told = std::move(options.on_end);
      const End how = end;  // it may destroy this
      if (told) told(how);
    });
  }

  void read(int& descriptor, Loop::Watch& watch, Stream stream) {
    std::array<char, 65536> buffer;
    for (std::size_t total = 0; total < most_read_at_once;) {
      const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        watch = Loop::Watch();
        close_descriptor(descriptor);
        return finish_when_read();
      }
      total += static_cast<std::size_t>(got);
      if (exited) wait_for_the_rest();
      if (options.on_output) {
        options.on_output(stream, {buffer.data(), static_cast<std::size_t>(got)});
      }
    }
  }

  void write_input() {
    if (input.write < 0) return;
    while (written < options.input.size()) {
      const ssize_t more =
          ::write(input.write, options.input.data() + written, options.input.size() - written);
      if (more < 0 && errno == EINTR) continue;
      if (more < 0 && errno == EAGAIN) {
        watch_input.on_writable([this] { write_input(); });
        return;
      }
      if (more < 0) return close_input();  // nobody reads it any more
      written += static_cast<std::size_t>(more);
    }
    watch_input.on_writable({});
    options.input.clear();
    written = 0;
    if (!options.keep_input_open) close_input();
  }

  void close_input() {
    watch_input = Loop::Watch();
    close_descriptor(input.write);
    options.input.clear();
  }

  Loop& loop;
  Options options;
  MuxClient client;
  End end;
  bool client_ended = false;
  bool exited = false;
  std::size_t written = 0;  // of the input
  Pipe input, output, errors;
  Loop::Watch watch_input, watch_output, watch_errors;
  Loop::Timer soon, silent;
};

MuxSession::MuxSession(Loop& loop, const std::string& path, Options options)
    : implementation_(std::make_unique<Implementation>(loop, path, std::move(options))) {}
MuxSession::~MuxSession() = default;

bool MuxSession::gone() const {
  return implementation_->client.gone();
}

void MuxSession::go_on(std::string input, std::function<void(Stream, std::string_view)> on_output,
                       std::function<void(const End&)> on_end) {
  Options& options = implementation_->options;
  options.on_output = std::move(on_output);
  options.on_end = std::move(on_end);
  options.input = std::move(input);
  implementation_->written = 0;
  implementation_->write_input();
}

}  // namespace sluice::runtime
