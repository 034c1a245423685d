// Scripts over OpenSSH's client against a real sshd on loopback: what arrives, what comes back.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <iterator>
#include <optional>

#include "runtime/output.h"
#include "support/paths.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::Remote;

TEST_CASE("a script runs on an ssh host, and its output and exit status come back", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const test::Answer answer =
      remote.run("echo \"to $target_name\"\necho wrong >&2\nexit 3\n", {"target_name=web1"});
  CHECK(answer.output == "to web1\nwrong\n");
  REQUIRE(answer.completion);
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->ending == Completion::Ending::Exited);
  CHECK(answer.completion->exit_code == 3);
  CHECK(answer.completion->detail == "exit status 3");
}

TEST_CASE("an exit status of 255 and a signal are the script's own, and not the connection's",
          "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const test::Answer exited = remote.run("exit 255");
  CHECK(exited.completion->ending == Completion::Ending::Exited);
  CHECK(exited.completion->exit_code == 255);
  const test::Answer same = remote.run("exit 143");
  CHECK(same.completion->ending == Completion::Ending::Exited);
  CHECK(same.completion->exit_code == 143);
  const test::Answer ended = remote.run("kill -TERM $$");
  CHECK(ended.completion->ending == Completion::Ending::Signalled);
  CHECK(ended.completion->signal == 15);
  CHECK(ended.completion->detail == "ended by SIGTERM");
}

TEST_CASE("a script gets no input, a session of its own, and an environment of values alone",
          "[ssh]") {
  Remote remote;
  CHECK(remote.run("cat; readlink /proc/self/fd/0").output == "/dev/null\n");
  CHECK(remote
            .run("read -r pid comm state parent group session rest < /proc/self/stat\n"
                 "[ \"$session\" = $$ ] && [ \"$group\" = $$ ] && echo its own")
            .output == "its own\n");
  CHECK(remote.run("env | cut -d= -f1 | grep -i sluice").output == "SLUICE_OUTPUT\n");
  // The server's, which is this program's here.
  const mode_t usual = ::umask(0027);
  Remote careful;
  ::umask(usual);
  CHECK(careful.run("umask").output == "0027\n");
}

TEST_CASE("no value stands in the arguments of any process on the host", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "perl")));
  const test::Answer answer = remote.run(
      "cat /proc/[0-9]*/cmdline > \"$HOME/all\" 2>/dev/null || true\n"
      "grep -q -a nonce \"$HOME/all\"\ngrep -a -c -F canary-7f3a \"$HOME/all\"\n",
      {"value=canary-7f3a"});
  CHECK(answer.output == "0\n");
}

TEST_CASE("arguments, a directory and another shell are as the action says", "[ssh]") {
  Remote remote;
  runtime::ActionRequest request =
      remote.requests.script(remote.server.where(), "printf '%s|' \"$@\"\npwd\n");
  request.attributes.push_back(test::list_attribute("args", {"-n", "two words", "a\nb\n", ""}));
  request.attributes.push_back(test::text_attribute("directory", "/usr/share"));
  CHECK(remote.requests.run(remote.executor, request).output ==
        "-n|two words|a\nb\n||/usr/share\n");

  request = remote.requests.script(remote.server.where(), "false | true\necho not here\n");
  request.attributes[1] = test::text_attribute("shell", "bash");
  const test::Answer piped = remote.requests.run(remote.executor, request);
  CHECK(piped.output.empty());
  CHECK(piped.completion->exit_code == 1);

  request = remote.requests.script(remote.server.where(), "import sys\nprint(sys.argv[1:])\n");
  request.attributes[1] = test::text_attribute("shell", "python3");
  request.attributes.push_back(test::list_attribute("args", {"é"}));
  CHECK(remote.requests.run(remote.executor, request).output == "['é']\n");
}

TEST_CASE("a directory that is not there and a shell that is missing are refused, not run",
          "[ssh]") {
  test::SshServer::Options options;
  options.missing = {"bash"};
  Remote remote(options);
  runtime::ActionRequest request = remote.requests.script(remote.server.where(), "echo ran\n");
  request.attributes.push_back(test::text_attribute("directory", "/nowhere/at/all"));
  const test::Answer nowhere = remote.requests.run(remote.executor, request);
  CHECK(nowhere.output.empty());
  CHECK(nowhere.completion->ending == Completion::Ending::NotStarted);
  CHECK(nowhere.completion->detail == "there is no directory `/nowhere/at/all` for it");

  request = remote.requests.script(remote.server.where(), "echo ran\n");
  request.attributes[1] = test::text_attribute("shell", "bash");
  const test::Answer missing = remote.requests.run(remote.executor, request);
  CHECK(missing.completion->ending == Completion::Ending::NotStarted);
  CHECK(missing.completion->detail == "the host has no bash");
}

TEST_CASE("what a script writes to $SLUICE_OUTPUT comes with its completion", "[ssh]") {
  Remote remote;
  const test::Answer answer = remote.run(
      "echo \"version=2.4.1\" >> \"$SLUICE_OUTPUT\"\nprintf 'note=a b=c' >> \"$SLUICE_OUTPUT\"\n"
      "echo shown\n");
  CHECK(answer.output == "shown\n");
  const std::vector<runtime::Output> expected{{"version", "2.4.1"}, {"note", "a b=c"}};
  CHECK(answer.completion->outputs == expected);
  const test::Answer wrong = remote.run("echo nonsense > \"$SLUICE_OUTPUT\"\n");
  CHECK(wrong.completion->outcome == Outcome::Failed);
  const test::Answer much = remote.run("head -c 70000 /dev/zero > \"$SLUICE_OUTPUT\"\n");
  CHECK(much.completion->outcome == Outcome::Failed);
  CHECK(much.completion->detail == "more than 64 KiB were written to $SLUICE_OUTPUT");
}

