// Canaries: secrets are handed to a local script, to one on an ssh host and to a web server, and
// then looked for everywhere they could have come to.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/canaries.h"
#include "support/golden.h"
#include "support/sshd.h"

using namespace sluice;
namespace fs = std::filesystem;

namespace {

// In the spellings that the scripts below write.
const test::Canaries canaries({"canary-of-the-environment", "Y2FuYXJ5LW9mLXRoZS1lbnZpcm9ubWVud",
                               "63616e6172792d6f662d7468652d65", "canary-of-a-file",
                               "Y2FuYXJ5LW9mLWEtZmlsZ", "63616e6172792d6f662d612d66",
                               "canary-of-a-command", "Y2FuYXJ5LW9mLWEtY29tbWFuZ"});

// Answers one request, and says in the answer what the headers were.
class EchoServer {
 public:
  EchoServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~EchoServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  int port = 0;
  std::string heard;

 private:
  void serve() {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    char buffer[4096];
    while (heard.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::read(connection, buffer, sizeof buffer);
      if (got <= 0) break;
      heard.append(buffer, static_cast<std::size_t>(got));
    }
    const std::string answer =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                    heard.size(), heard);
    (void)!::write(connection, answer.data(), answer.size());
    ::close(connection);
  }

  int listener_;
  std::thread thread_;
};

std::string deployment(const test::SshServer& server, const std::string& folder, int port) {
  return fmt::format(R"(deployment "Canary"
connect ssh {{ port = {0} identity_file = "{1}" known_hosts_file = "{2}" }}
secret of_environment from env "CANARY_ENVIRONMENT"
secret of_file from file "{3}/secrets/token"
secret of_command from command "cat {3}/secrets/other"
role web {{ target "web-1" {{ address = "127.0.0.1" }} }}
step "Bystander" on web shared {{ run script """
  env > {3}/run/bystander
  echo there > {3}/run/there1
  read -r _ < {3}/run/gate1
""" }}
step "Remote" on web shared with previous {{ run script """
  echo there > {3}/run/there2
  read -r _ < {3}/run/gate2
  printf '%s\n' "$TOKEN"
  printf %s "$TOKEN" | base64
  printf %s "$TOKEN" | od -An -v -tx1 | tr -d ' \n'
  printf 'torn: %s' "${{TOKEN%-*}}"; sleep 0; printf '%s\n' "-${{TOKEN##*-}}"
  set -x
  : "$TOKEN"
  exit 7
""" {{ environment {{ TOKEN = of_environment }} }} on failure continue }}
step "Local" with previous {{ run script """
  echo there > {3}/run/there3
  read -r _ < {3}/run/gate3
  printf 'mine: %s\n' "$TOKEN"
  printf %s "$TOKEN" | base64
  echo "token=$TOKEN" > "$SLUICE_OUTPUT"
""" {{ environment {{ TOKEN = of_file }} }} on failure continue }}
step "Ask" with previous {{ run http "http://127.0.0.1:{4}/" {{
  headers {{ Authorization = of_command }}
}} }}
)",
                     server.where().settings[2].value, server.identity(), server.known_hosts(),
                     folder, port);
}

}  // namespace

