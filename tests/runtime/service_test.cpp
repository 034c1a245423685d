// systemd units, by a systemctl of our own: one that keeps each unit's state in a file, and does
// what a unit's name asks for.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/local.h"
#include "runtime/service.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/remote.h"

using namespace sluice;
using scheduler::Outcome;

namespace {

// Units: `slow` is activating when first asked, `endless` whenever it is; `broken` fails right
// after its start; `unknown` cannot be started; `stubborn` fails while it stops; `job` is of
// Type=oneshot, and `brief` is not, and both have ended when they are first asked.
constexpr const char* systemctl = R"sh(#!/bin/sh
set -eu
here=$(dirname "$0")
printf '%s\n' "$*" >>"$here/calls"
[ "$1" != --no-ask-password ] || shift
verb=$1
for unit; do :; done
case $verb in
  is-active)
    state=$(cat "$here/unit.$unit")
    if [ "$state:$unit" = activating:endless ]; then echo "$state"; exit 3; fi
    if [ "$state" = activating ]; then echo active >"$here/unit.$unit"; fi
    echo "$state"
    [ "$state" = active ]
    ;;
  status) echo "status of $unit" ;;
  show) if [ "$unit" = job ]; then echo Type=oneshot; else echo Type=simple; fi ;;
  stop)
    case $unit in
      stubborn) echo failed >"$here/unit.$unit" ;;
      *) echo inactive >"$here/unit.$unit" ;;
    esac
    ;;
  *)
    case $unit in
      unknown) echo "Unit $unit not found." >&2; exit 5 ;;
      slow | endless) echo activating >"$here/unit.$unit" ;;
      broken) echo failed >"$here/unit.$unit" ;;
      job | brief) echo inactive >"$here/unit.$unit" ;;
      *) echo active >"$here/unit.$unit" ;;
    esac
    ;;
esac
)sh";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Host {
  Host()
      : requests(waiting),
        scripts(waiting.loop, place.path() + "/scripts"),
        executor(scripts, scripts) {
    std::filesystem::create_directory(bin());
    std::ofstream(bin() + "/systemctl") << systemctl;
    std::filesystem::permissions(bin() + "/systemctl", std::filesystem::perms::owner_all);
  }

  std::string bin() const { return place.path() + "/bin"; }
  std::string calls() const { return text_of(bin() + "/calls"); }
  runtime::ActionRequest request(const std::string& unit, const std::string& state) {
    runtime::ActionRequest made = requests.action(
        "service", {test::text_attribute("name", unit), test::text_attribute("state", state)});
    made.environment = {fmt::format("PATH={}:{}", bin(), std::getenv("PATH"))};
    return made;
  }
  test::Answer run(const std::string& unit, const std::string& state) {
    return requests.run(executor, request(unit, state));
  }

  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests;
  runtime::LocalExecutor scripts;
  runtime::ServiceExecutor executor;
};

}  // namespace

TEST_CASE("a unit is restarted, and is active afterwards", "[service]") {
  Host host;
  const test::Answer answer = host.run("web.service", "restart");
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.output == "web.service is active\n");
  CHECK(host.calls() ==
        "--no-ask-password restart -- web.service\n"
        "is-active -- web.service\n");
}

TEST_CASE("a unit that comes up slowly is waited for", "[service]") {
  Host host;
  CHECK(host.run("slow", "start").completion->outcome == Outcome::Succeeded);
  CHECK(host.calls() ==
        "--no-ask-password start -- slow\n"
        "is-active -- slow\n"
        "is-active -- slow\n");
}

TEST_CASE("a unit that does not stay up has failed, with its status", "[service]") {
  Host host;
  const test::Answer answer = host.run("broken", "reload");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->detail == "exit status 1");
  CHECK(answer.output == "broken is failed\nstatus of broken\n");
}

TEST_CASE("a unit that is ended while it is waited for says how far it came", "[service]") {
  Host host;
  runtime::ActionRequest request = host.request("endless", "start");
  const auto ticket = request.ticket;
  const auto answer = host.requests.start(host.executor, std::move(request));
  host.waiting.until([&] {
    return std::filesystem::exists(host.bin() + "/calls") &&
           host.calls().find("is-active") != std::string::npos;
  });
  host.executor.cancel(ticket);
  host.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->output.ends_with("endless has not got there yet\nstatus of endless\n"));
}

TEST_CASE("a unit that does its work and ends is done, and no other that has ended", "[service]") {
  Host host;
  const test::Answer job = host.run("job", "start");
  CHECK(job.completion->outcome == Outcome::Succeeded);
  CHECK(job.output == "job is inactive\n");
  const test::Answer brief = host.run("brief", "start");
  CHECK(brief.completion->outcome == Outcome::Failed);
  CHECK(brief.output == "brief is inactive\nstatus of brief\n");
}

TEST_CASE("a unit that there is not has failed, in systemctl's words", "[service]") {
  Host host;
  const test::Answer answer = host.run("unknown", "start");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.output == "Unit unknown not found.\nstatus of unknown\n");
}

TEST_CASE("a unit is stopped, also one that fails while it stops", "[service]") {
  Host host;
  CHECK(host.run("web", "stop").output == "web is inactive\n");
  const test::Answer answer = host.run("stubborn", "stop");
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.output == "stubborn is failed\n");
}

TEST_CASE("no name of a unit can turn into an option or into code", "[service]") {
  Host host;
  for (const std::string unit : {"--force", "a b", "$(touch x)", "it's", "a;b", "*"}) {
    CAPTURE(unit);
    CHECK(host.run(unit, "start").completion->outcome == Outcome::Succeeded);
    CHECK(text_of(host.bin() + "/unit." + unit) == "active\n");
  }
}

TEST_CASE("a host without systemctl says so", "[service]") {
  Host host;
  runtime::ActionRequest request = host.requests.action(
      "service", {test::text_attribute("name", "web"), test::text_attribute("state", "start")});
  std::filesystem::remove(host.bin() + "/systemctl");
  request.environment = {"PATH=" + host.bin()};
  const test::Answer answer = host.requests.run(host.executor, std::move(request));
  CHECK(answer.completion->exit_code == 127);
  CHECK(answer.output == "this host has no systemctl\n");
}

TEST_CASE("a unit on another host is restarted there", "[service][ssh]") {
  test::Remote remote;
  Host host;
  runtime::ServiceExecutor executor(host.scripts, remote.executor);
  runtime::ActionRequest request = remote.requests.action(
      "service", {test::text_attribute("name", "web"), test::text_attribute("state", "restart")});
  request.place = remote.server.where();
  request.environment = {fmt::format("PATH={}:/usr/bin:/bin", host.bin())};
  const test::Answer answer = remote.requests.run(executor, std::move(request));
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.output == "web is active\n");
}
