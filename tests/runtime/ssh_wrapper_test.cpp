// The text that runs on ssh hosts, by itself: what arrives unchanged, what is refused, what can
// begin only once. Here its sessions are plain processes.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/sha256.h"
#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"
#include "support/remote.h"

using namespace sluice;
using runtime::request_attach;
using runtime::request_cancel;
using runtime::request_follow;
using runtime::request_forget;
using runtime::request_rest;
using runtime::request_start;
using runtime::ScriptPayload;
using runtime::WrapperAnswer;
using test::HostShell;
using test::nonce;
using test::Session;
using Kind = runtime::WrapperAnswer::Kind;

namespace {

// Everything that quoting, splitting, expansion or an encoding could change.
std::vector<std::string> awkward_strings() {
  std::vector<std::string> all = {
      "",
      " ",
      "  two  words  ",
      "\n",
      "a\nb\n\n",
      "\n\n\n",
      "it's",
      "\"quoted\"",
      "'",
      "''",
      "\"",
      "$HOME",
      "${HOME}",
      "$(id)",
      "`id`",
      "$((1+1))",
      "$",
      "$$",
      "$!",
      "!",
      "!!",
      "!ls",
      "\\",
      "\\\\",
      "\\n",
      "\\0",
      "a\\",
      "%s",
      "%d%n",
      "*",
      "?",
      "[a-z]*",
      "~",
      "~root",
      "{a,b}",
      ";",
      "; id",
      "&",
      "&& id",
      "|",
      "| id",
      "<",
      ">",
      "> /tmp/x",
      "#",
      "# comment",
      "a#b",
      "-n",
      "-e",
      "--",
      "--help",
      "-",
      "=",
      "a=b",
      "=b",
      "\t",
      "\r",
      "\r\n",
      "\x01\x02\x1b[31m",
      "\x7f",
      "\x80\xff\xfe",
      "é",
      "ü日本語",
      "👩‍👩‍👧",
      "\xe2\x80\xae",
      "e0 X=1",
      "s",
      "s\n",
      "d /tmp",
      "a0 x",
      "e1 a\nb",
      "sluice1 x start",
      "EOF",
      "'EOF'",
      "\v\f\b\a",
      "a\x81\x82\x83\x84\x85\x86\x87\x88z",
      "$'\\n'",
      "$\"x\"",
      "<<EOF",
      "\\\n",
      "x\\\ny",
      "();:",
      "function f() { :; }",
      "() { :; }; id",
      "\xc3\x28",
      "\xed\xa0\x80",
      "%00",
      "a\n\nb",
      " \n ",
      "*\n*",
      "IFS",
      "IFS= ",
  };
  std::string every;
  for (int byte = 1; byte < 256; ++byte) every += static_cast<char>(byte);
  all.push_back(every);
  all.emplace_back(100'000, 'x');
  std::string lines;
  for (int line = 0; line < 300; ++line) lines += fmt::format("line {} 'of' \"many\"\n", line);
  all.push_back(lines);
  return all;
}

}  // namespace

TEST_CASE("strings of every kind arrive unchanged, as variables and as arguments", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const std::vector<std::string> strings = awkward_strings();
    ScriptPayload payload;
    payload.shell = "python3";
    payload.body =
        "import os, sys\n"
        "for i in range(len(sys.argv) - 1):\n"
        "    a = os.fsencode(sys.argv[i + 1]); e = os.environb[b'v%d' % i]\n"
        "    sys.stdout.buffer.write(b'%d %d ' % (len(a), len(e)) + a + e)\n";
    std::string expected;
    for (std::size_t i = 0; i < strings.size(); ++i) {
      payload.environment.push_back(fmt::format("v{}={}", i, strings[i]));
      payload.arguments.push_back(strings[i]);
      expected += fmt::format("{} {} ", strings[i].size(), strings[i].size());
      expected += strings[i] + strings[i];
    }
    const auto session = host.start(request_start(nonce, {"run-1", "k"}, payload));
    host.wait_for(session);
    CHECK(session->said.empty());
    REQUIRE(session->verdict() == Kind::Exited);
    CHECK(session->value() == 0);
    // More than comes with the answer: the rest is asked for.
    std::string whole = session->output.substr(0, runtime::most_answered_output);
    constexpr std::uint64_t all = 1 << 30;
    const Session rest = host.ask(request_rest(nonce, {"run-1", "k"}, 1, all));
    whole += rest.output.substr(rest.output.find('\n') + 1);
    CHECK((whole == expected));
  }
}