TEST_CASE("no secret comes anywhere but to who is to have it", "[secrets]") {
  const test::SshServer server;
  const test::TemporaryDirectory place;
  const std::string folder = place.path();
  for (const char* name : {"/secrets", "/run"}) fs::create_directory(folder + name);
  test::write_text(folder + "/secrets/token", "canary-of-a-file" + test::Canaries::mark() + "\n");
  test::write_text(folder + "/secrets/other",
                   "canary-of-a-command" + test::Canaries::mark() + "\n");
  for (int script = 1; script <= 3; ++script) {
    for (const char* name : {"there", "gate"}) {
      REQUIRE(::mkfifo(fmt::format("{}/run/{}{}", folder, name, script).c_str(), 0600) == 0);
    }
  }
  const EchoServer web;
  const std::string file = folder + "/run/canary.deploy";
  test::write_text(file, deployment(server, folder, web.port));
  const auto saved = test::run_program({"plan", file, "-o", folder + "/run/saved.plan"});
  INFO(saved.err);
  REQUIRE(saved.status == 0);

  // Who is told of the run: its input, its arguments and its environment are kept for the search.
  const std::string hook = folder + "/run/hook";
  test::write_text(hook,
                   "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ncat >> told\nenv >> told-with\n"
                   "tr '\\0' ' ' < /proc/$$/cmdline >> told-with\n");
  fs::permissions(hook, fs::perms::owner_all);
  const pid_t program = test::start_program(
      {"run", file, "--yes", "--notify", hook + " a"}, folder + "/run/said",
      {{"CANARY_ENVIRONMENT", "canary-of-the-environment" + test::Canaries::mark()}});
  for (int script = 1; script <= 3; ++script) {
    test::read_line(fmt::format("{}/run/there{}", folder, script));
  }
  const test::Canaries::Seen seen = canaries.look_at_processes();
  CHECK(seen.arguments.empty());
  // The two scripts that have one each, and nothing else: not ssh, not the wrapper, not sluice.
  INFO(fmt::format("{}", fmt::join(seen.environments, "\n")));
  CHECK(seen.environments.size() == 2);
  for (const std::string& arguments : seen.environments) {
    CHECK(arguments.find("sh -eu ") != std::string::npos);
  }
  CHECK(canaries.files_below(folder + "/run").empty());
  CHECK(canaries.files_below(server.home()).empty());

  for (int script = 1; script <= 3; ++script) {
    std::ofstream(fmt::format("{}/run/gate{}", folder, script)) << "go\n" << std::flush;
  }
  int status = 0;
  REQUIRE(::waitpid(program, &status, 0) == program);
  const std::string said = test::read_text(folder + "/run/said");
  INFO(said);
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(web.heard.find("Authorization: canary-of-a-command" + test::Canaries::mark() + "\r\n") !=
        std::string::npos);
  CHECK(said.find("mine: ***") != std::string::npos);
  CHECK(said.find("torn: ***") != std::string::npos);
  CHECK(said.find("exit status 7") != std::string::npos);
  CHECK(said.find("its output `token` holds a secret") != std::string::npos);
  const std::string told = test::read_text(folder + "/run/told");
  CHECK(told.find(R"("output":["***")") != std::string::npos);
  CHECK(told.find(R"("event":"run_ended")") != std::string::npos);
  CHECK(test::read_text(folder + "/run/told-with").find(hook + " a") != std::string::npos);
  CHECK(canaries.files_below(folder + "/run").empty());
  CHECK(canaries.files_below(server.home()).empty());
  const std::string state = folder + "/run/.sluice";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"logs", "--state", state},
        {"status", "--state", state},
        {"status", "--state", state, "--format", "json"},
        {"report", "--state", state, "--format", "html"},
        {"report", "--state", state, "--format", "junit"},
        {"history", "--state", state}}) {
    const test::ProgramResult shown = test::run_program(command);
    CHECK(shown.status == 0);
    CHECK(!canaries.is_in(shown.out + shown.err));
  }
}

TEST_CASE("where a secret cannot be read nothing is begun", "[secrets]") {
  const test::TemporaryDirectory place;
  const std::string file = place.path() + "/a.deploy";
  test::write_text(file,
                   "deployment \"A\"\nsecret token from file \"none\"\n"
                   "step \"A\" { run script \"touch ran\" { environment { T = token } } }\n");
  const auto result = test::run_program({"run", file, "--yes"}, "", place.path());
  CHECK(result.status == 2);
  CHECK(result.err.find("a.deploy:2:") != std::string::npos);
  CHECK(result.err.find("the secret `token` cannot be read: cannot read ") != std::string::npos);
  CHECK(!fs::exists(place.path() + "/ran"));
  CHECK(!fs::exists(place.path() + "/.sluice/runs"));
}
