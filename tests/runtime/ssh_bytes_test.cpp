// A connection that is cut behind any of its bytes: what it carried happens once or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/ssh.h"
#include "support/cut_proxy.h"
#include "support/executing.h"
#include "support/paths.h"
#include "support/sshd.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using Way = test::CutProxy::Way;

namespace {

struct Proxied {
  explicit Proxied(std::string by)
      : client(std::move(by)),
        proxy(waiting.loop, server.port()),
        requests(waiting),
        processes(waiting.loop) {
    std::string known = test::read_text(server.known_hosts());
    const std::string port = fmt::format(":{} ", server.port());
    known.replace(known.find(port), port.size(), fmt::format(":{} ", proxy.port()));
    test::write_text(place.path() + "/known", known);
  }

  // In a run of its own, over a connection of its own.
  test::Answer run(int number) {
    const std::string sockets = fmt::format("{}/{}", place.path(), number);
    std::filesystem::create_directories(sockets);
    runtime::SshSettings settings;
    settings.files = {"", "", ""};
    settings.directory = sockets;
    settings.program = test::program_path();
    settings.follow_after = base::Duration{0};
    runtime::SshExecutor executor(waiting.loop, processes, settings);
    runtime::Place where = server.where();
    where.settings = {{"client", client},
                      {"identity_file", server.identity()},
                      {"known_hosts_file", place.path() + "/known"},
                      {"port", fmt::format("{}", proxy.port())}};
    runtime::ActionRequest request =
        requests.script(where, "echo \"$number\" >> \"$HOME/effects\"\nseq 2000\nexit 5\n",
                        {fmt::format("number=number {}.", number)});
    request.run = fmt::format("run-{}", number);
    return requests.run(executor, std::move(request));
  }
  int effects(int number) const {
    const std::string all = test::read_text(server.home() + "/effects");
    const std::string line = fmt::format("number {}.\n", number);
    int found = 0;
    for (std::size_t at = all.find(line); at != std::string::npos; at = all.find(line, at + 1)) {
      ++found;
    }
    return found;
  }

  std::string client;
  test::SshServer server;
  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::CutProxy proxy;
  test::Requests requests;
  runtime::Processes processes;
};

}  // namespace

TEST_CASE("wherever a connection is cut, its script begins once or never", "[ssh]") {
  const std::string client = GENERATE("openssh", "libssh");
  INFO(client);
  Proxied proxied(client);
  const test::Answer whole = proxied.run(0);
  REQUIRE(whole.completion->exit_code == 5);
  REQUIRE(whole.output.size() == 8893);  // the numbers to 2000, a line each
  const std::uint64_t whole_bytes[] = {proxied.proxy.passed(Way::ToServer),
                                       proxied.proxy.passed(Way::FromServer)};
  int number = 0;
  int begun = 0;
  for (const Way way : {Way::ToServer, Way::FromServer}) {
    std::uint64_t all = whole_bytes[static_cast<std::size_t>(way)];
    const std::uint64_t points = client == "openssh" ? 12 : 6;
    for (std::uint64_t point = 1; point <= points; ++point) {
      const std::uint64_t behind = all * point / points - 1;
      const std::uint64_t passed = proxied.proxy.passed(way);
      const int cuts = proxied.proxy.cuts();
      proxied.proxy.cut_next(way, behind);
      const test::Answer answer = proxied.run(++number);
      INFO((way == Way::ToServer ? "to the host, behind " : "from the host, behind ") << behind);
      INFO(answer.completion->detail);
      const int effects = proxied.effects(number);
      if (answer.completion->ending == Completion::Ending::Unreachable) {
        CHECK(effects == 0);
        continue;
      }
      CHECK(answer.completion->exit_code == 5);
      CHECK(answer.output == whole.output);
      CHECK(effects == 1);
      if (proxied.proxy.cuts() > cuts) {
        ++begun;
        continue;
      }
      // How much passes depends on when the output is asked for, and this was over before: its
      // point is one of fewer bytes. What was left of the run before may have been counted here.
      all = std::min(all - all / 100, proxied.proxy.passed(way) - passed);
      REQUIRE(all > whole_bytes[static_cast<std::size_t>(way)] / 2);
      --point;
    }
  }
  CHECK(begun >= (client == "openssh" ? 6 : 3));
  CHECK(proxied.proxy.cuts() >= (client == "openssh" ? 24 : 12));
}
