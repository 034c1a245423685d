// The examples for Windows and the cloud, carried out by the program itself: over a real sshd to a
// stand-in for powershell.exe, and by stand-ins for pwsh and az. What reaches them is looked at,
// and that no secret comes anywhere else. No PowerShell runs here.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "powershell/parsed.h"
#include "powershell/windows_host.h"
#include "support/canaries.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/sshd.h"

using namespace sluice;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string canary = "canary-5f3a9b1c" + test::Canaries::mark();
const test::Canaries canaries({"canary-5f3a9b1c", "Y2FuYXJ5LTVmM2E5YjFj"});

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

// The example, its hosts on that server.
std::string example(const std::string& name, const test::SshServer& server,
                    const std::string& folder) {
  std::string text = test::read_text(test::source_dir() + "/examples/" + name);
  replace(text, "connect ssh { user = \"deploy\" }",
          fmt::format("connect ssh {{ address = \"127.0.0.1\" port = {} identity_file = \"{}\" "
                      "known_hosts_file = \"{}\" }}",
                      server.port(), server.identity(), server.known_hosts()));
  const std::string file = folder + "/" + name;
  test::write_text(file, text);
  return file;
}

// Where the example's first script waits: it says that it is there, and reads what lets it go on.
void make_gate(const test::SshServer& server) {
  for (const char* name : {"/there", "/gate"}) {
    REQUIRE(::mkfifo((server.home() + name).c_str(), 0600) == 0);
  }
}

}  // namespace

TEST_CASE("the farm of the example is rolled out, and its password comes to one script alone",
          "[ssh][secrets]") {
  const test::SshServer server;
  test::install_powershell(server.home() + "/../bin");
  const test::TemporaryDirectory place;
  const std::string file = example("windows-farm.deploy", server, place.path());
  make_gate(server);
  const pid_t program =
      test::start_program({"run", file, "--yes", "--skip", "Update the site/Check"},
                          place.path() + "/said", {{"JOBS_PASSWORD", canary}});

  REQUIRE(test::read_line(server.home() + "/there") == "here");
  const test::Canaries::Seen seen = canaries.look_at_processes();
  CHECK(seen.arguments.empty());
  INFO(fmt::format("{}", fmt::join(seen.environments, "\n")));
  REQUIRE(seen.environments.size() == 1);
  CHECK(seen.environments[0].find("/powershell -eu ") != std::string::npos);
  CHECK(canaries.files_below(server.home()).empty());
  CHECK(canaries.files_below(place.path()).empty());
  fs::remove(server.home() + "/there");
  test::Remote::open_gate(server.home() + "/gate", "go on\n");

  int status = 0;
  REQUIRE(::waitpid(program, &status, 0) == program);
  INFO(test::read_text(place.path() + "/said"));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(canaries.files_below(server.home()).empty());
  CHECK(canaries.files_below(place.path()).empty());

  // Two services, eight sites, eight that are warmed up.
  std::vector<std::string> first_lines;
  for (const json& script : test::heard_at(server.home(), "script")) {
    const std::string body = script.at("body");
    CHECK(test::parse_powershell(body).problem == "");
    const bool with_password =
        script.at("environment").dump().find("\"sluice_password\"") != std::string::npos;
    const std::string line = body.substr(0, body.find('\n'));
    CHECK(with_password == (line.find("# windows_service: ") == 0));
    CHECK(script.at("variables").at("release") == "2026.11");
    first_lines.push_back(line);
  }
  REQUIRE(first_lines.size() == 18);
  CHECK(first_lines[0] ==
        "# windows_service: Update the job service, on win-job-1.acme.example (" + file + ":16:3)");
  CHECK(std::set<std::string>(first_lines.begin(), first_lines.end()).size() == 11);
}

