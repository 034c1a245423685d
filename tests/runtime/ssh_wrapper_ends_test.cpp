// The text that runs on ssh hosts: how what it began ends, or is ended, whoever still listens.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <sstream>

#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"
#include "support/remote.h"

using namespace sluice;
using runtime::request_attach;
using runtime::request_cancel;
using runtime::request_start;
using runtime::ScriptPayload;
using test::HostShell;
using test::nonce;
using test::Session;
using Kind = runtime::WrapperAnswer::Kind;

TEST_CASE("what is cancelled before it begins never does", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const runtime::WrapperKey key{"run-1", "k"};
  CHECK(host.ask(request_cancel(nonce, key, base::Duration{100})).verdict() == Kind::Never);
  CHECK(host.script("echo ran >> \"$HOME/effects\"", "k").verdict() == Kind::Never);
  CHECK(!std::filesystem::exists(host.home() + "/effects"));
}

namespace {

const runtime::WrapperKey stays{"run-1", "k"};

// Of that name, once it has come through the text; then it stays until it is ended.
std::shared_ptr<Session> start_and_stay(HostShell& host, const std::string& shell,
                                        const std::string& text) {
  const std::string rest = "echo all > \"$HOME/ready\"\nwhile :; do sleep 1; done\n";
  auto session = host.start(request_start(nonce, stays, {shell, text + rest, {}, {}, ""}));
  host.waiting().until_seen([&] { return std::filesystem::exists(host.home() + "/ready"); });
  return session;
}

}  // namespace

TEST_CASE("cancelling leaves nothing of a session alive, whatever it ignores", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const auto session = start_and_stay(
        host, "bash",
        "trap '' TERM\nset -m\n"
        "( trap '' TERM HUP; echo $BASHPID >> \"$HOME/pids\"; while :; do sleep 1; done ) &\n"
        "( echo $BASHPID >> \"$HOME/pids\"; exec sleep 600 ) &\necho $$ >> \"$HOME/pids\"\n");
    const Session cancelled = host.ask(request_cancel(nonce, stays, base::Duration{200}));
    CHECK(cancelled.verdict() == Kind::Signalled);
    CHECK(cancelled.value() == SIGKILL);
    host.wait_for(session);
    CHECK(session->verdict() == Kind::Signalled);
    const std::string pids = test::read_text(host.home() + "/pids");
    int seen = 0;
    for (std::size_t at = 0; at < pids.size(); at = pids.find('\n', at) + 1) {
      CHECK(!test::Remote::is_alive(std::atoi(pids.c_str() + at)));
      ++seen;
    }
    CHECK(seen == 3);
  }
}

TEST_CASE("nobody is told of the end of what is cancelled before its children are gone",
          "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const auto session = start_and_stay(
        host, "sh",
        "( trap '' TERM; exec sh -c 'echo $$ > \"$HOME/pid\"; while :; do sleep 1; done' ) &\n"
        "until [ -s \"$HOME/pid\" ]; do sleep 0.01; done\n");
    const auto cancelled = host.start(request_cancel(nonce, stays, base::Duration{300}));
    // Nor is who comes for it meanwhile.
    const auto joined = host.start(request_attach(nonce, stays, false));
    host.wait_for(joined);
    CHECK(!test::Remote::is_alive(std::stoi(test::read_text(host.home() + "/pid"))));
    host.wait_for(session);
    host.wait_for(cancelled);
    for (const auto& told : {session, cancelled, joined}) {
      CHECK(told->verdict() == Kind::Signalled);
      CHECK(told->value() == SIGTERM);
    }
  }
}

TEST_CASE("a script is ended on a host without /proc, too, and its output is its own",
          "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    host.without_proc();
    const Session said = host.script("[ ! -e /proc/self ] && echo well");
    CHECK(said.output == "well\n");
    CHECK(said.said.empty());
    const auto session = host.start(request_start(
        nonce, {"run-1", "k"}, {"sh", "sleep 1000 & echo $$ > \"$HOME/pid\"; wait", {}, {}, ""}));
    host.waiting().until_seen([&] { return !test::read_text(host.home() + "/pid").empty(); });
    const pid_t script = std::atoi(test::read_text(host.home() + "/pid").c_str());
    CHECK(host.ask(request_cancel(nonce, {"run-1", "k"}, base::Duration{5'000})).verdict() ==
          Kind::Signalled);
    host.wait_for(session);
    CHECK(session->verdict() == Kind::Signalled);
    CHECK(session->value() == SIGTERM);
    CHECK_FALSE(test::Remote::is_alive(script));
  }
}

TEST_CASE("a home of any name will do, and a directory is the one below it", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    for (const char* name : {"back\\slash", "two\nlines", "a b'c\"d$e`f;g*", "-n"}) {
      CAPTURE(shell, name);
      HostShell host(shell);
      host.live_in(name);
      std::filesystem::create_directories(host.home() + "/app");
      std::filesystem::create_directories(host.home() + "/elsewhere/app");
      host.at_home_with("CDPATH=" + host.home() + "/elsewhere");
      const std::string wanted = "[ \"$PWD\" = \"$HOME/app\" ]; echo \"$CDPATH\"";
      const Session session =
          host.ask(request_start(nonce, {"run-1", "k"}, {"sh", wanted, {}, {}, "app"}));
      CHECK(session.verdict() == Kind::Exited);
      CHECK(session.value() == 0);
      CHECK(session.output == host.home() + "/elsewhere\n");
    }
  }
}

TEST_CASE("how a script ended is known where nobody heard that it had begun", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    for (const bool more : {false, true}) {
      const std::string action = more ? "k1" : "k2";
      host.with_nobody_listening();
      const ScriptPayload payload{"sh", "echo said; kill -TERM $$", {}, {}, ""};
      const Session unheard = host.ask(request_start(nonce, {"run-1", action}, payload, more));
      CHECK(unheard.answers.empty());
      host.with_somebody_listening();
      const Session later = host.ask(request_attach(nonce, {"run-1", action}));
      CHECK(later.verdict() == Kind::Signalled);
      CHECK(later.value() == SIGTERM);
      CHECK(later.output == "said\n");
    }
  }
}

