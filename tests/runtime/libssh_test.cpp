// Hosts that are reached over libssh, against a real sshd on loopback: how we log in, whom we do
// not believe, and what becomes of processes. What is alike by either client stands in the other
// files.
#include "runtime/libssh.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "runtime/mux_packet.h"
#include "runtime/mux_server.h"
#include "support/forked_server.h"
#include "support/paths.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using test::Remote;

namespace {

runtime::Place changed(runtime::Place place, const std::string& name, const std::string& value) {
  std::erase_if(place.settings, [&](const auto& setting) { return setting.name == name; });
  if (!value.empty()) place.settings.push_back({name, value});
  return place;
}

test::Answer run_at(Remote& remote, const runtime::Place& place) {
  return remote.requests.run(remote.executor, remote.requests.script(place, "echo ran"));
}

std::string key(const std::string& path, const std::string& passphrase = "") {
  REQUIRE(test::run_quietly(
              {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path}) == 0);
  return path;
}

// For what is started as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    const char* before = std::getenv(name);
    if (before != nullptr) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_.empty()) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, before_.c_str(), 1);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string before_;
};

class Agent {
 public:
  explicit Agent(const std::string& socket) : variable_("SSH_AUTH_SOCK", socket) {
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      ::dup2(nowhere, 1);
      ::execl("/usr/bin/ssh-agent", "ssh-agent", "-D", "-a", socket.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~Agent() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

 private:
  pid_t process_;
  Variable variable_;
};

// As the protocol has it before keys are exchanged.
std::string plain_packet(std::string payload) {
  constexpr std::size_t block = 8;
  constexpr std::size_t least = 4;
  std::size_t padding = block - (5 + payload.size()) % block;
  if (padding < least) padding += block;
  const std::size_t length = 1 + payload.size() + padding;
  std::string packet;
  for (const int shift : {24, 16, 8, 0}) packet += static_cast<char>(length >> shift & 0xffU);
  packet += static_cast<char>(padding);
  return packet + payload + std::string(padding, '\0');
}

// A peer that says something to whoever connects, and hangs up, or goes on with it for ever.
class StrangeServer : public test::ForkedServer {
 public:
  StrangeServer(const std::string& says, bool for_ever) : StrangeServer("", says, for_ever) {}
  StrangeServer(const std::string& first, const std::string& says, bool for_ever)
      : ForkedServer([&](int peer) {
          const auto write_all = [peer](const std::string& text) {
            return ::write(peer, text.data(), text.size()) == static_cast<ssize_t>(text.size());
          };
          bool well = write_all(first) && write_all(says);
          while (well && for_ever) well = ::write(peer, says.data(), says.size()) > 0;
        }) {}
};

// What a host that offers one of each says first.
std::string offer() {
  runtime::Packet lists;
  for (const char* list : {"curve25519-sha256", "ssh-ed25519", "chacha20-poly1305@openssh.com",
                           "chacha20-poly1305@openssh.com", "hmac-sha2-256", "hmac-sha2-256",
                           "none", "none", "", ""}) {
    lists.text(list);
  }
  const std::string cookie(16, 'c');
  return "SSH-2.0-Listens\r\n" +
         plain_packet('\x14' + cookie + lists.framed().substr(4) + std::string(5, '\0'));
}

// The random bytes of an offer that a client makes, and then its half of the key exchange.
std::optional<std::string> drawn_in(const std::string& said) {
  std::string rest = said.substr(std::min(said.size(), said.find('\n') + 1));
  bool broken = false;
  const auto offered = runtime::take_packet(rest, broken);
  const auto half = runtime::take_packet(rest, broken);
  if (!offered || !half) return std::nullopt;
  std::string_view key = std::string_view(*half).substr(2);
  return offered->substr(2, 16) + runtime::take_text(key);
}

// Closed with it.
struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0); }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  std::array<int, 2> ends{};
};

// Offers, and tells what each that connects draws: as many bytes as told_bytes.
class ListeningServer {
 public:
  static constexpr std::size_t told_bytes = 16 + 32;

  ListeningServer()
      : server_([this, says = offer()](int peer) {
          std::string said;
          std::array<char, 4096> bytes;
          ssize_t got = ::write(peer, says.data(), says.size());
          while (got > 0 && !drawn_in(said)) {
            got = ::read(peer, bytes.data(), bytes.size());
            if (got > 0) said.append(bytes.data(), static_cast<std::size_t>(got));
          }
          const std::string drawn = drawn_in(said).value_or("");
          if (::write(told_.ends[1], drawn.data(), drawn.size()) < 0) ::_exit(1);
        }) {}

