// A real HAProxy: servers are drained, waited for, and put back.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "runtime/haproxy.h"
#include "runtime/http.h"
#include "support/executing.h"
#include "support/local_server.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::http_answer;

namespace {

// Before two servers of the test's loop.
class Haproxy {
 public:
  Haproxy(test::Waiting& waiting, const test::LocalServer& a, const test::LocalServer& b)
      : processes_(waiting.loop), port_(test::free_port()) {
    test::write_text(
        place_.path() + "/haproxy.cfg",
        fmt::format("global\n  stats socket {}/socket mode 600 level admin\n"
                    "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
                    "  timeout server 60s\n"
                    "frontend site\n  bind 127.0.0.1:{}\n  default_backend web\n"
                    "backend web\n  server a 127.0.0.1:{}\n  server b 127.0.0.1:{}\n",
                    place_.path(), port_, a.port(), b.port()));
    runtime::ProcessOptions options;
    options.arguments = {"/usr/sbin/haproxy", "-db", "-f", place_.path() + "/haproxy.cfg"};
    options.merge_errors = true;
    processes_.start(std::move(options));
    waiting.until_seen([&] { return std::filesystem::exists(socket()); });
  }

  std::string socket() const { return place_.path() + "/socket"; }
  bool is_drained(const std::string& server) const {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket().c_str(), socket().size() + 1);
    REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const std::string command = "show servers state web\n";
    REQUIRE(::write(descriptor, command.data(), command.size()) > 0);
    std::string table;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::read(descriptor, buffer, sizeof buffer);
      if (got > 0) table.append(buffer, static_cast<std::size_t>(got));
    }
    ::close(descriptor);
    return runtime::find_cell(table, ' ', "be_name", "web", "srv_name", server,
                              "srv_admin_state") == "8";
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/", port_); }

 private:
  test::TemporaryDirectory place_;
  runtime::Processes processes_;
  int port_;
};

runtime::OpenTunnel no_tunnel() {
  return [](const runtime::Place&, const std::string&, const auto&) { FAIL("none is wanted"); };
}

struct Site {
  Site()
      : a(waiting.loop, [this](const std::string&) { return hold ? "" : http_answer(200, "a"); }),
        b(waiting.loop, [](const std::string&) { return http_answer(200, "b"); }),
        haproxy(waiting, a, b),
        requests(waiting),
        transfers(waiting.loop, ""),
        http(waiting.loop, transfers, no_tunnel()),
        executor(waiting.loop, no_tunnel()) {}

  runtime::ActionRequest set(const std::string& state, const std::string& server = "a",
                             std::optional<base::Duration> wait = base::Duration{0}) {
    std::vector<plan::Property> attributes = {
        test::text_attribute("backend", "web"), test::text_attribute("server", server),
        test::text_attribute("state", state), test::text_attribute("socket", haproxy.socket())};
    if (wait) attributes.push_back({"wait", plan::Value{*wait}});
    return requests.action("haproxy", std::move(attributes));
  }
  runtime::ActionRequest get() {
    return requests.action("http", {test::text_attribute("url", haproxy.url()),
                                    test::text_attribute("method", "GET")});
  }
  // A request that `a` has and does not answer.
  std::shared_ptr<test::Answer> hold_session() {
    hold = true;
    requests.run(executor, set("maint", "b"));
    auto held = requests.start(http, get());
    waiting.until([&] { return a.open_connections() == 1; });
    return held;
  }
  // Which servers answer, of eight requests.
  std::string who_answers() {
    std::string all;
    for (int i = 0; i < 8; ++i) all += requests.run(http, get()).output;
    std::string found;
    for (const char letter : {'a', 'b'}) {
      if (all.find(letter) != std::string::npos) found += letter;
    }
    return found;
  }

  test::Waiting waiting;
  bool hold = false;
  test::LocalServer a;
  test::LocalServer b;
  Haproxy haproxy;
  test::Requests requests;
  runtime::Transfers transfers;
  runtime::HttpExecutor http;
  runtime::HaproxyExecutor executor;
};

}  // namespace

TEST_CASE("a server is drained, put in maintenance and put back", "[haproxy]") {
  Site site;
  CHECK(site.who_answers() == "ab");
  for (const char* state : {"drain", "maint"}) {
    CHECK(site.requests.run(site.executor, site.set(state)).completion->outcome ==
          Outcome::Succeeded);
    CHECK(site.who_answers() == "b");
    CHECK(site.requests.run(site.executor, site.set("ready")).completion->outcome ==
          Outcome::Succeeded);
    CHECK(site.who_answers() == "ab");
  }
}

TEST_CASE("what HAProxy says against it is the failure", "[haproxy]") {
  Site site;
  const test::Answer unknown = site.requests.run(site.executor, site.set("drain", "nobody"));
  CHECK(unknown.completion->outcome == Outcome::Failed);
  CHECK(unknown.completion->detail == "HAProxy says of `web/nobody`: No such server.");
  runtime::ActionRequest request = site.set("drain");
  request.attributes[3] = test::text_attribute("socket", "/nowhere/socket");
  const test::Answer nowhere = site.requests.run(site.executor, std::move(request));
  CHECK(nowhere.completion->ending == Completion::Ending::Unreachable);
  request = site.set("drain");
  request.attributes[3] =
      test::text_attribute("address", fmt::format("127.0.0.1:{}", test::free_port()));
  const std::string address(request.text("address"));
  const test::Answer refused = site.requests.run(site.executor, std::move(request));
  CHECK(refused.completion->ending == Completion::Ending::Unreachable);
  CHECK(refused.completion->detail ==
        fmt::format("cannot reach HAProxy at {}: Connection refused", address));
}