TEST_CASE("a home that is away is not made anew, and nothing begins again beside it", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const ScriptPayload payload{"sh", "echo ran", {}, {}, ""};
    CHECK(host.ask(request_start(nonce, {"run-1", "k"}, payload)).output == "ran\n");
    const std::string away = host.home() + ".away";
    std::filesystem::rename(host.home(), away);
    const Session session = host.ask(request_start(nonce, {"run-1", "k2"}, payload, false, true));
    CHECK(session.output.empty());
    CHECK(session.verdict() == Kind::Refused);
    CHECK_FALSE(std::filesystem::exists(host.home()));
    std::filesystem::rename(away, host.home());
  }
}

// Where each line is appended to all before it, bash takes far longer than it may here.
TEST_CASE("a value of many lines takes a moment to arrive", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    host.with_seconds(4);
    std::string lines;
    for (int line = 0; line < 33'000; ++line) lines += fmt::format("{:02}\n", line % 97);
    const Session session = host.ask(request_start(
        nonce, {"run-1", "k"}, {"sh", "printf %s \"$v\" | sha256sum", {}, {"v=" + lines}, ""}));
    CHECK(session.said.empty());
    REQUIRE(session.verdict() == Kind::Exited);
    CHECK(session.output == base::sha256_hex(lines) + "  -\n");
  }
}

TEST_CASE("variables that mean something to a shell reach the script, and it alone", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    ScriptPayload payload;
    payload.shell = "sh";
    payload.body = "printf '%s|' \"$PATH\" \"$HOME\" \"$LC_ALL\" \"$TMPDIR\"\n";
    payload.environment = {"HOME=/there", "LC_ALL=C.UTF-8", "PATH=/only/here", "TMPDIR=/t"};
    const Session session = host.ask(request_start(nonce, {"run-1", "k"}, payload));
    CHECK(session.output == "/only/here|/there|C.UTF-8|/t|");
    CHECK(session.said.empty());
    CHECK(std::filesystem::exists(host.files("k.exit")));
  }
}

TEST_CASE("every exit status and every signal is told from every other", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    std::vector<std::pair<int, std::shared_ptr<Session>>> exits;
    std::vector<std::pair<int, std::shared_ptr<Session>>> signals;
    const bool all = shell == std::string("dash");
    const auto begin = [&](const std::string& body) {
      return host.start(
          request_start(nonce, {"run-1", fmt::format("k{}", exits.size() * 100 + signals.size())},
                        {"sh", body, {}, {}, ""}));
    };
    for (int code = 0; code < 256; ++code) {
      if (!all && code > 2 && code < 126) continue;
      if (!all && code > 160 && code < 254) continue;
      exits.emplace_back(code, begin(fmt::format("exit {}", code)));
      if (exits.size() % 16 == 0) host.wait_for(exits.back().second);
    }
    for (int signal = 1; signal <= 31; ++signal) {
      if (signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH ||
          signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
        continue;  // these end nothing
      }
      // The other two ignore it themselves.
      if (signal == SIGQUIT && !all) continue;
      signals.emplace_back(signal, begin(fmt::format("ulimit -c 0; kill -{} $$", signal)));
      if (signals.size() % 16 == 0) host.wait_for(signals.back().second);
    }
    for (const auto& [code, session] : exits) {
      host.wait_for(session);
      INFO("exit " << code << " " << session->said);
      CHECK(session->verdict() == Kind::Exited);
      CHECK(session->value() == code);
    }
    for (const auto& [signal, session] : signals) {
      host.wait_for(session);
      INFO("signal " << signal << " " << session->said);
      CHECK(session->verdict() == Kind::Signalled);
      CHECK(session->value() == signal);
    }
  }
}