TEST_CASE("a rollout to Windows that is killed is resumed, and begins no script twice", "[ssh]") {
  const test::SshServer server;
  test::install_powershell(server.home() + "/../bin");
  const test::TemporaryDirectory place;
  const std::string file = example("windows-farm.deploy", server, place.path());
  make_gate(server);
  const std::string state = place.path() + "/state";
  const pid_t program =
      test::start_program({"run", file, "--yes", "--state", state, "--skip", "Update the site"},
                          place.path() + "/said", {{"JOBS_PASSWORD", canary}});
  REQUIRE(test::read_line(server.home() + "/there") == "here");
  REQUIRE(::kill(program, SIGKILL) == 0);
  REQUIRE(::waitpid(program, nullptr, 0) == program);
  fs::remove(server.home() + "/there");

  const pid_t resumed = test::start_program(
      {"resume", "--state", state}, place.path() + "/said_again", {{"JOBS_PASSWORD", canary}});
  test::Remote::open_gate(server.home() + "/gate", "go on\n");
  int status = 0;
  REQUIRE(::waitpid(resumed, &status, 0) == resumed);
  INFO(test::read_text(place.path() + "/said_again"));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(test::heard_at(server.home(), "script").size() == 2);  // one a target
}

TEST_CASE("the cloud's scripts are run by pwsh, by bash with az, and on the host that is named",
          "[ssh][secrets]") {
  const test::SshServer server;
  test::install_powershell(server.home() + "/../bin");
  const test::TemporaryDirectory place;
  test::install_powershell(place.path() + "/bin");
  // az, as far as the script asks: it keeps its arguments and what it reads.
  test::write_text(place.path() + "/bin/az", R"sh(#!/bin/sh
here=$(dirname "$0")
echo "$AZURE_CONFIG_DIR $*" >>"$here/az.calls"
case $1 in login) cat >>"$here/az.input" ;; esac
)sh");
  fs::permissions(place.path() + "/bin/az", fs::perms::owner_all);
  const std::string path = place.path() + "/bin:" + std::getenv("PATH");
  const test::SetVariable search("PATH", path);
  const test::SetVariable home("STAND_IN_HOME", place.path());
  const test::SetVariable secret("AZURE_CLIENT_SECRET", canary);
  fs::create_directory(place.path() + "/run");
  const std::string file = example("cloud.deploy", server, place.path() + "/run");
  const auto result = test::run_program({"run", file, "--yes"}, "", place.path() + "/run");
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK_FALSE(canaries.is_in(result.out + result.err));
  CHECK(canaries.files_below(place.path() + "/run").empty());
  CHECK(canaries.files_below(server.home()).empty());

  const std::vector<json> here = test::heard_at(place.path(), "script");
  REQUIRE(here.size() == 1);
  const std::string login = here[0].at("body");
  CHECK(test::parse_powershell(login).problem == "");
  CHECK(login.find("\n    $pool") == std::string::npos);  // its indentation is the file's
  CHECK(login.find("\n$pool = Get-AzVmss -ResourceGroupName acme") != std::string::npos);
  CHECK(here[0].at("environment").dump().find("\"sluice_client_secret\"") != std::string::npos);

  // Where az keeps its login goes with the script.
  const std::string calls = test::read_text(place.path() + "/bin/az.calls");
  const std::string config = calls.substr(0, calls.find(' '));
  REQUIRE_FALSE(config.empty());
  CHECK_FALSE(fs::exists(config));
  CHECK(calls ==
        fmt::format("{0} login --service-principal --output none --username "
                    "8d2c6f0a-52a4-4a0e-8a51-6b6f0f7d1c42 --tenant acme.example --password @-\n"
                    "{0} account set --subscription 6e4bd1c2-1d3f-4d0c-9f0e-2c5a7a3f0b11\n"
                    "{0} network application-gateway probe update --resource-group acme "
                    "--gateway-name front --name workers --path /health/2026.11\n",
                    config));
  CHECK(test::read_text(place.path() + "/bin/az.input") == canary);

  const std::vector<json> there = test::heard_at(server.home(), "script");
  REQUIRE(there.size() == 1);
  const std::string upgrade = there[0].at("body");
  CHECK(test::parse_powershell(upgrade).problem == "");
  CHECK(upgrade.find("$sluice_endpoint = 'fabric.acme.example:19000'\n") != std::string::npos);
  CHECK(upgrade.find("\nStart-ServiceFabricApplicationUpgrade -ApplicationName fabric:/Acme ") !=
        std::string::npos);
}