TEST_CASE("output that looks like the protocol is output", "[ssh]") {
  Remote remote;
  const test::Answer answer = remote.run(
      "tr '\\0' ' ' < /proc/$PPID/cmdline > /dev/null\n"
      "echo running; echo 'exit 0' >&2\nprintf '\\0\\377\\033[2J'\nexit 4\n");
  CHECK(answer.output == std::string("running\nexit 0\n\0\377\033[2J", 21));
  CHECK(answer.completion->exit_code == 4);
}

TEST_CASE("much output comes whole and in order, and little of it is held at once", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  constexpr std::uint64_t lines = 400'000;  // of 8 bytes and more
  const test::Answer answer = remote.run(fmt::format("seq 1000001 {}\n", 1'000'000 + lines));
  CHECK(answer.completion->exit_code == 0);
  CHECK(answer.bytes == lines * 8);
  for (std::uint64_t line = 0; line < answer.output.size() / 8; ++line) {
    if (answer.output.compare(line * 8, 8, fmt::format("{}\n", 1'000'001 + line)) != 0) {
      FAIL("line " << line << " is another");
    }
  }
}

TEST_CASE("output of each length around the border comes whole", "[ssh]") {
  Remote remote;
  for (const int length : {0, 1, 65535, 65536, 65537, 65538, 131072}) {
    INFO(length);
    const test::Answer answer = remote.run(fmt::format("head -c {} /dev/zero\n", length));
    CHECK(answer.bytes == static_cast<std::uint64_t>(length));
  }
}

TEST_CASE("of a flood on an ssh host the middle is left out, and said to be", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const bool cancels = GENERATE(false, true);
  const test::TemporaryDirectory sockets;
  runtime::SshSettings settings;
  settings.directory = sockets.path();
  settings.program = test::program_path();
  // Nothing is shown before its end.
  settings.follow_after = base::Duration{600'000};
  runtime::SshExecutor executor(remote.waiting.loop, remote.processes, settings);
  // No byte of it is on the disk.
  runtime::ActionRequest request = remote.requests.script(
      remote.server.where(), fmt::format("echo begun\ntruncate -s 200M /proc/self/fd/1\n"
                                         "echo behind\ntruncate -s 900M /proc/self/fd/1\n"
                                         "echo end\necho x=1 >> \"$SLUICE_OUTPUT\"\n"
                                         "echo > \"$HOME/written\"\n{}\n",
                                         cancels ? "sleep 600" : "exit 3"));
  test::Words words;
  request.output = [&](runtime::Stream, std::string_view piece) { words.take(piece); };
  request.left_out = [&](std::uint64_t bytes) { words.take(runtime::said_of_left_out(bytes)); };
  std::optional<Completion> done;
  const runtime::ActionRequest::Ticket ticket = request.ticket;
  executor.start(std::move(request), [&](const Completion& how) { done = how; });
  if (cancels) {
    remote.waiting.until_seen(
        [&] { return std::filesystem::exists(remote.server.home() + "/written"); });
    executor.cancel(ticket);
  }
  remote.waiting.until([&] { return done.has_value(); });
  CHECK(done->outcome == (cancels ? Outcome::Cancelled : Outcome::Failed));
  CHECK(done->exit_code == (cancels ? std::nullopt : std::optional(3)));
  CHECK(done->outputs.size() == 1);
  // What came with the answer, as much as a line may have, and the last 64 MiB, but for a line.
  constexpr std::uint64_t size = (900U << 20U) + 4;
  constexpr std::uint64_t left_out = size - 65'537 - 65'536 - (64U << 20U) + 65'536;
  const std::string said = runtime::said_of_left_out(left_out);
  CHECK(words.text == "begun\n" + said + "end\n");
  CHECK(words.bytes == size - left_out + said.size());
}

TEST_CASE("output is shown while the script still runs", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const std::string gate = remote.server.home() + "/gate";
  const auto answer = remote.requests.start(
      remote.executor,
      remote.requests.script(remote.server.where(), "mkfifo \"$gate\"\necho first\ncat \"$gate\"\n",
                             {"gate=" + gate}));
  remote.waiting.until([&] { return answer->output == "first\n"; });
  CHECK(!answer->completion);
  remote.open_gate(gate, "second\n");
  remote.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->output == "first\nsecond\n");
}

TEST_CASE("a background process of a script does not hold up its end", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const test::Answer answer = remote.run("sleep 600 & echo $! > \"$HOME/left\"\necho done\n");
  CHECK(answer.output == "done\n");
  CHECK(answer.completion->exit_code == 0);
  remote.kill_process_in(remote.server.home() + "/left");
}

TEST_CASE("at the end the host and the controller are left clean", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  remote.run("echo kept until the end\n");
  const std::string files = remote.server.home() + "/.sluice";
  REQUIRE(std::filesystem::exists(files));
  CHECK((std::filesystem::status(files).permissions() & std::filesystem::perms::all) ==
        std::filesystem::perms::owner_all);
  bool finished = false;
  remote.executor.finish([&] { finished = true; });
  remote.waiting.until([&] { return finished; });
  // But for who was the last, which what comes late is held against.
  for (const auto& row : std::filesystem::recursive_directory_iterator(files)) {
    const std::string name = row.path().filename();
    CHECK((row.is_directory() || name == "fence" || name.starts_with("env-")));
  }
  CHECK(remote.processes.running() == 0);
  remote.waiting.until_seen([&] { return remote.server.connections().empty(); });
}
