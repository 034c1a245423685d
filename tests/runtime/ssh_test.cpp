// Scripts over OpenSSH's client against a real sshd on loopback.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/ssh.h"
#include "support/executing.h"
#include "support/sshd.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;

namespace {

// All that a script on an ssh host needs here.
struct Remote {
  explicit Remote(test::SshServer::Options options = {}, base::Duration lost_after = {60'000})
      : server(std::move(options)),
        requests(waiting),
        processes(waiting.loop),
        executor(waiting.loop, processes, settings(lost_after)) {}

  runtime::SshSettings settings(base::Duration lost_after) const {
    runtime::SshSettings made;
    made.files = {"", "", ""};
    made.directory = place.path();
    made.lost_after = lost_after;
    made.grace = base::Duration{300};
    made.follow_after = base::Duration{0};
    return made;
  }

  test::Answer run(const std::string& body, std::vector<std::string> environment = {}) {
    return requests.run(executor, requests.script(server.where(), body, std::move(environment)));
  }

  test::SshServer server;
  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests;
  runtime::Processes processes;
  runtime::SshExecutor executor;
};

}  // namespace

TEST_CASE("a script runs on an ssh host, and its output and exit status come back", "[ssh]") {
  Remote remote;
  const test::Answer answer =
      remote.run("echo \"to $target_name\"\necho wrong >&2\nexit 3\n", {"target_name=web1"});
  CHECK(answer.output == "to web1\nwrong\n");
  REQUIRE(answer.completion);
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->ending == Completion::Ending::Exited);
  CHECK(answer.completion->exit_code == 3);
  CHECK(answer.completion->detail == "exit status 3");
}
