// Hosts that let us log in over libssh, and flood us then. The host is libssh's own server, which
// is told to do what no honest one does.
#include <fcntl.h>
#include <fmt/format.h>
#include <libssh/server.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "runtime/shared_library.h"
#include "support/forked_server.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using test::Remote;

namespace {

struct Library {
  runtime::SharedLibrary file{"libssh.so.4"};
  decltype(&ssh_bind_accept_fd) bind_accept_fd = file.find("ssh_bind_accept_fd");
  decltype(&ssh_bind_new) bind_new = file.find("ssh_bind_new");
  decltype(&ssh_bind_options_set) bind_options_set = file.find("ssh_bind_options_set");
  decltype(&ssh_channel_read) channel_read = file.find("ssh_channel_read");
  decltype(&ssh_channel_window_size) channel_window_size = file.find("ssh_channel_window_size");
  decltype(&ssh_channel_write) channel_write = file.find("ssh_channel_write");
  decltype(&ssh_channel_write_stderr) channel_write_stderr = file.find("ssh_channel_write_stderr");
  decltype(&ssh_handle_key_exchange) handle_key_exchange = file.find("ssh_handle_key_exchange");
  ssh_publickey_state_e (*auth_publickey_state)(ssh_message) =
      file.find("ssh_message_auth_publickey_state");
  decltype(&ssh_message_auth_reply_pk_ok_simple) auth_reply_pk_ok =
      file.find("ssh_message_auth_reply_pk_ok_simple");
  decltype(&ssh_message_auth_reply_success) auth_reply_success =
      file.find("ssh_message_auth_reply_success");
  decltype(&ssh_message_auth_set_methods) auth_set_methods =
      file.find("ssh_message_auth_set_methods");
  decltype(&ssh_message_channel_request_open_reply_accept) open_reply_accept =
      file.find("ssh_message_channel_request_open_reply_accept");
  decltype(&ssh_message_channel_request_reply_success) request_reply_success =
      file.find("ssh_message_channel_request_reply_success");
  decltype(&ssh_message_free) message_free = file.find("ssh_message_free");
  decltype(&ssh_message_get) message_get = file.find("ssh_message_get");
  decltype(&ssh_message_reply_default) message_reply_default =
      file.find("ssh_message_reply_default");
  decltype(&ssh_message_subtype) message_subtype = file.find("ssh_message_subtype");
  decltype(&ssh_message_type) message_type = file.find("ssh_message_type");
  decltype(&ssh_new) session_new = file.find("ssh_new");
};

enum class Kind {
  Output,   // it writes without end before the wrapper could have begun
  Errors,   // the same, on the other stream
  Windows,  // it answers as the wrapper does, and sends more than it was granted
};

class Host {
 public:
  Host(const std::string& host_key, Kind kind) : kind_(kind), bind_(library_.bind_new()) {
    library_.bind_options_set(bind_, SSH_BIND_OPTIONS_HOSTKEY, host_key.c_str());
  }

  void serve(int peer) {
    const ssh_session session = library_.session_new();
    if (library_.bind_accept_fd(bind_, session, peer) != SSH_OK ||
        library_.handle_key_exchange(session) != SSH_OK) {
      return;
    }
    ssh_channel channel = nullptr;
    bool asked = false;
    while (!asked) {
      const ssh_message message = library_.message_get(session);
      if (message == nullptr) return;
      asked = answer(message, channel);
      library_.message_free(message);
    }
    flood(channel);
  }

 private:
  // Whether it is the command.
  bool answer(ssh_message message, ssh_channel& channel) {
    switch (library_.message_type(message)) {
      case SSH_REQUEST_AUTH:
        library_.auth_set_methods(message, SSH_AUTH_METHOD_PUBLICKEY);
        if (library_.message_subtype(message) != SSH_AUTH_METHOD_PUBLICKEY) break;
        if (library_.auth_publickey_state(message) == SSH_PUBLICKEY_STATE_VALID) {
          library_.auth_reply_success(message, 0);
        } else {
          library_.auth_reply_pk_ok(message);
        }
        return false;
      case SSH_REQUEST_CHANNEL_OPEN:
        channel = library_.open_reply_accept(message);
        return false;
      case SSH_REQUEST_CHANNEL:
        library_.request_reply_success(message);
        return library_.message_subtype(message) == SSH_CHANNEL_REQUEST_EXEC;
      default:
        break;
    }
    library_.message_reply_default(message);
    return false;
  }

