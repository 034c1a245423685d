// More ssh hosts than connections are kept for, and than there are descriptors for.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "support/few_descriptors.h"
#include "support/remote.h"

using namespace sluice;
using test::Remote;

namespace {

namespace fs = std::filesystem;
using Set = std::set<std::size_t>;

// Hosts of an sshd and a home each, as far as there are servers, and an executor that keeps few
// connections.
struct Fleet {
  Fleet(std::size_t count, std::size_t most_connections)
      : requests(waiting),
        processes(waiting.loop),
        executor(waiting.loop, processes, settings(place.path(), most_connections)) {
    while (servers.size() < count) servers.push_back(std::make_unique<test::SshServer>());
  }

  static runtime::SshSettings settings(const std::string& directory, std::size_t most_connections) {
    runtime::SshSettings made;
    made.files = {"", "", ""};
    made.directory = directory;
    made.follow_after = base::Duration{0};
    made.most_connections = most_connections;
    return made;
  }

  runtime::Place where(std::size_t host) const {
    runtime::Place there = servers[host % servers.size()]->where(fmt::format("web{}", host));
    there.host = plan::TargetId{static_cast<std::uint32_t>(host)};
    return there;
  }
  std::shared_ptr<test::Answer> start(std::size_t host, const std::string& body) {
    return requests.start(executor, requests.script(where(host), body));
  }
  void run(std::size_t host) {
    const auto answer = start(host, "echo ran >> \"$HOME/effects\"\necho well\n");
    waiting.until([&] { return answer->completion.has_value(); });
    CHECK(answer->completion->detail == "");
    CHECK(answer->completion->exit_code == 0);
    CHECK(answer->output == "well\n");
  }
  Set connected() const {
    Set found;
    for (std::size_t host = 0; host < servers.size(); ++host) {
      if (!servers[host]->connections().empty()) found.insert(host);
    }
    return found;
  }
  void wait_until_connected(const Set& hosts) {
    waiting.until_seen([&] { return connected() == hosts; });
    CHECK(connected() == hosts);
  }
  void finish(bool comes_back = true) {
    bool finished = false;
    executor.finish([&] { finished = true; }, comes_back);
    waiting.until([&] { return finished; });
    wait_until_connected({});
    CHECK(processes.running() == 0);
  }
  std::string effects(std::size_t host) const {
    return test::read_text(servers[host]->home() + "/effects");
  }
  // Who the last was stays there.
  bool has_files(std::size_t host) const {
    for (const auto& row : fs::recursive_directory_iterator(servers[host]->home() + "/.sluice")) {
      const std::string name = row.path().filename();
      if (!row.is_directory() && name != "fence" && !name.starts_with("env-")) return true;
    }
    return false;
  }

  std::vector<std::unique_ptr<test::SshServer>> servers;
  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests;
  runtime::Processes processes;
  runtime::SshExecutor executor;
};

}  // namespace

TEST_CASE("beyond the bound the connection that was not used for longest is given back", "[ssh]") {
  Fleet fleet(5, 2);
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) {
    fleet.run(host);
    fleet.wait_until_connected(host == 0 ? Set{0} : Set{host - 1, host});
  }
  fleet.run(3);
  fleet.run(0);  // anew
  fleet.wait_until_connected({0, 3});
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) {
    CHECK(fleet.effects(host) == (host == 0 || host == 3 ? "ran\nran\n" : "ran\n"));
    CHECK(fleet.has_files(host));
  }
  CHECK(fleet.executor.given_back() == 3);
  fleet.finish();
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) CHECK(!fleet.has_files(host));
}

TEST_CASE("hosts that were at work together give back what is too much", "[ssh]") {
  Fleet fleet(4, 1);
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) {
    answers.push_back(fleet.start(host, "echo well\n"));
  }
  for (const auto& answer : answers) {
    fleet.waiting.until([&] { return answer->completion.has_value(); });
    CHECK(answer->completion->exit_code == 0);
  }
  fleet.waiting.until_seen([&] { return fleet.connected().size() == 1; });
  CHECK(fleet.connected().size() == 1);
  fleet.finish();
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) CHECK(!fleet.has_files(host));
}

