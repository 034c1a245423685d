#include "runtime/channel_streams.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t piece = 32768;  // a packet of the protocol holds that
constexpr std::size_t most_pieces_at_once = (1 << 20) / piece;  // before others have their turn

bool is_regular_file(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

ChannelStreams::ChannelStreams(Loop& loop, LibsshConnection& connection, LibsshGoal goal, Ends ends,
                               Listener listener)
    : loop_(loop),
      connection_(connection),
      listener_(std::move(listener)),
      input_(ends.input),
      is_socket_(ends.is_socket),
      channel_(connection, std::move(goal),
               {[this](bool errors, std::string_view bytes) {
                  Outlet& outlet = outlets_[errors ? 1 : 0];
                  return outlet.waits ? 0 : write_some(outlet, bytes);
                },
                [this](std::uint32_t value) { exit_value_ = value; }}) {
  for (const int end : {ends.input, ends.output, ends.errors}) {
    if (end >= 0) ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
  }
  is_file_ = is_regular_file(input_);
  if (!is_file_) watch_input_ = loop_.watch(input_);
  outlets_[0] = {ends.output, &watch_output_, "", 0, false};
  outlets_[1] = {ends.errors, &watch_errors_, "", 0, false};
  watch_output_ = loop_.watch(ends.output);
  if (ends.errors >= 0) watch_errors_ = loop_.watch(ends.errors);
}

ChannelStreams::~ChannelStreams() {
  for (Loop::Watch* watch : {&watch_input_, &watch_output_, &watch_errors_}) *watch = Loop::Watch();
  close_descriptor(input_);
  for (Outlet& outlet : outlets_) close_descriptor(outlet.descriptor);
}

void ChannelStreams::go_on() {
  if (over_) return;
  switch (channel_.advance()) {
    case LibsshChannel::State::Opening:
      return;
    case LibsshChannel::State::Refused:
      over_ = true;
      if (listener_.refused) listener_.refused(channel_.why());
      return;
    case LibsshChannel::State::Open:
    case LibsshChannel::State::Closed:
      break;
  }
  if (!told_ && listener_.opened) listener_.opened();
  told_ = true;
  if (exit_value_ && listener_.exited) listener_.exited(*exit_value_);
  exit_value_.reset();
  const bool closed = channel_.state() == LibsshChannel::State::Closed;
  if (closed) close_input();
  if (!reads_) read_input();
  bool all_out = channel_.at_end();
  for (const bool errors : {false, true}) {
    Outlet& outlet = outlets_[errors ? 1 : 0];
    const bool nothing_left = outlet.taken.empty() && channel_.held(errors) == 0;
    if (channel_.at_end() && nothing_left) close_outlet(outlet);
    all_out = all_out && nothing_left;
  }
  const bool left_here = is_socket_ && input_ended_ && outlets_[0].descriptor < 0;
  over_ = (closed && all_out) || left_here;
}

// How much of it was written; all of it where nobody reads it any more.
std::size_t ChannelStreams::write_some(Outlet& outlet, std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size() && outlet.descriptor >= 0) {
    const ssize_t more = ::write(outlet.descriptor, bytes.data() + written, bytes.size() - written);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0 && errno == EAGAIN) {
      outlet.waits = true;
      outlet.watch->on_writable([this, errors = &outlet == &outlets_[1]] { drain(errors); });
      return written;
    }
    if (more < 0) {
      close_outlet(outlet);
      break;
    }
    written += static_cast<std::size_t>(more);
  }
  return bytes.size();
}

void ChannelStreams::drain(bool errors) {
  Outlet& outlet = outlets_[errors ? 1 : 0];
  outlet.waits = false;
  outlet.watch->on_writable({});
  if (outlet.taken.empty()) outlet.taken = channel_.take(errors);
  outlet.written += write_some(outlet, std::string_view(outlet.taken).substr(outlet.written));
  if (outlet.written == outlet.taken.size()) {
    outlet.taken.clear();
    outlet.written = 0;
  }
  if (outlet.descriptor < 0) {
    channel_.take(errors);  // for nobody
    return;
  }
  // Where more has come others have their turn first.
  if (outlet.waits || channel_.held(errors) == 0) return;
  outlet.waits = true;
  outlet.watch->on_writable([this, errors] { drain(errors); });
}

void ChannelStreams::close_outlet(Outlet& outlet) {
  if (outlet.descriptor < 0) return;
  outlet.watch->on_writable({});
  outlet.waits = false;
  if (is_socket_) ::shutdown(outlet.descriptor, SHUT_WR);
  *outlet.watch = Loop::Watch();
  close_descriptor(outlet.descriptor);
}

void ChannelStreams::close_input() {
  if (input_ < 0) return;
  unsent_.clear();
  watch_input_ = Loop::Watch();
  close_descriptor(input_);
}

// What was read goes to the channel: whether all of it did.
bool ChannelStreams::send_input() {
  if (!unsent_.empty()) unsent_.erase(0, channel_.send(unsent_));
  return unsent_.empty();
}

// No more is read than the host takes, and the connection with it.
void ChannelStreams::read_input() {
  if (input_ended_ || input_ < 0) return;
  bool goes_on = send_input();
  for (std::size_t i = 0; goes_on && (is_file_ || i < most_pieces_at_once); ++i) {
    const std::size_t room = connection_.is_full() ? 0 : std::min(piece, channel_.room());
    if (room == 0) {
      goes_on = false;
      break;
    }
    std::array<char, piece> bytes;
    const ssize_t got = ::read(input_, bytes.data(), room);
    unsent_.assign(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      input_ended_ = true;
      channel_.send_end();
      goes_on = false;
      break;
    }
    goes_on = send_input();
  }
  if (is_file_ || goes_on == reads_) return;
  reads_ = goes_on;
  if (reads_) {
    watch_input_.on_readable([this] { read_input(); });
  } else {
    watch_input_.on_readable({});
  }
}

}  // namespace sluice::runtime
