// A session of OpenSSH's multiplexer, against one of the test's own that answers when it is told
// to.
#include "runtime/ssh_mux.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "support/executing.h"
#include "support/golden.h"

using namespace sluice;
using runtime::MuxSession;

namespace {

std::string framed(std::initializer_list<std::uint32_t> numbers) {
  std::string body;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(value >> shift);
  };
  put(static_cast<std::uint32_t>(numbers.size() * 4));
  for (const std::uint32_t number : numbers) put(number);
  return body;
}

class Multiplexer {
 public:
  explicit Multiplexer(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
  }
  ~Multiplexer() {
    for (const int descriptor : {listener_, client_, input, output, errors}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  Multiplexer(const Multiplexer&) = delete;
  Multiplexer& operator=(const Multiplexer&) = delete;

  // Takes the client and the three streams of its session.
  void take_session() {
    client_ = ::accept(listener_, nullptr, nullptr);
    REQUIRE(client_ >= 0);
    for (int* stream : {&input, &output, &errors}) {
      while (*stream < 0) *stream = next_descriptor();
    }
    ::fcntl(input, F_SETFL, O_NONBLOCK);
  }
  void say(std::initializer_list<std::uint32_t> numbers) const {
    const std::string bytes = framed(numbers);
    REQUIRE(::send(client_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  // Whether the client has hung up; what it has sent is of no interest any more.
  bool hung_up() const {
    char byte = 0;
    return ::recv(client_, &byte, 1, MSG_DONTWAIT) == 0;
  }
  bool input_closed() const {
    char byte = 0;
    return ::read(input, &byte, 1) == 0;
  }

  int input = -1, output = -1, errors = -1;

 private:
  int next_descriptor() const {
    char bytes[4096];
    iovec part{bytes, sizeof bytes};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    REQUIRE(::recvmsg(client_, &message, 0) > 0);
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr) return -1;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    return descriptor;
  }

  int listener_;
  int client_ = -1;
};

struct Talk {
  explicit Talk(base::Duration silence) : multiplexer(place.path() + "/socket") {
    MuxSession::Options options;
    options.command = "true";
    options.keep_input_open = true;
    options.silence = silence;
    options.on_output = [this](runtime::Stream, std::string_view bytes) { output += bytes; };
    options.on_end = [this](const MuxSession::End& how) { end = how; };
    session.emplace(waiting.loop, place.path() + "/socket", std::move(options));
    multiplexer.take_session();
    multiplexer.say({1, 4});              // hello, version 4
    multiplexer.say({0x80000006, 1, 7});  // the session is open
  }
  void exit_with(std::uint32_t value) {
    multiplexer.say({0x80000004, 7, value});
    waiting.until([&] { return multiplexer.input_closed(); });  // so it was heard
  }

  test::TemporaryDirectory place;
  test::Waiting waiting;
  Multiplexer multiplexer;
  std::optional<MuxSession> session;
  std::string output;
  std::optional<MuxSession::End> end;
};

void write_and_close(int& stream, std::string_view bytes) {
  REQUIRE(::write(stream, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(stream);
  stream = -1;
}

}  // namespace

// OpenSSH's client drops what it has not handed on yet when its own client hangs up.
TEST_CASE("what comes behind the end of a command is waited for, and nobody hangs up") {
  Talk talk(base::Duration{60'000});
  talk.exit_with(3);
  CHECK_FALSE(talk.multiplexer.hung_up());
  CHECK_FALSE(talk.end);
  write_and_close(talk.multiplexer.output, "late");
  write_and_close(talk.multiplexer.errors, "");
  talk.waiting.until([&] { return talk.end.has_value(); });
  CHECK(talk.output == "late");
  CHECK(talk.end->how == MuxSession::End::How::Exited);
  CHECK(talk.end->exit_value == 3);
}

TEST_CASE("a stream that something holds open behind the end is given up when it is silent") {
  Talk talk(base::Duration{20});
  REQUIRE(::write(talk.multiplexer.output, "said", 4) == 4);
  talk.exit_with(0);
  talk.waiting.until([&] { return talk.multiplexer.hung_up(); });
  // As OpenSSH's client does then.
  write_and_close(talk.multiplexer.output, "");
  write_and_close(talk.multiplexer.errors, "");
  talk.waiting.until([&] { return talk.end.has_value(); });
  CHECK(talk.output == "said");
  CHECK(talk.end->how == MuxSession::End::How::Exited);
}