TEST_CASE("a session that is hung up on watches over its script to the end", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    REQUIRE(::mkfifo((host.home() + "/gate").c_str(), 0600) == 0);
    const auto session = host.start(
        request_start(nonce, {"run-1", "k"},
                      {"sh",
                       "echo $PPID > \"$HOME/watcher\"\nread -r word < \"$HOME/gate\"\nexit 143",
                       {},
                       {},
                       ""}));
    const std::string watcher = host.home() + "/watcher";
    host.waiting().until([&] { return !session->answers.empty(); });
    host.waiting().until_seen([&] { return !test::read_text(watcher).empty(); });
    REQUIRE(::kill(std::atoi(test::read_text(watcher).c_str()), SIGHUP) == 0);
    test::Remote::open_gate(host.home() + "/gate", "open\n");
    host.wait_for(session);
    CHECK(session->verdict() == Kind::Exited);
    CHECK(session->value() == 143);
  }
}

namespace {

std::string first_word_of(const std::string& path) {
  const std::string text = test::read_text(path);
  return text.substr(0, text.find_first_of(" \n"));
}

}  // namespace

TEST_CASE("a script whose watcher is killed before its session is told is waited for",
          "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    CHECK(host.script("exit 0", "other").verdict() == Kind::Exited);
    // It stands still as it tells what its session is, until somebody reads that.
    const std::string gate = host.home() + "/gate";
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    std::filesystem::create_symlink(gate, host.files("k.pid"));
    const auto session = host.start(request_start(
        nonce, {"run-1", "k"}, {"sh", "sleep 0.1; echo ran >> \"$HOME/effects\"", {}, {}, ""}));
    host.waiting().until([&] { return !session->answers.empty(); });
    std::string watcher;
    for (const auto& file : std::filesystem::directory_iterator(host.files(""))) {
      if (file.path().stem() == "k.script") watcher = file.path().extension().string().substr(1);
    }
    const std::string script =
        first_word_of(fmt::format("/proc/{}/task/{}/children", watcher, watcher));
    REQUIRE(::kill(std::stoi(watcher), SIGKILL) == 0);
    host.wait_for(session);
    const auto later = host.start(request_attach(nonce, {"run-1", "k"}));
    host.waiting().until([&] { return !later->answers.empty(); });
    CHECK(host.script("exit 0", "another").verdict() == Kind::Exited);
    CHECK(later->answers.size() == 1);
    const std::string stat = test::read_text(fmt::format("/proc/{}/stat", script));
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string since;
    for (int field = 0; field < 20; ++field) fields >> since;
    std::filesystem::remove(host.files("k.pid"));
    test::write_text(host.files("k.pid"), fmt::format("{} {} {}\n", script, since, watcher));
    CHECK(first_word_of(gate) == script);
    host.wait_for(later);
    CHECK(later->verdict() == Kind::LostKilled);
    CHECK(test::read_text(host.home() + "/effects") == "ran\n");
  }
}

TEST_CASE("a script that stops what watches over it is cancelled all the same", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    for (const char* then : {"exit 3", "exec sleep 600"}) {
      INFO(shell << ": " << then);
      HostShell host(shell);
      const runtime::WrapperKey key{"run-1", "k"};
      const std::string body =
          fmt::format("kill -s STOP $PPID\necho > \"$HOME/stopped\"\n{}", then);
      const auto session = host.start(request_start(nonce, key, {"sh", body, {}, {}, ""}));
      host.waiting().until_seen([&] { return std::filesystem::exists(host.home() + "/stopped"); });
      const auto cancelled = host.start(request_cancel(nonce, key, base::Duration{5'000}));
      host.wait_for(cancelled);
      host.wait_for(session);
      for (const auto& told : {session, cancelled}) {
        // It may have come to its end before it was told to.
        const bool ended = then == std::string_view("exit 3") && told->verdict() == Kind::Exited;
        CHECK(told->verdict() == (ended ? Kind::Exited : Kind::Signalled));
        CHECK(told->value() == (ended ? 3 : SIGTERM));
      }
    }
  }
}