  int port() const { return server_.port; }
  std::string next() const {
    std::string drawn(told_bytes, '\0');
    const ssize_t got = ::read(told_.ends[0], drawn.data(), drawn.size());
    drawn.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return drawn;
  }

 private:
  Pipe told_;
  test::ForkedServer server_;
};

}  // namespace

TEST_CASE("over libssh a key that is certified lets us in, and without its certificate not",
          "[ssh]") {
  test::TemporaryDirectory keys;
  const std::string authority = key(keys.path() + "/authority");
  const std::string own = key(keys.path() + "/own");
  test::SshServer::Options options = test::over("libssh");
  options.settings = {"TrustedUserCAKeys " + authority + ".pub"};
  Remote remote(options);
  const runtime::Place place = changed(remote.server.where(), "identity_file", own);
  const test::Answer refused = run_at(remote, place);
  CHECK(refused.completion->ending == Completion::Ending::Unreachable);
  CHECK(refused.completion->detail.find("Permission denied (publickey)") != std::string::npos);
  REQUIRE(test::run_quietly({"/usr/bin/ssh-keygen", "-q", "-s", authority, "-I", "ours", "-n",
                             test::user_name(), own + ".pub"}) == 0);
  CHECK(run_at(remote, place).output == "ran\n");
}

TEST_CASE("over libssh nobody is asked for a passphrase, and an agent that has the key is enough",
          "[ssh]") {
  Remote remote(test::over("libssh"));
  const std::string locked = remote.place.path() + "/locked";
  std::filesystem::copy(remote.server.identity(), locked);
  REQUIRE(test::run_quietly({"/usr/bin/ssh-keygen", "-q", "-p", "-P", "", "-N", "secret words",
                             "-f", locked}) == 0);
  const runtime::Place place = changed(remote.server.where(), "identity_file", locked);
  const test::Answer refused = run_at(remote, place);
  CHECK(refused.completion->ending == Completion::Ending::Unreachable);
  CHECK(refused.completion->detail.find("Permission denied (publickey); the key in " + locked +
                                        " is locked by a passphrase") != std::string::npos);
  const std::string socket = remote.place.path() + "/agent";
  const Agent agent(socket);
  remote.waiting.until_seen([&] { return std::filesystem::exists(socket); });
  REQUIRE(test::run_quietly({"/usr/bin/ssh-add", "-q", remote.server.identity()}) == 0);
  // What connects was started without it.
  for (const pid_t process : test::connecting_processes(::getpid())) ::kill(process, SIGKILL);
  remote.waiting.until_seen([&] { return test::connecting_processes(::getpid()).empty(); });
  CHECK(run_at(remote, place).output == "ran\n");
}

TEST_CASE("over libssh a host that was offered too many keys is told to have hung up for that",
          "[ssh]") {
  test::SshServer::Options options = test::over("libssh");
  options.settings = {"MaxAuthTries 2"};
  Remote remote(options);
  const std::string socket = remote.place.path() + "/agent";
  const Agent agent(socket);
  remote.waiting.until_seen([&] { return std::filesystem::exists(socket); });
  for (const char* name : {"/one", "/two", "/three"}) {
    const std::string key = remote.place.path() + name;
    REQUIRE(test::run_quietly(
                {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key}) == 0);
    REQUIRE(test::run_quietly({"/usr/bin/ssh-add", "-q", key}) == 0);
  }
  const auto begin = std::chrono::steady_clock::now();
  const test::Answer refused =
      run_at(remote, changed(remote.server.where(), "identity_file", "/none"));
  CHECK(refused.completion->ending == Completion::Ending::Unreachable);
  CHECK(refused.completion->detail.find("Too many authentication failures") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(50));
  REQUIRE(test::run_quietly({"/usr/bin/ssh-add", "-q", "-D"}) == 0);
  REQUIRE(test::run_quietly({"/usr/bin/ssh-add", "-q", remote.server.identity()}) == 0);
  CHECK(run_at(remote, changed(remote.server.where(), "identity_file", "/none")).output == "ran\n");
}

