// What happens to scripts on ssh hosts when the connection, the host or the operator ends them.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/unknown.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::Remote;

namespace {

// Says that it has begun, each time that it begins, then waits at a fifo and ends.
const char* const counted = R"(
echo began >> "$HOME/effects"
echo before
mkfifo "$HOME/gate"
echo $$ > "$HOME/pid"
read -r answer < "$HOME/gate"
echo "after $answer"
exit 7
)";

// A login that counts how often it is asked, and runs nothing while `silent` holds (in shell).
struct OddLogin {
  explicit OddLogin(const std::string& silent) {
    std::ofstream file(place.path() + "/login");
    file << "#!/bin/sh\ncd " << place.path() << "\necho >> count\n"
         << "if " << silent << "; then exit 1; fi\ncd\nexec dash \"$@\"\n";
    file.close();
    std::filesystem::permissions(place.path() + "/login", std::filesystem::perms::owner_all);
    options.login = {place.path() + "/login"};
  }
  std::size_t count() const { return test::read_text(place.path() + "/count").size(); }

  test::TemporaryDirectory place;
  test::SshServer::Options options;
};

// Starts a script that waits, and loses it: its host is away, and its process runs on there.
pid_t lose_script(Remote& remote) {
  const auto first = remote.start(counted);
  const pid_t lost = remote.process_in(remote.server.home() + "/pid");
  remote.server.stop();
  remote.wait_for(first);
  CHECK(first->completion->ending == Completion::Ending::Lost);
  return lost;
}

// Waits for a word, and ends with it.
const char* const ends_as_told = R"(
echo before
mkfifo "$HOME/gate"
echo $$ > "$HOME/pid"
read -r answer < "$HOME/gate"
echo after
echo "told=$answer" >> "$SLUICE_OUTPUT"
exit "$answer"
)";

// A script whose host is away for longer than it is waited for, and back at once then, where it has
// a `verify` that counts its calls, and ends with that exit status; below zero: without one.
class GivenUp : public runtime::Executor {
 public:
  explicit GivenUp(int verify)
      : unknown_(
            *this, [this, verify](const runtime::ActionRequest&) { return probe(verify); },
            [this](const runtime::ActionRequest&, const Completion&) { asks_a_person = true; }) {
    const runtime::ActionRequest request =
        remote.requests.script(remote.server.where(), ends_as_told);
    action_ = request.action;
    host_ = request.place.name;
    answer = remote.requests.start(unknown_, request);
    script = remote.process_in(home() + "/pid");
    remote.server.stop();
  }
  void start(runtime::ActionRequest request, Sink done) override {
    remote.executor.start(std::move(request),
                          [this, done = std::move(done)](const Completion& completion) {
                            if (completion.unanswered && --given_up_before == 0) back();
                            done(completion);
                          });
  }
  void cancel(runtime::ActionRequest::Ticket ticket) override { remote.executor.cancel(ticket); }
  void let_go(runtime::ActionRequest::Ticket ticket) override { remote.executor.let_go(ticket); }

  std::string home() const { return remote.server.home(); }
  void say(const std::string& word) { Remote::open_gate(home() + "/gate", word + "\n"); }
  void cancel() { unknown_.cancel(answer_ticket); }
  bool answers(runtime::UnknownOutcomes::Answer word) {
    return unknown_.answer(action_, host_, word, "ada");
  }
  void wait() {
    remote.waiting.until([&] { return answer->completion.has_value() || asks_a_person; });
  }
  // It is told how the script ended itself, all of its output once, and no `verify` was asked.
  void check_own_end(int status) const {
    REQUIRE(answer->completion);
    CHECK(answer->completion->ending == Completion::Ending::Exited);
    CHECK(answer->completion->exit_code == status);
    CHECK(answer->completion->outputs.size() == 1);
    CHECK(answer->output == "before\nafter\n");
    CHECK(!std::filesystem::exists(home() + "/asked"));
  }

  Remote remote{{}, base::Duration{400}};
  int given_up_before = 1;  // so often until it is back
  std::function<void()> back = [this] { remote.server.start(); };
  std::shared_ptr<test::Answer> answer;
  pid_t script = 0;
  bool asks_a_person = false;

 private:
  static constexpr runtime::ActionRequest::Ticket answer_ticket = 1;