TEST_CASE("a server that is known late is named as it is called, and changes nothing else",
          "[haproxy]") {
  Site site;
  for (const char* server : {"#1", "a state maint;set server web/b", "a\nset server web/b", ""}) {
    const test::Answer answer = site.requests.run(site.executor, site.set("maint", server));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(answer.completion->outcome == Outcome::Failed);
    CHECK(answer.completion->detail.find("` is no name in HAProxy") != std::string::npos);
    CHECK(site.who_answers() == "ab");
  }
}

TEST_CASE("a drain waits for the sessions that are open, and no longer", "[haproxy]") {
  const std::optional<base::Duration> most =
      GENERATE(std::optional<base::Duration>(), std::optional(base::Duration{60'000}));
  Site site;
  const auto held = site.hold_session();
  const auto drained = site.requests.start(site.executor, site.set("drain", "a", most));
  site.waiting.until([&] { return !drained->output.empty(); });
  CHECK(site.haproxy.is_drained("a"));
  CHECK(!drained->completion);
  site.a.hang_up();
  site.waiting.until(
      [&] { return drained->completion.has_value() && held->completion.has_value(); });
  CHECK(drained->completion->outcome == Outcome::Succeeded);
  CHECK(drained->output == (most ? "waits at most 1m for 1 session of `web/a` to end\n"
                                 : "waits for 1 session of `web/a` to end\n"));
}

TEST_CASE("a drain fails where the server is made ready by somebody else meanwhile", "[haproxy]") {
  Site site;
  const auto held = site.hold_session();
  const auto drained =
      site.requests.start(site.executor, site.set("drain", "a", base::Duration{60'000}));
  site.waiting.until([&] { return !drained->output.empty(); });
  // As after a reload too: the new process knows of no drain and of none of the sessions.
  CHECK(site.requests.run(site.executor, site.set("ready")).completion->outcome ==
        Outcome::Succeeded);
  site.waiting.until([&] { return drained->completion.has_value(); });
  CHECK(drained->completion->outcome == Outcome::Failed);
  CHECK(drained->completion->detail ==
        "HAProxy no longer drains `web/a`: it was started anew, or told otherwise (state 0)");
}

TEST_CASE("a drain that has waited long enough says how many sessions are left", "[haproxy]") {
  Site site;
  const auto held = site.hold_session();
  const test::Answer drained =
      site.requests.run(site.executor, site.set("drain", "a", base::Duration{150}));
  CHECK(drained.completion->outcome == Outcome::Succeeded);
  CHECK(drained.output ==
        "waits at most 150ms for 1 session of `web/a` to end\n"
        "1 session of `web/a` still open after 150ms: it is drained all the same\n");
}

TEST_CASE("more than HAProxy talks to at once are told one after the other", "[haproxy]") {
  Site site;
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(site.requests.start(site.executor, site.set("drain", "b")));
    if (i == 50) site.executor.cancel(site.requests.last());
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    site.waiting.until([&] { return answers[i]->completion.has_value(); });
    CHECK(answers[i]->completion->outcome == (i == 50 ? Outcome::Cancelled : Outcome::Succeeded));
  }
}

TEST_CASE("a cancelled drain is answered at once", "[haproxy]") {
  Site site;
  const auto held = site.hold_session();
  runtime::ActionRequest request = site.set("drain", "a", base::Duration{600'000});
  const auto ticket = request.ticket;
  const auto drained = site.requests.start(site.executor, std::move(request));
  site.executor.cancel(ticket);
  site.waiting.until([&] { return drained->completion.has_value(); });
  CHECK(drained->completion->outcome == Outcome::Cancelled);
}

TEST_CASE("an HAProxy on an ssh host is told through its socket there", "[haproxy][ssh]") {
  test::Remote remote(test::over(GENERATE("openssh", "libssh")));
  test::LocalServer a(remote.waiting.loop,
                      [](const std::string&) { return http_answer(200, "a"); });
  test::LocalServer b(remote.waiting.loop,
                      [](const std::string&) { return http_answer(200, "b"); });
  const Haproxy haproxy(remote.waiting, a, b);
  runtime::HaproxyExecutor executor(remote.waiting.loop, remote.executor.tunnels());
  std::string socket = haproxy.socket();
  const auto set = [&](const std::string& state) {
    runtime::ActionRequest request = remote.requests.action(
        "haproxy", {test::text_attribute("backend", "web"), test::text_attribute("server", "a"),
                    test::text_attribute("state", state), test::text_attribute("socket", socket)});
    request.place = remote.server.where();
    request.via = plan::Via::Kind::Each;
    return remote.requests.run(executor, std::move(request));
  };
  CHECK(set("drain").completion->outcome == Outcome::Succeeded);
  CHECK(set("ready").completion->outcome == Outcome::Succeeded);
  // The way through the host opens all the same.
  socket = "/nowhere/admin.sock";
  const test::Answer answer = set("ready");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->detail.starts_with(
      "HAProxy at /nowhere/admin.sock on `web1` is not there, or went away: "));
}