TEST_CASE("a request that is cut or changed anywhere begins nothing", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const std::string effects = host.home() + "/effects";
  ScriptPayload payload;
  payload.shell = "sh";
  payload.body = "echo ran >> \"$HOME/effects\"\n# something behind it\n";
  payload.environment = {"value=1\n2", "other=x"};
  const std::string whole = request_start(nonce, {"run-1", "k"}, payload);
  std::vector<std::shared_ptr<Session>> sessions;
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    sessions.push_back(host.start(whole.substr(0, at)));
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x04);
    const bool in_words = at < whole.find('\n');
    if (!in_words) sessions.push_back(host.start(changed));
    if (sessions.size() % 16 < 2) host.wait_for(sessions.back());
  }
  for (const auto& session : sessions) {
    host.wait_for(session);
    CHECK(session->verdict() != Kind::Running);
    CHECK(session->verdict() != Kind::Exited);
  }
  CHECK(!std::filesystem::exists(effects));
  CHECK(host.ask(whole).verdict() == Kind::Exited);
  CHECK(test::read_text(effects) == "ran\n");
}

TEST_CASE("many starts of one key begin it once, and all learn how it ended", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const std::string request =
        request_start(nonce, {"run-1", "k"},
                      {"sh", "echo ran >> \"$HOME/effects\"\necho out\nexit 9\n", {}, {}, ""});
    std::vector<std::shared_ptr<Session>> sessions;
    for (int i = 0; i < 12; ++i) sessions.push_back(host.start(request));
    for (const auto& session : sessions) {
      host.wait_for(session);
      CHECK(session->verdict() == Kind::Exited);
      CHECK(session->value() == 9);
      CHECK(session->output == "out\n");
    }
    CHECK(test::read_text(host.home() + "/effects") == "ran\n");
    CHECK(host.ask(request_attach(nonce, {"run-1", "k"})).value() == 9);
  }
}

TEST_CASE("of a script whose files were taken away meanwhile nothing is made up", "[wrapper]") {
  HostShell host(GENERATE("dash", "bash", "busybox", "perl"));
  const Session done = host.script("rm -rf \"$HOME/.sluice\"\necho ran >> \"$HOME/effects\"\n");
  CHECK(done.verdict() == Kind::None);
  CHECK(test::read_text(host.home() + "/effects") == "ran\n");
}

TEST_CASE("how a script ended is told where it cannot be written down any more", "[wrapper]") {
  HostShell host(GENERATE("dash", "bash", "busybox", "perl"));
  const Session done = host.script(
      "echo 'a=1' > \"$SLUICE_OUTPUT\"\nrm \"${SLUICE_OUTPUT%.output}.exit\"\n"
      "mkdir \"${SLUICE_OUTPUT%.output}.exit\"\nexit 7\n",
      "k");
  CHECK(done.verdict() == Kind::Exited);
  CHECK(done.value() == 7);
  // Whoever asks later knows no more than that it began.
  CHECK(host.ask(request_attach(nonce, {"run-1", "k"})).verdict() == Kind::LostKilled);
}

TEST_CASE("a script that nobody could end, for its session cannot be written down, does not begin",
          "[wrapper]") {
  HostShell host(GENERATE("dash", "bash", "busybox", "perl"));
  host.script("exit 0", "other");
  std::filesystem::create_directory(host.files("k.pid"));
  const Session session = host.script("echo ran >> \"$HOME/effects\"", "k");
  CHECK(session.verdict() == Kind::Exited);
  CHECK(session.value() == 126);
  CHECK(session.output.find("sluice: it cannot be written down what session it is\n") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(host.home() + "/effects"));
}

TEST_CASE("what is no file hands nothing on, and no words of another program", "[wrapper]") {
  HostShell host(GENERATE("dash", "bash", "busybox", "perl"));
  const Session session = host.script("mkdir \"$SLUICE_OUTPUT\"; exit 7", "k");
  CHECK(session.value() == 7);
  CHECK(session.outputs.empty());
}