TEST_CASE("over libssh the keys of the user's directory are used, and its known hosts", "[ssh]") {
  test::SshServer server(test::over("libssh"));
  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests(waiting);
  runtime::Processes processes(waiting.loop);
  const std::string directory = place.path() + "/.ssh";
  std::filesystem::create_directories(directory);
  runtime::SshSettings settings;
  settings.files = {directory + "/config", "", ""};
  settings.directory = place.path();
  settings.program = test::program_path();
  runtime::SshExecutor executor(waiting.loop, processes, settings);
  const runtime::Place plain =
      changed(changed(server.where(), "identity_file", ""), "known_hosts_file", "");
  const auto run = [&](const runtime::Place& where) {
    return requests.run(executor, requests.script(where, "echo ran"));
  };
  CHECK(run(plain).completion->detail.find("No ssh-ed25519 host key is known") !=
        std::string::npos);
  std::filesystem::copy(server.known_hosts(), directory + "/known_hosts");
  CHECK(run(plain).completion->detail.find("Permission denied (publickey)") != std::string::npos);
  // The configuration is OpenSSH's, and not read.
  test::write_text(directory + "/config", "Host *\n  IdentityFile " + server.identity() + "\n");
  CHECK(run(plain).completion->detail.find("Permission denied (publickey)") != std::string::npos);
  std::filesystem::copy(server.identity(), directory + "/id_ed25519");
  CHECK(run(plain).output == "ran\n");
  runtime::Place other = changed(plain, "identity_file", "~/.ssh/id_ed25519");
  other.host = plan::TargetId{1};
  CHECK(run(other).output == "ran\n");
}

TEST_CASE("over libssh a host is known by a hashed name, and not by a key that was revoked",
          "[ssh]") {
  Remote remote(test::over("libssh"));
  const std::string known = remote.place.path() + "/known";
  const std::string line = test::read_text(remote.server.known_hosts());
  const runtime::Place place = changed(remote.server.where(), "known_hosts_file", known);
  test::write_text(known, line);
  REQUIRE(test::run_quietly({"/usr/bin/ssh-keygen", "-q", "-H", "-f", known}) == 0);
  const std::string hashed = test::read_text(known);
  REQUIRE(hashed.find("127.0.0.1") == std::string::npos);
  test::write_text(known, "@revoked " + hashed + hashed);
  CHECK(run_at(remote, place).completion->detail.find("one that was revoked") != std::string::npos);
  test::write_text(known, "@cert-authority " + hashed);
  CHECK(run_at(remote, place).completion->ending == Completion::Ending::Unreachable);
  test::write_text(known, hashed);
  CHECK(run_at(remote, place).output == "ran\n");
}

TEST_CASE("over libssh settings that are OpenSSH's alone are refused before anything starts",
          "[ssh]") {
  Remote remote(test::over("libssh"));
  for (const char* name : {"jump", "config_file"}) {
    const test::Answer answer = run_at(remote, changed(remote.server.where(), name, "there"));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(answer.completion->detail.find(name) != std::string::npos);
  }
  CHECK(run_at(remote, changed(remote.server.where(), "client", "putty")).completion->detail ==
        "there is no client `putty`");
  CHECK(run_at(remote, changed(remote.server.where(), "wrapper", "awk")).completion->detail ==
        "there is no wrapper `awk`");
  CHECK(remote.processes.running() == 0);
}