TEST_CASE("a host where a script runs, or that a tunnel leads through, keeps its connection",
          "[ssh]") {
  Fleet fleet(5, 1);
  const auto runs = fleet.start(0,
                                "echo before\nmkfifo \"$HOME/gate\"\nread -r answer < "
                                "\"$HOME/gate\"\necho \"after $answer\"\nexit 7\n");
  fleet.waiting.until([&] { return runs->output == "before\n"; });  // it is followed
  std::string tunnel;
  fleet.executor.tunnels()(fleet.where(1), "127.0.0.1:9",
                           [&](const base::Result<std::string>& path) { tunnel = path.value(); });
  fleet.waiting.until([&] { return !tunnel.empty(); });
  const auto kept = [&] {
    return std::pair(fleet.servers[0]->connections(), fleet.servers[1]->connections());
  };
  const auto before = kept();
  for (std::size_t host = 2; host < fleet.servers.size(); ++host) {
    fleet.run(host);
    if (host > 2) fleet.waiting.until_seen([&] { return !fleet.connected().contains(host - 1); });
    CHECK(!fleet.connected().contains(host - 1) == (host > 2));
  }
  CHECK(kept() == before);
  Remote::open_gate(fleet.servers[0]->home() + "/gate", "all\n");
  fleet.waiting.until([&] { return runs->completion.has_value(); });
  CHECK(runs->output == "before\nafter all\n");
  CHECK(runs->completion->exit_code == 7);
  fleet.finish();
}

TEST_CASE("a tunnel is opened when there is a descriptor to ask for it", "[ssh]") {
  Fleet fleet(1, 1);
  fleet.run(0);
  std::string tunnel;
  bool turned = false;
  {
    const test::FewDescriptors few(0);
    std::vector<int> taken;
    for (int one = 0; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(one);
    fleet.executor.tunnels()(fleet.where(0), "127.0.0.1:9",
                             [&](const base::Result<std::string>& path) { tunnel = path.value(); });
    const auto turn = fleet.waiting.loop.after({}, [&] { turned = true; });
    fleet.waiting.until([&] { return turned; });
    CHECK(tunnel.empty());
    for (const int one : taken) ::close(one);
  }
  fleet.waiting.until([&] { return !tunnel.empty(); });
  CHECK(fs::exists(tunnel));
  fleet.finish();
}

TEST_CASE("a host where nobody waits for a script any more may give its connection back", "[ssh]") {
  Fleet fleet(2, 1);
  const auto runs =
      fleet.start(0, "echo before\nmkfifo \"$HOME/gate\"\nread -r answer < \"$HOME/gate\"\n");
  fleet.waiting.until([&] { return runs->output == "before\n"; });
  fleet.executor.let_go(fleet.requests.last());
  fleet.run(1);
  fleet.wait_until_connected({1});
  Remote::open_gate(fleet.servers[0]->home() + "/gate", "all\n");
  CHECK(!runs->completion.has_value());
}

TEST_CASE("a host that is away at the end keeps its files, and holds nobody up", "[ssh]") {
  Fleet fleet(4, 1);
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) fleet.run(host);
  fleet.wait_until_connected({3});
  fleet.servers[1]->stop();
  fleet.finish();
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) {
    CHECK(fleet.has_files(host) == (host == 1));
  }
}

TEST_CASE("where the end is not to take long, no host is connected anew for it", "[ssh]") {
  Fleet fleet(3, 1);
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) fleet.run(host);
  fleet.finish(false);
  for (std::size_t host = 0; host < fleet.servers.size(); ++host) {
    CHECK(fleet.has_files(host) == (host != 2));
  }
}

TEST_CASE("with few descriptors hosts wait for one another, and each script runs once", "[ssh]") {
  constexpr std::size_t hosts = 12;
  Fleet fleet(2, 2);
  const test::FewDescriptors few(20);
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (std::size_t host = 0; host < hosts; ++host) {
    answers.push_back(fleet.start(host, "echo ran >> \"$HOME/effects\"\necho well\n"));
  }
  for (const auto& answer : answers) {
    fleet.waiting.until([&] { return answer->completion.has_value(); });
    CHECK(answer->completion->detail == "");
    CHECK(answer->completion->exit_code == 0);
    CHECK(answer->output == "well\n");
  }
  const std::string effects = fleet.effects(0) + fleet.effects(1);
  CHECK(std::count(effects.begin(), effects.end(), '\n') == hosts);
  fleet.finish();
}
