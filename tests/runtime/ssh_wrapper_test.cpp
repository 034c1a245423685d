// The text that runs on ssh hosts, by itself: what arrives unchanged, what is refused, what can
// begin only once. Here its sessions are plain processes.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "base/sha256.h"
#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"

using namespace sluice;
using runtime::request_attach;
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