  std::optional<runtime::ActionRequest> probe(int status) {
    if (status < 0) return std::nullopt;
    runtime::ActionRequest verify = remote.requests.script(
        remote.server.where(), fmt::format("echo >> \"$HOME/asked\"\nexit {}\n", status));
    verify.action.attempt = 1;
    verify.action.part = scheduler::Part::Verify;
    verify.generation = runtime::first_probe_generation;
    return verify;
  }

  runtime::UnknownOutcomes unknown_;
  scheduler::Action action_;
  std::string host_;
};

}  // namespace

TEST_CASE("a login that says nothing for a while has not lost what runs there", "[ssh]") {
  OddLogin login("[ -e silent ]");
  Remote remote(login.options);
  const auto answer = remote.start(counted);
  remote.process_in(remote.server.home() + "/pid");
  std::ofstream(login.place.path() + "/silent").close();
  const std::size_t before = login.count();
  remote.waiting.until_seen([&] { return remote.server.cut() > 0 || login.count() > before; });
  constexpr std::size_t often = 5;
  remote.waiting.until_seen([&] { return login.count() >= before + often; });
  std::filesystem::remove(login.place.path() + "/silent");
  Remote::open_gate(remote.server.home() + "/gate", "the silence\n");
  remote.wait_for(answer);
  CHECK(answer->output == "before\nafter the silence\n");
  CHECK(answer->completion->exit_code == 7);
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("a login that hangs, or writes without end, is given up", "[ssh]") {
  for (const char* hangs : {"cat < gate", "while [ -e gate ]; do echo noise; done"}) {
    INFO(hangs);
    OddLogin login(hangs);
    const std::string gate = login.place.path() + "/gate";
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    Remote remote(login.options, base::Duration{1'000}, base::Duration{200});
    const test::Answer answer = remote.run("echo began >> $HOME/effects");
    CHECK(answer.completion->ending == runtime::Completion::Ending::Lost);
    CHECK(answer.completion->detail.find("its login did not come as far as the script") !=
          std::string::npos);
    CHECK(login.count() > 1);
    // One that reads there ends with this, the other when it has nobody to write to.
    if (std::string_view(hangs).starts_with("cat")) Remote::open_gate(gate, "");
  }
}

TEST_CASE("a login that sends output nowhere has its exit status known all the same", "[ssh]") {
  OddLogin login("exec >/dev/null; false");
  Remote remote(login.options, base::Duration{500}, base::Duration{200});
  runtime::ActionRequest request = remote.requests.script(
      remote.server.where(), "echo began >> $HOME/effects; echo said; exit 3");
  int ended = 0;
  request.ended = [&] { ++ended; };
  const test::Answer answer = remote.requests.run(remote.executor, std::move(request));
  CHECK(ended == 1);  // so that nobody takes it for one that runs
  CHECK(answer.completion->exit_code == 3);
  CHECK(answer.completion->detail.find("does not give the rest of its output") !=
        std::string::npos);
  CHECK(answer.output.empty());
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("what ran behind a login that sends errors nowhere is not told as never begun", "[ssh]") {
  const std::string much(100'000, '#');  // so much that its session takes nothing else
  for (const std::string& body : {std::string(), much}) {
    OddLogin login("exec 2>/dev/null; false");
    Remote remote(login.options, base::Duration{500}, base::Duration{200});
    const test::Answer answer = remote.run("echo began >> $HOME/effects\n" + body);
    CHECK(answer.completion->ending == runtime::Completion::Ending::Lost);
    CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
  }
}

TEST_CASE("a login that hangs once is let go, and what it does later begins nothing twice",
          "[ssh]") {
  OddLogin login("[ $(wc -l < count) -eq 1 ] && { read -r word < gate; rm gate; false; }");
  const std::string gate = login.place.path() + "/gate";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  Remote remote(login.options, base::Duration{60'000}, base::Duration{200});
  const test::Answer answer = remote.run("echo began >> $HOME/effects");
  CHECK(answer.completion->exit_code == 0);
  Remote::open_gate(gate, "go\n");
  remote.waiting.until_seen([&] { return !std::filesystem::exists(gate); });
  remote.run("true");
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("the rest of much output is asked for until the login gives it", "[ssh]") {
  OddLogin login("n=$(wc -l < count); [ $n -gt 1 ] && [ $n -lt 7 ]");
  Remote remote(login.options);
  const test::Answer answer = remote.run("head -c 200000 /dev/zero | tr '\\0' x");
  CHECK(answer.completion->exit_code == 0);
  CHECK(answer.completion->detail.empty());
  CHECK(answer.output == std::string(200'000, 'x'));
}

TEST_CASE("a script runs on when its connection is cut, and is not started again", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const auto answer = remote.start(counted);
  remote.process_in(remote.server.home() + "/pid");
  for (int time = 0; time < 3; ++time) {
    // One that has been seen may be gone by itself before it is cut.
    bool cut = false;
    remote.waiting.until_seen([&] { return cut = cut || remote.server.cut() > 0; });
  }
  Remote::open_gate(remote.server.home() + "/gate", "the cut\n");
  remote.wait_for(answer);
  CHECK(answer->output == "before\nafter the cut\n");
  CHECK(answer->completion->exit_code == 7);
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("what ended while the host could not be reached is learnt when it can", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const auto answer = remote.start(counted);
  const pid_t script = remote.process_in(remote.server.home() + "/pid");
  remote.server.stop();
  Remote::open_gate(remote.server.home() + "/gate", "while away\n");
  remote.waiting.until_seen([&] { return !Remote::is_alive(script); });
  remote.server.start();
  remote.wait_for(answer);
  CHECK(answer->output == "before\nafter while away\n");
  CHECK(answer->completion->exit_code == 7);
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("a host that does not come back has lost what ran on it", "[ssh]") {
  Remote remote({}, base::Duration{400});
  const auto answer = remote.start(counted);
  remote.process_in(remote.server.home() + "/pid");
  remote.server.stop();
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Failed);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(answer->completion->detail ==
        "127.0.0.1 was reached and then lost; it did not come back in 400ms");
  Remote::open_gate(remote.server.home() + "/gate", "for nobody\n");
}

TEST_CASE("what was lost is over before its next attempt begins", "[ssh]") {
  Remote remote({}, base::Duration{400});
  const pid_t lost = lose_script(remote);
  CHECK(Remote::is_alive(lost));
  remote.server.start();
  const test::Answer next = remote.run("kill -0 $(cat \"$HOME/pid\") 2>/dev/null || echo alone");
  CHECK(next.output == "alone\n");
  CHECK(!Remote::is_alive(lost));
}

TEST_CASE("while what was lost cannot be ended, its next attempt does not begin", "[ssh]") {
  Remote remote({}, base::Duration{400});
  const pid_t lost = lose_script(remote);
  const test::Answer next = remote.run("echo ran >> \"$HOME/effects\"");
  CHECK(next.completion->ending == Completion::Ending::Unreachable);
  CHECK(Remote::is_alive(lost));
  remote.server.start();
  const auto cancelled = remote.start("echo ran >> \"$HOME/effects\"");
  remote.executor.cancel(remote.requests.last());
  remote.wait_for(cancelled);
  CHECK(cancelled->completion->outcome == Outcome::Cancelled);
  CHECK(cancelled->completion->ending == Completion::Ending::NotStarted);
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
  CHECK(remote.run("true").completion->exit_code == 0);
  CHECK(!Remote::is_alive(lost));
}

TEST_CASE("what runs on when its host is back after all is joined, and no `verify` is asked",
          "[ssh]") {
  for (const int status : {0, 7}) {
    GivenUp lost(status == 0 ? 1 : 0);  // as it would say otherwise
    runtime::Loop::Timer later;
    lost.back = [&] {
      lost.remote.server.start();
      later = lost.remote.waiting.loop.after(base::Duration{300},
                                             [&] { lost.say(std::to_string(status)); });
    };
    lost.wait();
    lost.check_own_end(status);
  }
}

TEST_CASE("what has ended while its host was given up says itself how, and no `verify` is asked",
          "[ssh]") {
  for (const int status : {0, 7}) {
    GivenUp lost(status == 0 ? 1 : 0);
    lost.say(std::to_string(status));
    lost.wait();
    lost.check_own_end(status);
  }
}

TEST_CASE("what was joined when its host was back is ended where it is cancelled", "[ssh]") {
  for (const bool at_once : {true, false}) {
    GivenUp lost(0);
    runtime::Loop::Timer later;
    lost.back = [&] {
      lost.remote.server.start();
      later =
          lost.remote.waiting.loop.after(base::Duration{at_once ? 0 : 300}, [&] { lost.cancel(); });
    };
    lost.wait();
    REQUIRE(lost.answer->completion);
    CHECK(lost.answer->completion->outcome == Outcome::Cancelled);
    CHECK(lost.answer->completion->signal == SIGTERM);
    CHECK(!Remote::is_alive(lost.script));
    CHECK(!std::filesystem::exists(lost.home() + "/asked"));
  }
}

TEST_CASE("where the host knows nothing of what was lost, its `verify` is asked", "[ssh]") {
  GivenUp lost(0);
  lost.say("7");
  lost.back = [&] {
    std::filesystem::remove_all(lost.home() + "/.sluice");
    lost.remote.server.start();
  };
  lost.wait();
  REQUIRE(lost.answer->completion);
  CHECK(lost.answer->completion->outcome == Outcome::Succeeded);
  CHECK(lost.answer->completion->detail.find("its `verify` finds it in place") !=
        std::string::npos);
  CHECK(test::read_text(lost.home() + "/asked") == "\n");
}

TEST_CASE("a host that is back a moment too late is asked nothing beside what runs there",
          "[ssh]") {
  GivenUp lost(0);
  lost.given_up_before = 2;
  lost.wait();
  CHECK(lost.asks_a_person);
  CHECK(Remote::is_alive(lost.script));
  CHECK(lost.remote.run("true").completion->exit_code == 0);
  CHECK(!Remote::is_alive(lost.script));
  CHECK(!std::filesystem::exists(lost.home() + "/asked"));
}

TEST_CASE("that a host does not answer is told once, and that it does again", "[ssh]") {
  Remote remote;
  std::vector<bool> told;
  runtime::ActionRequest request = remote.requests.script(remote.server.where(), ends_as_told);
  request.away = [&](bool away) { told.push_back(away); };
  const auto answer = remote.requests.start(remote.executor, request);
  remote.process_in(remote.server.home() + "/pid");
  remote.server.stop();
  remote.waiting.until([&] { return !told.empty(); });
  remote.server.start();
  Remote::open_gate(remote.server.home() + "/gate", "0\n");
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Succeeded);
  CHECK(told == std::vector<bool>{true, false});
}

TEST_CASE("that an action waits for what came before it on a host that is away is told", "[ssh]") {
  Remote remote;
  REQUIRE(remote.run("true").completion->exit_code == 0);
  remote.server.stop();
  std::vector<bool> told;
  runtime::ActionRequest request = remote.requests.script(remote.server.where(), "echo ran");
  request.resumed = runtime::ActionRequest::Resumed{};
  request.earlier = {"step-0-before"};
  request.away = [&](bool away) { told.push_back(away); };
  const auto answer = remote.requests.start(remote.executor, request);
  remote.waiting.until([&] { return !told.empty() || answer->completion; });
  remote.server.start();
  remote.wait_for(answer);
  CHECK(answer->output == "ran\n");
  CHECK(told == std::vector<bool>{true, false});
}

TEST_CASE("a host that comes back while a person is asked answers in the person's place", "[ssh]") {
  GivenUp lost(-1);
  lost.given_up_before = 3;
  lost.wait();
  CHECK(lost.asks_a_person);
  CHECK_FALSE(lost.answer->completion);
  lost.remote.waiting.until([&] { return lost.given_up_before == 0; });
  lost.say("7");
  lost.remote.wait_for(lost.answer);
  lost.check_own_end(7);
  CHECK_FALSE(lost.answers(runtime::UnknownOutcomes::Answer::Failed));
}

TEST_CASE("where a person has answered, what runs on a host that comes back is left alone",
          "[ssh]") {
  GivenUp lost(-1);
  lost.wait();
  CHECK(lost.asks_a_person);
  lost.remote.waiting.until([&] { return lost.given_up_before == 0; });
  CHECK(lost.answers(runtime::UnknownOutcomes::Answer::Succeeded));
  REQUIRE(lost.answer->completion);
  CHECK(lost.answer->completion->outcome == Outcome::Succeeded);
  CHECK(lost.answer->completion->detail.ends_with("; ada says that it succeeded"));
  CHECK(Remote::is_alive(lost.script));
  // Until something else is to begin there.
  CHECK(lost.remote.run("true").completion->exit_code == 0);
  CHECK(!Remote::is_alive(lost.script));
}

TEST_CASE("a `verify` that was passed over never begins behind what came next", "[ssh]") {
  Remote remote;
  const std::string directory = remote.server.home() + "/there";
  runtime::ActionRequest verify =
      remote.requests.script(remote.server.where(), "echo asked >> \"$HOME/effects\"\n");
  verify.generation = runtime::first_probe_generation;
  verify.attributes.push_back(test::text_attribute("directory", directory));
  const test::Answer refused = remote.requests.run(remote.executor, verify);
  CHECK(refused.completion->ending == Completion::Ending::NotStarted);
  CHECK(remote.run("mkdir \"$HOME/there\"").completion->exit_code == 0);
  const test::Answer late = remote.requests.run(remote.executor, verify);
  CHECK(late.completion->outcome != Outcome::Succeeded);
  CHECK(test::read_text(remote.server.home() + "/effects").empty());
}

TEST_CASE("a script whose watcher was killed is lost, once nothing of it runs", "[ssh]") {
  Remote remote;
  const auto answer = remote.start(counted);
  const pid_t script = remote.process_in(remote.server.home() + "/pid");
  const std::string status = test::read_text(fmt::format("/proc/{}/stat", script));
  int watcher = 0;
  REQUIRE(std::sscanf(status.c_str() + status.rfind(')') + 1, " %*c %d", &watcher) == 1);
  REQUIRE(::kill(watcher, SIGKILL) == 0);
  Remote::open_gate(remote.server.home() + "/gate", "unwatched\n");
  remote.wait_for(answer);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(answer->completion->detail == "what watched over it on the host was killed");
  CHECK(answer->output == "before\nafter unwatched\n");
  CHECK(!Remote::is_alive(script));
}

TEST_CASE("files that vanish from the host make what ran there lost, not started again", "[ssh]") {
  Remote remote;
  const auto answer = remote.start(counted);
  remote.process_in(remote.server.home() + "/pid");
  remote.server.stop();
  std::filesystem::remove_all(remote.server.home() + "/.sluice");
  Remote::open_gate(remote.server.home() + "/gate", "gone\n");
  remote.server.start();
  remote.wait_for(answer);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(answer->completion->detail == "it was begun, and the host knows nothing of it any more");
  CHECK(test::read_text(remote.server.home() + "/effects") == "began\n");
}

TEST_CASE("cancelling ends the whole session on the host, and is answered once that is so",
          "[ssh]") {
  Remote remote;
  const auto answer = remote.start(R"(
trap '' TERM
( trap '' TERM; echo $$; exec sh -c 'echo $$ > "$HOME/grandchild"; while :; do sleep 1; done' ) &
echo $$ > "$HOME/pid"
while :; do sleep 1; done
)");
  const pid_t script = remote.process_in(remote.server.home() + "/pid");
  const pid_t grandchild = remote.process_in(remote.server.home() + "/grandchild");
  remote.executor.cancel(1);
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Signalled);
  CHECK(answer->completion->signal == SIGKILL);
  CHECK(!Remote::is_alive(script));
  CHECK(!Remote::is_alive(grandchild));
}

// Ends on SIGTERM at once, and what it has started does not.
const char* const leaves_deaf = R"(
( trap '' TERM; exec sh -c 'echo $$ > "$HOME/grandchild"; while :; do sleep 1; done' ) &
until [ -s "$HOME/grandchild" ]; do sleep 0.01; done
echo $$ > "$HOME/pid"
while :; do sleep 1; done
)";

TEST_CASE("a cancellation waits for what a script that has ended left behind", "[ssh]") {
  Remote remote;
  const auto answer = remote.start(leaves_deaf);
  remote.process_in(remote.server.home() + "/pid");
  const pid_t grandchild = remote.process_in(remote.server.home() + "/grandchild");
  remote.executor.cancel(1);
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Signalled);
  CHECK(answer->completion->signal == SIGTERM);
  CHECK(!Remote::is_alive(grandchild));
}

TEST_CASE("where a cancellation is never answered, how the script ended is told all the same",
          "[ssh]") {
  // Not the one that follows what the script writes, which comes before.
  OddLogin login("[ -e cancelled ] && kill -TERM $(cat home/pid)");
  Remote remote(login.options, {1'000});
  std::filesystem::create_symlink(remote.server.home(), login.place.path() + "/home");
  const auto answer =
      remote.start("echo begun\necho $$ > \"$HOME/pid\"\nwhile :; do sleep 1; done\n");
  remote.process_in(remote.server.home() + "/pid");
  test::write_text(login.place.path() + "/cancelled", "");
  remote.executor.cancel(1);
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Signalled);
  CHECK(answer->completion->signal == SIGTERM);
  CHECK(answer->output == "begun\n");
}

TEST_CASE("a script that ends well when it is told to is cancelled all the same", "[ssh]") {
  Remote remote;
  const auto answer = remote.start(R"(
trap 'echo tidied; exit 0' TERM
echo $$ > "$HOME/pid"
while :; do :; done
)");
  remote.process_in(remote.server.home() + "/pid");
  remote.executor.cancel(1);
  remote.wait_for(answer);
  CHECK(answer->output == "tidied\n");
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->exit_code == 0);
}

TEST_CASE("what is cancelled before its host was reached never begins", "[ssh]") {
  Remote remote;
  const auto answer = remote.start("echo ran >> \"$HOME/effects\"\n");
  remote.executor.cancel(1);
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::NotStarted);
  const test::Answer next = remote.run("test -e \"$HOME/effects\" && echo it ran; true\n");
  CHECK(next.output.empty());
}

TEST_CASE("a cancellation that the connection is cut from is asked for again", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const auto answer = remote.start(R"(
trap '' TERM
echo $$ > "$HOME/pid"
while :; do sleep 0.05; done
)");
  const pid_t script = remote.process_in(remote.server.home() + "/pid");
  remote.executor.cancel(1);
  remote.server.cut();
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->signal == SIGKILL);
  CHECK(!Remote::is_alive(script));
}

TEST_CASE("a host that allows one session at a time is enough", "[ssh]") {
  const std::string client = GENERATE("openssh", "libssh");
  for (const int sessions : {1, 2}) {
    INFO(sessions);
    test::SshServer::Options options = test::over(client);
    options.settings = {fmt::format("MaxSessions {}", sessions)};
    Remote remote(options);
    std::vector<std::shared_ptr<test::Answer>> answers;
    for (int i = 0; i < 6; ++i) {
      answers.push_back(remote.start(fmt::format("sleep 0.05\necho number {}\n", i)));
    }
    for (int i = 0; i < 6; ++i) {
      remote.wait_for(answers[static_cast<std::size_t>(i)]);
      CHECK(answers[static_cast<std::size_t>(i)]->output == fmt::format("number {}\n", i));
    }
    const auto answer = remote.start("echo $$ > \"$HOME/pid\"\nexec sleep 600\n");
    const pid_t script = remote.process_in(remote.server.home() + "/pid");
    remote.executor.cancel(7);
    remote.wait_for(answer);
    CHECK(answer->completion->signal == SIGTERM);
    CHECK(!Remote::is_alive(script));
  }
}

TEST_CASE("many scripts at once share one connection", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (int i = 0; i < 30; ++i) answers.push_back(remote.start(fmt::format("echo {}\n", i)));
  for (int i = 0; i < 30; ++i) {
    remote.wait_for(answers[static_cast<std::size_t>(i)]);
    CHECK(answers[static_cast<std::size_t>(i)]->output == fmt::format("{}\n", i));
  }
  CHECK(test::children_of(remote.server.process()).size() == 1);
}

TEST_CASE("a host that has gone quiet is given up, and asked anew", "[ssh]") {
  Remote remote;
  const std::string config = remote.place.path() + "/config";
  test::write_text(config, "Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 1\n");
  runtime::Place place = remote.server.where();
  place.settings.insert(place.settings.begin(), {"config_file", config});
  const auto answer =
      remote.requests.start(remote.executor, remote.requests.script(place, counted));
  remote.process_in(remote.server.home() + "/pid");
  remote.server.freeze();
  Remote::open_gate(remote.server.home() + "/gate", "the silence\n");
  remote.wait_for(answer);
  CHECK(answer->output == "before\nafter the silence\n");
  CHECK(answer->completion->exit_code == 7);
}