TEST_CASE("over libssh a peer that does not keep to the protocol is out of reach", "[ssh]") {
  Remote remote(test::over("libssh"));
  struct Strange {
    std::string says;
    bool for_ever;
  };
  const std::string banner = "SSH-2.0-Strange\r\n";
  const Strange all[] = {
      {"", false},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", false},
      {std::string(100'000, 'x'), true},
      {banner, false},
      {banner + std::string(40'000, '\xff'), true},
      {banner + std::string("\0\0\0\x0c\x0a\x14", 6) + std::string(10, '\0'), false}};
  std::uint32_t number = 1;
  for (const Strange& strange : all) {
    INFO(strange.says.substr(0, 40));
    const StrangeServer server(strange.says, strange.for_ever);
    runtime::Place place = changed(remote.server.where(), "port", fmt::format("{}", server.port));
    place.host = plan::TargetId{number++};
    const test::Answer answer = run_at(remote, place);
    CHECK(answer.completion->ending == Completion::Ending::Unreachable);
    CHECK(answer.completion->detail.starts_with("cannot connect to 127.0.0.1: "));
  }
  // One bad host does nothing to another.
  CHECK(run_at(remote, remote.server.where()).output == "ran\n");
}

TEST_CASE("over libssh a peer that floods us is out of reach, and fills no memory", "[ssh]") {
  Remote remote(test::over("libssh"));
  struct Flood {
    std::string first;
    std::string then;
    std::string why;
  };
  const std::string banner = "SSH-2.0-Flood\r\n";
  const auto listed = [](std::string_view names) {
    return std::string("\0\0", 2) + static_cast<char>(names.size() >> 8U) +
           static_cast<char>(names.size() & 0xffU) + std::string(names);
  };
  std::string keys = "\x14" + std::string(16, 'k') + listed("curve25519-sha256");
  for (const char* names : {"ssh-ed25519", "aes256-ctr", "aes256-ctr", "hmac-sha2-256",
                            "hmac-sha2-256", "none", "none", "", ""}) {
    keys += listed(names);
  }
  keys = plain_packet(keys + std::string(5, '\0'));
  const std::string much(65'536, 'z');
  const std::string data =
      plain_packet("\x5e" + std::string(4, '\0') + listed(much.substr(0, 30'000)));
  const Flood floods[] = {
      {banner + "\x7f\xff\xff\xff\x04", much, "Packet len too high"},
      {banner + std::string("\0\x03\x0d\x40\x04", 5), much, "Packet len too high"},
      {much, much, "too large banner"},
      {banner, keys, "rejected packet"},
      {banner + keys, data, "rejected packet"}};
  std::uint32_t number = 1;
  for (const Flood& flood : floods) {
    INFO(flood.why);
    const StrangeServer server(flood.first, flood.then, true);
    runtime::Place place = changed(remote.server.where(), "port", fmt::format("{}", server.port));
    place.host = plan::TargetId{number++};
    const auto answer =
        remote.requests.start(remote.executor, remote.requests.script(place, "echo ran"));
    std::size_t most = 0;
    remote.waiting.until_seen([&] {
      most = std::max(most, test::most_kilobytes_below(::getpid()));
      return answer->completion.has_value();
    });
    CHECK(answer->completion->ending == Completion::Ending::Unreachable);
    INFO(answer->completion->detail);
    CHECK(answer->completion->detail.find(flood.why) != std::string::npos);
    CHECK(most > 0);
    CHECK(most < 256'000);
  }
}

TEST_CASE("over libssh no two that are forked draw the same random numbers", "[ssh]") {
  Remote remote(test::over("libssh"));
  const ListeningServer server;
  runtime::Place place = changed(remote.server.where(), "port", fmt::format("{}", server.port()));
  std::set<std::string> cookies, halves;
  constexpr std::uint32_t hosts = 4;
  for (std::uint32_t i = 1; i <= hosts; ++i) {
    place.host = plan::TargetId{i};
    CHECK(run_at(remote, place).completion->ending == Completion::Ending::Unreachable);
    const std::string drawn = server.next();
    REQUIRE(drawn.size() == ListeningServer::told_bytes);
    cookies.insert(drawn.substr(0, 16));
    halves.insert(drawn.substr(16));
  }
  remote.waiting.until_seen([&] { return test::connecting_processes(::getpid()).size() == 1; });
  CHECK(cookies.size() == hosts);
  CHECK(halves.size() == hosts);
}

TEST_CASE("over libssh keys are exchanged anew while much goes both ways", "[ssh]") {
  test::SshServer::Options options = test::over("libssh");
  options.settings = {"RekeyLimit 200K"};
  Remote remote(options);
  const std::string much(400'000, '#');
  const test::Answer answer = remote.run("seq 1000001 1200000\n" + much);
  CHECK(answer.completion->exit_code == 0);
  CHECK(answer.bytes == 200'000 * 8);
}

TEST_CASE("over libssh a host that sends more quickly than it is read keeps its connection",
          "[ssh]") {
  Remote remote(test::over("libssh"));
  remote.run("true");
  // Not connections(): a session's process is the server's own program until it becomes its shell.
  const std::vector<pid_t> before = test::children_of(remote.server.process());
  constexpr std::uint64_t size = 20 << 20;
  runtime::ActionRequest request =
      remote.requests.script(remote.server.where(), fmt::format("head -c {} /dev/zero\n", size));
  std::uint64_t bytes = 0;
  request.output = [&](runtime::Stream, std::string_view piece) {
    bytes += piece.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  bool done = false;
  remote.executor.start(std::move(request), [&](const Completion&) { done = true; });
  remote.waiting.until([&] { return done; });
  CHECK(bytes == size);
  CHECK(test::children_of(remote.server.process()) == before);
}

TEST_CASE("over libssh a script runs on when the process of its connection is killed", "[ssh]") {
  Remote remote(test::over("libssh"));
  const auto answer = remote.start(
      "echo before\necho $$ > \"$HOME/pid\"\nmkfifo \"$HOME/gate\"\nread -r word < \"$HOME/gate\"\n"
      "echo \"after $word\"\necho x >> \"$HOME/effects\"\nexit 7\n");
  remote.process_in(remote.server.home() + "/pid");
  const std::string gate = remote.server.home() + "/gate";
  remote.waiting.until_seen([&] { return std::filesystem::exists(gate); });
  const std::vector<pid_t> connecting = test::connecting_processes(::getpid());
  REQUIRE(connecting.size() == 2);
  SECTION("of its connection") {
    ::kill(connecting[1], SIGKILL);
  }
  SECTION("of all of them, and its connection's with it") {
    ::kill(connecting[0], SIGKILL);
    remote.waiting.until_seen([&] { return !Remote::is_alive(connecting[0]); });
    ::kill(connecting[1], SIGKILL);
  }
  SECTION("of all of them alone: its connection stays") {
    ::kill(connecting[0], SIGKILL);
    remote.waiting.until_seen([&] { return !Remote::is_alive(connecting[0]); });
    CHECK(Remote::is_alive(connecting[1]));
  }
  Remote::open_gate(gate, "it\n");
  remote.wait_for(answer);
  CHECK(answer->output == "before\nafter it\n");
  CHECK(answer->completion->exit_code == 7);
  CHECK(test::read_text(remote.server.home() + "/effects") == "x\n");
  runtime::Place other = remote.server.where();
  other.host = plan::TargetId{1};
  CHECK(run_at(remote, other).output == "ran\n");
}

TEST_CASE("over libssh a program that is killed leaves no process behind", "[ssh]") {
  const test::SshServer server(test::over("libssh"));
  test::TemporaryDirectory place;
  test::Waiting waiting;
  const std::string file = place.path() + "/one.deploy";
  test::write_text(
      file, fmt::format("deployment \"One\"\n"
                        "connect ssh {{ client = \"libssh\" port = {} identity_file = \"{}\" "
                        "known_hosts_file = \"{}\" }}\n"
                        "role web {{ target \"a\" {{ address = \"127.0.0.1\" }} }}\n"
                        "step \"Wait\" on web {{ run \"echo $$ > $HOME/pid; exec sleep 600\" }}\n",
                        server.port(), server.identity(), server.known_hosts()));
  const pid_t program = ::fork();
  REQUIRE(program >= 0);
  if (program == 0) {
    ::execl(test::program_path().c_str(), "sluice", "run", "--yes", "--quiet", "--state",
            (place.path() + "/state").c_str(), file.c_str(), nullptr);
    ::_exit(127);
  }
  const std::string pid = server.home() + "/pid";
  waiting.until_seen([&] { return test::read_text(pid).find('\n') != std::string::npos; });
  const std::vector<pid_t> connecting = test::connecting_processes(program);
  REQUIRE(connecting.size() == 2);
  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);
  for (const pid_t process : connecting) {
    waiting.until_seen([&] { return !Remote::is_alive(process); });
  }
  const pid_t script = std::atoi(test::read_text(pid).c_str());
  CHECK(Remote::is_alive(script));
  ::kill(script, SIGKILL);
}

TEST_CASE("over libssh a host that answers nothing any more is given up", "[ssh]") {
  test::SshServer server;
  test::TemporaryDirectory place;
  test::Waiting waiting;
  const std::string path = place.path() + "/s";
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const pid_t holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    runtime::LibsshHost host;
    host.address = "127.0.0.1";
    host.port = fmt::format("{}", server.port());
    host.identity_file = server.identity();
    host.known_hosts_file = server.known_hosts();
    const auto connection = runtime::LibsshConnection::open(host);
    if (!connection) ::_exit(1);
    runtime::Loop loop;
    runtime::MuxServer holds(loop, *connection.value(), runtime::listen_at(path), path,
                             base::Duration{50});
    const bool well = ::write(told[1], "x", 1) == 1;
    holds.serve();
    ::_exit(well ? 3 : 1);
  }
  char letter = 0;
  ::close(told[1]);
  REQUIRE(::read(told[0], &letter, 1) == 1);
  ::close(told[0]);
  {
    // As long as it answers it may have nothing to say.
    const runtime::MuxClient client(waiting.loop, path, {});
    bool later = false;
    const runtime::Loop::Timer timer =
        waiting.loop.after(base::Duration{500}, [&] { later = true; });
    waiting.until([&] { return later; });
    REQUIRE(::waitpid(holder, nullptr, WNOHANG) == 0);
    server.freeze();
    int status = 0;
    bool ended = false;
    waiting.until_seen(
        [&] { return ended = ended || ::waitpid(holder, &status, WNOHANG) == holder; });
    CHECK(WEXITSTATUS(status) == 3);
  }
}