TEST_CASE("the states of an action's files each have their verdict", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const runtime::WrapperKey key{"run-1", "k"};
  CHECK(host.script("exit 0", "other").verdict() == Kind::Exited);
  // A script that is there and was not begun: as if it were not there.
  test::write_text(host.files("k.script.77"), "echo never\n");
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::None);
  std::filesystem::remove(host.files("k.exit"));
  // Begun, not ended, nobody watches: in this boot, or in another.
  std::string boot = test::read_text("/proc/sys/kernel/random/boot_id");
  test::write_text(host.files("k.started"), boot);
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::LostKilled);
  CHECK(host.script("echo never >> \"$HOME/effects\"", "k").verdict() == Kind::LostKilled);
  test::write_text(host.files("k.started"), "another-boot\n");
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::LostReboot);
  // The room for how it ends says nothing, and an end that was not written to its end is none.
  test::write_text(host.files("k.exit"), "                \n");
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::LostReboot);
  test::write_text(host.files("k.started"), boot);
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::LostKilled);
  test::write_text(host.files("k.started"), "another-boot\n");
  test::write_text(host.files("k.exit"), "exit 0");
  CHECK(host.ask(request_attach(nonce, key)).verdict() == Kind::LostReboot);
  test::write_text(host.files("k.exit"), "exit 5 .\n");
  std::filesystem::remove(host.files("k.lock"));
  const Session done = host.ask(request_attach(nonce, key));
  CHECK(done.verdict() == Kind::Exited);
  CHECK(done.value() == 5);
  // Who only asks makes no file: the run may be forgotten meanwhile.
  CHECK(!std::filesystem::exists(host.files("k.lock")));
  CHECK(!std::filesystem::exists(host.home() + "/effects"));
}

TEST_CASE("what is told to be unknown never begins, nor for a controller before", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const ScriptPayload payload{"sh", "echo ran >> \"$HOME/effects\"", {}, {}, ""};
    // A host that knows nothing of the run, as one that was set up anew.
    CHECK(host.ask(request_attach(nonce, {"run-1", "k", 3})).verdict() == Kind::None);
    CHECK(host.ask(request_attach(nonce, {"run-1", "k", 3})).verdict() == Kind::Never);
    CHECK(host.ask(request_start(nonce, {"run-1", "k", 3}, payload)).verdict() == Kind::Never);
    CHECK(host.ask(request_start(nonce, {"run-1", "k", 4}, payload)).verdict() == Kind::Never);
    for (const char* action : {"k", "other"}) {
      const runtime::WrapperKey overtaken{"run-1", action, 3};
      CHECK(host.ask(request_start(nonce, overtaken, payload)).verdict() == Kind::Refused);
      CHECK(host.ask(request_attach(nonce, overtaken)).verdict() == Kind::Refused);
    }
    CHECK(!std::filesystem::exists(host.home() + "/effects"));
  }
}

TEST_CASE("a script that fills the disk of its host is known by how it ended", "[wrapper]") {
  if (std::system("unshare -rm true 2>/dev/null") != 0) {
    WARN("no file system of its own can be made here");
    return;
  }
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    host.on_a_small_disk(256, "true");
    const std::string fill = "head -c 1M /dev/zero > \"$HOME/fill\" 2>/dev/null || true";
    CHECK(host.script(fill).value() == 0);
    const Session failed = host.script(fill + "\nexit 7");
    CHECK(failed.verdict() == Kind::Exited);
    CHECK(failed.value() == 7);
    // Where it is full before, nothing begins, and it is said why.
    host.on_a_small_disk(256, "mkdir -p \"$HOME/.sluice/run-1\"; " + fill);
    const Session refused = host.script("echo ran");
    REQUIRE(refused.verdict() == Kind::Refused);
    CHECK(refused.answers.back().text == "it cannot be written there");
    CHECK(refused.output.empty());
    // What a run has sent is taken away again, also where the disk is full of it.
    host.on_a_small_disk(
        256,
        "mkdir -p \"$HOME/.sluice/run-1\"; "
        "head -c 1M /dev/zero > \"$HOME/.sluice/run-1/a.part\" 2>/dev/null || true");
    CHECK(host.ask(request_forget(nonce, "run-1", 1)).verdict() == Kind::Done);
  }
}

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