  void flood(ssh_channel channel) {
    const auto write =
        kind_ == Kind::Errors ? library_.channel_write_stderr : library_.channel_write;
    if (kind_ == Kind::Windows) {
      const std::string nonce = nonce_of(channel);
      const std::string running = nonce + " running\n" + nonce + " exit 0\n";
      library_.channel_write_stderr(channel, running.data(),
                                    static_cast<std::uint32_t>(running.size()));
      library_.channel_write(channel, (nonce + "\n50000000\n").data(),
                             static_cast<std::uint32_t>(nonce.size() + 10));
      widen(channel);
    }
    const std::string much(30'000, 'z');
    while (write(channel, much.data(), static_cast<std::uint32_t>(much.size())) > 0) {
    }
  }

  std::string nonce_of(ssh_channel channel) {
    std::string request;
    std::array<char, 1024> bytes;
    while (std::count(request.begin(), request.end(), ' ') < 2) {
      const int got = library_.channel_read(channel, bytes.data(), bytes.size(), 0);
      if (got <= 0) return "";
      request.append(bytes.data(), static_cast<std::size_t>(got));
    }
    const std::size_t begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
  }

  // What it believes to be granted stands in the first words of what it knows of the channel.
  void widen(ssh_channel channel) const {
    constexpr std::uint32_t no_bound = 0x7fffffff;
    for (std::size_t at = sizeof(void*); at < 64; at += sizeof no_bound) {
      char* place = reinterpret_cast<char*>(channel) + at;
      std::uint32_t before = 0;
      std::memcpy(&before, place, sizeof before);
      if (before != library_.channel_window_size(channel)) continue;
      std::memcpy(place, &no_bound, sizeof no_bound);
      if (library_.channel_window_size(channel) == no_bound) return;
      std::memcpy(place, &before, sizeof before);
    }
    ::_exit(1);  // nobody hears of it any more
  }

  Library library_;
  Kind kind_;
  ssh_bind bind_;
};

std::array<int, 2> pipe_ends() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  return ends;
}

struct Flooding {
  Flooding(Kind kind, base::Duration lost_after)
      : remote(test::over("libssh"), lost_after, base::Duration{200}),
        server([this, kind](int peer) {
          (void)!::write(told[1], "p", 1);
          Host(remote.server.home() + "/../host_key", kind).serve(peer);
        }) {
    test::write_text(remote.place.path() + "/known",
                     fmt::format("[127.0.0.1]:{} {}", server.port,
                                 test::read_text(remote.server.home() + "/../host_key.pub")));
  }
  ~Flooding() {
    for (const int end : told) ::close(end);
  }
  runtime::Place where() const {
    runtime::Place place = remote.server.where();
    place.settings = {{"client", "libssh"},
                      {"identity_file", remote.server.identity()},
                      {"known_hosts_file", remote.place.path() + "/known"},
                      {"port", fmt::format("{}", server.port)}};
    return place;
  }
  // How many have come since it was asked.
  std::size_t peers() const {
    std::array<char, 100> bytes;
    return static_cast<std::size_t>(
        std::max<ssize_t>(0, ::read(told[0], bytes.data(), bytes.size())));
  }

  Remote remote;
  std::array<int, 2> told = pipe_ends();
  test::ForkedServer server;
};

constexpr std::size_t most_kilobytes = 128'000;

}  // namespace

TEST_CASE("over libssh a login that floods us is given up, and fills no memory", "[ssh]") {
  Flooding host(GENERATE(Kind::Output, Kind::Errors), base::Duration{500});
  const auto answer = host.remote.requests.start(
      host.remote.executor, host.remote.requests.script(host.where(), "echo ran"));
  std::size_t most = 0;
  host.remote.waiting.until_seen([&] {
    most = std::max(most, test::most_kilobytes_below(::getpid()));
    return answer->completion.has_value();
  });
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  INFO(answer->completion->detail);
  CHECK(answer->completion->detail.find("its login did not come as far as the script") !=
        std::string::npos);
  CHECK(answer->output.empty());
  CHECK(most > 0);
  CHECK(most < most_kilobytes);
}

TEST_CASE("over libssh a host that sends more than it was granted is hung up on", "[ssh]") {
  Flooding host(Kind::Windows, base::Duration{60'000});
  runtime::ActionRequest request = host.remote.requests.script(host.where(), "echo ran");
  request.output = [](runtime::Stream, std::string_view) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  bool done = false;
  host.remote.executor.start(std::move(request), [&](const Completion&) { done = true; });
  std::size_t most = 0;
  std::size_t peers = 0;
  host.remote.waiting.until_seen([&] {
    most = std::max(most, test::most_kilobytes_below(::getpid()));
    return (peers += host.peers()) >= 3;
  });
  CHECK_FALSE(done);
  CHECK(most > 0);
  CHECK(most < most_kilobytes);
}
