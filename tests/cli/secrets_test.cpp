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

#include "support/golden.h"
#include "support/paths.h"
#include "support/sshd.h"

using namespace sluice;
namespace fs = std::filesystem;

namespace {

// Each in the spellings that the scripts below write: plain, base64 and hexadecimal.
const std::vector<std::string> canaries{"canary-of-the-environment",
                                        "Y2FuYXJ5LW9mLXRoZS1lbnZpcm9ubWVud",
                                        "63616e6172792d6f662d7468652d65",
                                        "canary-of-a-file",
                                        "Y2FuYXJ5LW9mLWEtZmlsZ",
                                        "63616e6172792d6f662d612d66",
                                        "canary-of-a-command",
                                        "Y2FuYXJ5LW9mLWEtY29tbWFuZ"};

std::string whole_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What ends the values of this test.
std::string own_mark() {
  return fmt::format("-{}.", ::getpid());
}

bool holds_canary(const std::string& text) {
  return std::any_of(canaries.begin(), canaries.end(), [&](const std::string& canary) {
    return text.find(canary) != std::string::npos;
  });
}

// Files below a folder that hold one.
std::vector<std::string> files_with_canary(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && holds_canary(whole_file(entry.path()))) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

struct Seen {
  std::vector<std::string> arguments;     // command lines that hold one
  std::vector<std::string> environments;  // command lines of those whose environment holds one
};

Seen look_at_processes() {
  Seen seen;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string arguments = whole_file(entry.path() / "cmdline");
    const std::string environment = whole_file(entry.path() / "environ");
    std::replace(arguments.begin(), arguments.end(), '\0', ' ');
    // Of this test alone: others of its kind may run beside it.
    const std::string ours = own_mark();
    if (holds_canary(arguments) && arguments.find(ours) != std::string::npos) {
      seen.arguments.push_back(arguments);
    }
    if (holds_canary(environment) && environment.find(ours) != std::string::npos) {
      seen.environments.push_back(arguments);
    }
  }
  return seen;
}

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

pid_t start_program(const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const std::string value = "canary-of-the-environment" + own_mark();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("CANARY_ENVIRONMENT", value.c_str(), 1);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

void read_line(const std::string& fifo) {
  const int file = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
  char c = 0;
  while (::read(file, &c, 1) == 1 && c != '\n') {
  }
  ::close(file);
}

}  // namespace

TEST_CASE("no secret comes anywhere but to who is to have it", "[secrets]") {
  const test::SshServer server;
  const test::TemporaryDirectory place;
  const std::string folder = place.path();
  for (const char* name : {"/secrets", "/run"}) fs::create_directory(folder + name);
  test::write_text(folder + "/secrets/token", "canary-of-a-file" + own_mark() + "\n");
  test::write_text(folder + "/secrets/other", "canary-of-a-command" + own_mark() + "\n");
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
  const pid_t program = start_program(
      {test::program_path(), "run", file, "--yes", "--notify", hook + " a"}, folder + "/run/said");
  for (int script = 1; script <= 3; ++script) {
    read_line(fmt::format("{}/run/there{}", folder, script));
  }
  const Seen seen = look_at_processes();
  CHECK(seen.arguments.empty());
  // The two scripts that have one each, and nothing else: not ssh, not the wrapper, not sluice.
  INFO(fmt::format("{}", fmt::join(seen.environments, "\n")));
  CHECK(seen.environments.size() == 2);
  for (const std::string& arguments : seen.environments) {
    CHECK(arguments.find("sh -eu ") != std::string::npos);
  }
  CHECK(files_with_canary(folder + "/run").empty());
  CHECK(files_with_canary(server.home()).empty());

  for (int script = 1; script <= 3; ++script) {
    std::ofstream(fmt::format("{}/run/gate{}", folder, script)) << "go\n" << std::flush;
  }
  int status = 0;
  REQUIRE(::waitpid(program, &status, 0) == program);
  const std::string said = whole_file(folder + "/run/said");
  INFO(said);
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(web.heard.find("Authorization: canary-of-a-command" + own_mark() + "\r\n") !=
        std::string::npos);
  CHECK(said.find("mine: ***") != std::string::npos);
  CHECK(said.find("torn: ***") != std::string::npos);
  CHECK(said.find("exit status 7") != std::string::npos);
  CHECK(said.find("its output `token` holds a secret") != std::string::npos);
  const std::string told = whole_file(folder + "/run/told");
  CHECK(told.find(R"("output":["***")") != std::string::npos);
  CHECK(told.find(R"("event":"run_ended")") != std::string::npos);
  CHECK(whole_file(folder + "/run/told-with").find(hook + " a") != std::string::npos);
  CHECK(files_with_canary(folder + "/run").empty());
  CHECK(files_with_canary(server.home()).empty());
  const std::string state = folder + "/run/.sluice";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"logs", "--state", state},
        {"status", "--state", state},
        {"status", "--state", state, "--format", "json"},
        {"history", "--state", state}}) {
    const test::ProgramResult shown = test::run_program(command);
    CHECK(shown.status == 0);
    CHECK(!holds_canary(shown.out + shown.err));
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