TEST_CASE("output is followed from an offset until the follower is let go", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const runtime::WrapperKey key{"run-1", "k"};
  host.script("printf 0123456789", "k");
  const auto follower = host.start(request_follow(nonce, key, 4), true);
  host.waiting().until([&] { return follower->output == "456789"; });
  CHECK(!follower->end);
  host.close_input();
  host.wait_for(follower);
}

TEST_CASE("the rest of output comes from a block on, behind its size, and ends", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    if (shell == std::string("busybox")) {
      for (const char* applet : {"dd", "head", "ls"}) {
        std::filesystem::create_symlink("/usr/bin/busybox", host.bin() + "/" + applet);
      }
    }
    const runtime::WrapperKey key{"run-1", "k"};
    host.script("truncate -s 5G /proc/self/fd/1\nprintf 0123456789\n", "k");
    constexpr std::uint64_t block = 5ULL * 1024 * 16;
    CHECK(host.ask(request_rest(nonce, key, block, 8)).output == "5368709130\n01234567");
    CHECK(host.ask(request_rest(nonce, key, block, 100)).output == "5368709130\n0123456789");
    CHECK(host.ask(request_rest(nonce, key, block, 0)).output == "5368709130\n");
    CHECK(host.ask(request_rest(nonce, key, block + 1, 100)).output == "5368709130\n");
    const Session first = host.ask(request_rest(nonce, key, 0, 200'000));
    CHECK(first.output.size() == 200'011);
    CHECK(first.end->exit_code == 0);
    // What never began has written nothing; what cannot be read says nothing of its size.
    const Session never = host.ask(request_cancel(nonce, {"run-1", "never"}, base::Duration{0}));
    CHECK(never.verdict() == Kind::Never);
    CHECK(host.ask(request_rest(nonce, {"run-1", "never"}, 0, 8)).output == "0\n");
    const Session none = host.ask(request_rest(nonce, {"run-1", "other"}, 0, 8));
    CHECK(none.output.empty());
    CHECK(none.end->exit_code != 0);
  }
}

TEST_CASE("a place that belongs to somebody else, or is a link, is not used", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const std::string elsewhere = host.home() + "/elsewhere";
  std::filesystem::create_directories(elsewhere + "/run-1");
  std::filesystem::create_directory_symlink(elsewhere, host.home() + "/.sluice");
  const Session session = host.script("echo ran");
  CHECK(session.verdict() == Kind::Refused);
  CHECK(session.answers.back().text.find("is not the own directory of the user") !=
        std::string::npos);
  CHECK(std::filesystem::is_empty(elsewhere + "/run-1"));
}

TEST_CASE("forgetting a run removes its files and leaves those of others", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  host.script("exit 0", "k");
  const std::string others = host.home() + "/.sluice/run-2";
  const std::string old = host.home() + "/.sluice/run-0";
  std::filesystem::create_directories(others);
  std::filesystem::create_directories(old);
  std::filesystem::last_write_time(
      old, std::filesystem::last_write_time(old) - std::chrono::hours(24 * 32));
  CHECK(host.ask(request_forget(nonce, "run-1", 1)).verdict() == Kind::Done);
  const std::filesystem::directory_iterator left(host.home() + "/.sluice/run-1");
  CHECK(left->path().filename() == "fence");
  CHECK(std::next(left) == std::filesystem::directory_iterator());
  // What was sent before, and comes late.
  CHECK(host.script("exit 0", "k").verdict() == Kind::Refused);
  CHECK(host.script("exit 0", "other").verdict() == Kind::Refused);
  CHECK(std::filesystem::exists(others));
  CHECK(!std::filesystem::exists(old));
}

TEST_CASE("runs of the same month are young without a look at them", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const std::string base = host.home() + "/.sluice/";
  const auto forget = [&](const std::string& run, const std::string& other, int days) {
    std::filesystem::create_directories(base + run);
    std::filesystem::create_directories(base + other);
    std::filesystem::last_write_time(base + other, std::filesystem::last_write_time(base + other) -
                                                       std::chrono::hours(24 * days));
    CHECK(host.ask(request_forget(nonce, run, 1)).verdict() == Kind::Done);
    const bool there = std::filesystem::exists(base + other);
    std::filesystem::remove_all(base);
    return there;
  };
  CHECK(forget("20261126-121200-40171", "20261126-121200-40170", 1));
  CHECK(forget("20261126-121200-40171", "20261101-121200-40170", 31));
  CHECK(!forget("20261126-121200-40171", "20261025-121200-40170", 31));
  CHECK(!forget("20270105-121200-40171", "20261201-121200-40170", 31));
  CHECK(!forget("20261126-121200-40171", "of-another-version", 31));
}

TEST_CASE("runs that were left make room where all take much, and how they ended stays",
          "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    INFO(shell);
    HostShell host(shell);
    const std::string base = host.home() + "/.sluice/";
    const auto write = [&](const std::string& name, const std::string& text, int days) {
      std::filesystem::create_directories(std::filesystem::path(base + name).parent_path());
      std::ofstream(base + name) << text;
      std::filesystem::last_write_time(base + name, std::filesystem::last_write_time(base + name) -
                                                        std::chrono::hours(24 * days + 1));
    };
    const auto fill = [&](const std::string& name, int mebibytes) {
      const int file = ::open((base + name).c_str(), O_WRONLY | O_CLOEXEC);
      REQUIRE(file >= 0);
      REQUIRE(::posix_fallocate(file, 0, off_t{mebibytes} << 20) == 0);
      ::close(file);
    };
    const std::string left = "20261120-121200-40170/";
    const std::string newer = "20261124-121200-40171/";
    for (const std::string& run : {left, newer}) {
      write(run + "ended.exit", "exit 3 .\n", 2);
      write(run + "ended.out", "said\n", 2);
      write(run + "just.exit", "exit 0 .\n", 0);
      write(run + "just.out", "said\n", 0);
      write(run + "runs.exit", "                \n", 2);
      write(run + "runs.out", "said\n", 2);
      write(run + "archive.tar.gz", "sent\n", 2);
    }
    auto ask = [&, epoch = 0U]() mutable {
      std::filesystem::create_directories(base + "20261126-121200-40172");
      CHECK(host.ask(request_forget(nonce, "20261126-121200-40172", epoch += 2)).verdict() ==
            Kind::Done);
    };
    const auto text = [&](const std::string& name) {
      constexpr std::uintmax_t much = 1000;  // is not for a message
      return std::filesystem::file_size(base + name) > much ? "much" : test::read_text(base + name);
    };
    ask();
    CHECK(text(left + "ended.out") == "said\n");
    CHECK(text(left + "archive.tar.gz") == "sent\n");
    fill(left + "ended.out", 300);
    write(left + "ended.exit", "exit 3 .\n", 2);
    ask();
    CHECK(text(left + "ended.out") ==
          "sluice: what this wrote was removed on the host, to make room\n");
    CHECK(text(left + "ended.exit") == "exit 3 .\n");
    CHECK(text(left + "just.out") == "said\n");
    CHECK(text(left + "runs.out") == "said\n");
    CHECK(!std::filesystem::exists(base + left + "archive.tar.gz"));
    // That was room enough.
    CHECK(text(newer + "ended.out") == "said\n");
    CHECK(std::filesystem::exists(base + newer + "archive.tar.gz"));
  }
}

TEST_CASE("the wrapper's command line keeps to what every login shell passes on", "[wrapper]") {
  struct Line {
    std::string text;
    const char* begin;
    int quotes;
  };
  for (const Line& command : {Line{runtime::wrapper_command(), "exec sh -c '", 2},
                              Line{runtime::perl_wrapper_command(), "exec perl -e '", 4}}) {
    CHECK(command.text.starts_with(command.begin));
    CHECK(std::count(command.text.begin(), command.text.end(), '\'') == command.quotes);
    CHECK(command.text.find('!') == std::string::npos);
    CHECK(command.text.find('\n') == std::string::npos);
    CHECK(command.text.find("\\\\") == std::string::npos);
    CHECK(command.text.size() < 16'384);
  }
}

TEST_CASE("answers are read however they are cut, and nothing else is taken for one", "[wrapper]") {
  const std::string text =
      "Welcome\nrunning\nNO running\nhello 4e0c9a1b running\n4e0c9a1b outputs\na=1\nb=2\n\n"
      "4e0c9a1b exit 7\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    runtime::AnswerReader reader(nonce);
    std::vector<WrapperAnswer> answers = reader.take(std::string_view(text).substr(0, cut));
    for (auto& answer : reader.take(std::string_view(text).substr(cut))) answers.push_back(answer);
    const std::vector<WrapperAnswer> expected{
        {Kind::Running, 0, ""}, {Kind::Outputs, 0, ""}, {Kind::Exited, 7, ""}};
    REQUIRE(answers == expected);
    CHECK(reader.outputs() == "a=1\nb=2\n");
    CHECK(reader.said() == "Welcome\nrunning\nNO running\nhello ");
  }
}

TEST_CASE("output begins behind its mark, however it is cut", "[wrapper]") {
  const std::string text = "Welcome 4e0c9a1\n4e0c9a1b4e0c9a1b\n4e0c9a1b\nout\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    runtime::OutputReader reader(nonce);
    std::string output(reader.take(std::string_view(text).substr(0, cut)));
    output += reader.take(std::string_view(text).substr(cut));
    CHECK(output == "4e0c9a1b\nout\n");
  }
}

TEST_CASE("one session answers request after request, each behind its mark", "[wrapper]") {
  for (const char* shell : {"dash", "bash", "busybox", "perl"}) {
    CAPTURE(shell);
    HostShell host(shell);
    const auto request = [](const std::string& action, const std::string& body,
                            const std::string& directory = "") {
      return request_start(nonce, {"run-1", action},
                           {"sh", body, {}, {"name=" + action}, directory}, true);
    };
    const Session session = host.ask(
        request("k1", "echo \"$name in ${PWD##*/}\"; exit 143", host.bin()) +
        request("k2", "echo \"$name in ${PWD##*/}\"; kill -TERM $$") +
        request("k3", "echo name=value >> \"$SLUICE_OUTPUT\"; printf 'no line end'; exit 3") +
        request_attach(nonce, {"run-1", "k1"}, true) + request("k4", "exit 130") +
        request("k5", "kill -INT $$"));
    std::vector<std::pair<Kind, int>> verdicts;
    for (const WrapperAnswer& answer : session.answers) {
      if (answer.kind != Kind::Running && answer.kind != Kind::Outputs) {
        verdicts.emplace_back(answer.kind, answer.value);
      }
    }
    CHECK(verdicts == std::vector<std::pair<Kind, int>>{{Kind::Exited, 143},
                                                        {Kind::Signalled, SIGTERM},
                                                        {Kind::Exited, 3},
                                                        {Kind::Exited, 143},
                                                        {Kind::Exited, 130},
                                                        {Kind::Signalled, SIGINT}});
    const std::string begin = nonce + "\n";
    const std::string here = std::filesystem::current_path().filename().string();
    const std::string mark = runtime::answer_mark(nonce);
    // What opens the first answer is taken off already.
    CHECK(session.output == "k1 in bin\n" + mark + begin + "k2 in " + here + "\n" + mark + begin +
                                "no line end" + mark + begin + "k1 in bin\n" + mark + begin + mark +
                                begin + mark);
    CHECK(session.outputs == "name=value\n");
    CHECK(session.said.empty());
    CHECK(session.end->exit_code == 0);
  }
}

TEST_CASE("a request that was cut off is none", "[wrapper]") {
  HostShell host(GENERATE("dash", "perl"));
  const std::string whole = request_start(nonce, {"run-1", "k1"}, {"sh", "echo", {}, {}, ""}, true);
  for (const std::size_t bytes :
       {std::size_t{5}, whole.find('\n'), whole.find('\n') + 1, whole.size() - 1}) {
    CAPTURE(bytes);
    const Session session = host.ask(whole.substr(0, bytes));
    CHECK(session.verdict() != Kind::Exited);
    CHECK(session.verdict() != Kind::Running);
    CHECK_FALSE(std::filesystem::exists(host.files("k1.started")));
  }
}
