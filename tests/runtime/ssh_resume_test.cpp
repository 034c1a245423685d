// An ssh host and two controllers, one after the other: the second finds what the first has begun,
// and the first begins nothing more.
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "support/paths.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::Remote;

namespace {

// Another controller's executor, that reaches the same host.
struct Second {
  explicit Second(Remote& remote) : processes(remote.waiting.loop) {
    runtime::SshSettings settings;
    settings.files = {"", "", ""};
    settings.directory = place.path();
    settings.program = test::program_path();
    settings.grace = base::Duration{300};
    settings.follow_after = base::Duration{0};
    executor = std::make_unique<runtime::SshExecutor>(remote.waiting.loop, processes, settings);
  }
  test::TemporaryDirectory place;
  runtime::Processes processes;
  std::unique_ptr<runtime::SshExecutor> executor;
};

runtime::ActionRequest resumed(runtime::ActionRequest request, bool begun) {
  request.resumed = runtime::ActionRequest::Resumed{begun, true, base::Duration{0}};
  request.epoch = 2;
  return request;
}

}  // namespace

TEST_CASE("a controller that takes over finds what runs, and its whole output", "[ssh]") {
  for (const bool begun : {false, true}) {
    Remote remote;
    const std::string gate = remote.server.home() + "/gate";
    const runtime::ActionRequest request = remote.requests.script(
        remote.server.where(),
        "mkfifo \"$gate\"\necho began >> \"$HOME/ledger\"\necho first\ncat \"$gate\"\nexit 3\n",
        {"gate=" + gate});
    const auto lost = remote.requests.start(remote.executor, request);
    remote.waiting.until([&] { return lost->output == "first\n"; });
    Second second(remote);
    const auto answer = remote.requests.start(*second.executor, resumed(request, begun));
    remote.waiting.until([&] { return answer->output == "first\n"; });
    remote.open_gate(gate, "second\n");
    remote.wait_for(answer);
    CHECK(answer->output == "first\nsecond\n");
    CHECK(answer->completion->exit_code == 3);
    CHECK(test::read_text(remote.server.home() + "/ledger") == "began\n");
  }
}

TEST_CASE("what never began is begun by who takes over; what began and is gone is not known",
          "[ssh]") {
  Remote remote;
  const runtime::ActionRequest request =
      remote.requests.script(remote.server.where(), "echo ran >> \"$HOME/ledger\"\n");
  Second second(remote);
  const test::Answer fresh = remote.requests.run(*second.executor, resumed(request, false));
  CHECK(fresh.completion->outcome == Outcome::Succeeded);
  std::filesystem::remove_all(remote.server.home() + "/.sluice");
  const test::Answer gone = remote.requests.run(*second.executor, resumed(request, true));
  CHECK(gone.completion->ending == Completion::Ending::Lost);
  CHECK(test::read_text(remote.server.home() + "/ledger") == "ran\n");
}

namespace {

// The home of a host goes away, as one on another machine does, and comes back.
struct Home {
  explicit Home(Remote& remote) : path(remote.server.home()) {}
  ~Home() { std::filesystem::remove_all(elsewhere()); }
  std::string aside() const { return path + ".aside"; }
  std::string elsewhere() const { return fmt::format("/var/tmp/sluice-{}/{}", ::geteuid(), run); }
  void go() const {
    std::filesystem::rename(path, aside());
    test::write_text(path, "");
  }
  void come() const {
    std::filesystem::remove(path);
    std::filesystem::rename(aside(), path);
  }
  runtime::ActionRequest script(Remote& remote, const std::string& ledger) const {
    runtime::ActionRequest request = remote.requests.script(
        remote.server.where(), "echo ran >> \"$ledger\"\n", {"ledger=" + ledger});
    request.run = run;
    return request;
  }

  std::string path;
  std::string run = fmt::format("20260102-030405-{}", ::getpid());
};

}  // namespace

TEST_CASE("what may have begun in a home that is away is begun nowhere else", "[ssh]") {
  Remote remote({}, base::Duration{300});
  const Home home(remote);
  const std::string ledger = remote.place.path() + "/ledger";
  const runtime::ActionRequest request = home.script(remote, ledger);
  remote.requests.run(remote.executor, request);
  home.go();
  const test::Answer away = remote.requests.run(remote.executor, resumed(request, false));
  CHECK(away.completion->ending == Completion::Ending::Lost);
  CHECK(away.completion->detail.find("there is no place for its files on the host") !=
        std::string::npos);
  CHECK(!std::filesystem::exists(home.elsewhere()));
  home.come();
  const test::Answer back = remote.requests.run(remote.executor, resumed(request, false));
  CHECK(back.completion->exit_code == 0);
  CHECK(test::read_text(ledger) == "ran\n");
}

TEST_CASE("what was begun while the home was away is found when it is back", "[ssh]") {
  Remote remote;
  const Home home(remote);
  const std::string ledger = remote.place.path() + "/ledger";
  remote.requests.run(remote.executor, home.script(remote, remote.place.path() + "/other"));
  home.go();
  const runtime::ActionRequest request = home.script(remote, ledger);
  CHECK(remote.requests.run(remote.executor, request).completion->exit_code == 0);
  CHECK(std::filesystem::exists(home.elsewhere()));
  home.come();
  const test::Answer back = remote.requests.run(remote.executor, resumed(request, false));
  CHECK(back.completion->exit_code == 0);
  CHECK(test::read_text(ledger) == "ran\n");
}

TEST_CASE(
    "that Perl was asked in vain first makes no host lose the place that it has without a home",
    "[ssh]") {
  test::SshServer::Options options;
  options.missing = {"perl"};
  Remote remote(options);
  const Home home(remote);
  const std::string ledger = remote.place.path() + "/ledger";
  home.go();
  const runtime::ActionRequest request = home.script(remote, ledger);
  CHECK(remote.requests.run(remote.executor, request).completion->exit_code == 0);
  CHECK(std::filesystem::exists(home.elsewhere()));
  CHECK(test::read_text(ledger) == "ran\n");
}

TEST_CASE("a controller that another has taken over from begins and ends nothing", "[ssh]") {
  Remote remote;
  Second second(remote);
  const std::string gate = remote.server.home() + "/gate";
  const runtime::ActionRequest running = remote.requests.script(
      remote.server.where(), "mkfifo \"$gate\"\necho at the gate\ncat \"$gate\"\n",
      {"gate=" + gate});
  const auto kept = remote.requests.start(remote.executor, running);
  remote.waiting.until([&] { return kept->output == "at the gate\n"; });
  // The second one begins something: from then on the host knows it.
  const test::Answer taken = remote.requests.run(
      *second.executor,
      resumed(remote.requests.script(remote.server.where(), "echo second\n"), false));
  CHECK(taken.output == "second\n");
  const test::Answer stale = remote.run("echo ran >> \"$HOME/ledger\"\n");
  CHECK(stale.completion->ending == Completion::Ending::NotStarted);
  CHECK(stale.completion->detail.find("another controller has taken this run over") == 0);
  CHECK(!std::filesystem::exists(remote.server.home() + "/ledger"));
  remote.executor.cancel(running.ticket);
  remote.wait_for(kept);
  CHECK(kept->completion->ending == Completion::Ending::Lost);
  const auto adopted = remote.requests.start(*second.executor, resumed(running, true));
  remote.open_gate(gate, "runs on\n");
  remote.wait_for(adopted);
  CHECK(adopted->output == "at the gate\nruns on\n");
}

TEST_CASE("what was lost and is cancelled is over with what another controller began in its place",
          "[ssh]") {
  Remote remote;
  const runtime::ActionRequest lost = remote.requests.script(
      remote.server.where(), "echo $$ > \"$HOME/pid\"\nmkfifo gate\ncat gate\n");
  runtime::ActionRequest anew = lost;
  anew.generation = 1;
  const auto running = remote.requests.start(remote.executor, anew);
  const pid_t process = remote.process_in(remote.server.home() + "/pid");
  Second second(remote);
  runtime::ActionRequest taken = resumed(lost, true);
  taken.later = {runtime::action_key(anew)};
  const auto answer = remote.requests.start(*second.executor, taken);
  second.executor->cancel(taken.ticket);
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(!Remote::is_alive(process));
  remote.wait_for(running);
}

TEST_CASE("what may have begun before is looked for by what keeps the files of its host", "[ssh]") {
  // The usual text would wait for a lock that it never gets.
  test::SshServer::Options options = test::over("perl");
  options.missing = {"flock", "sha256sum"};
  Remote remote(options);
  runtime::ActionRequest request = remote.requests.script(remote.server.where(), "echo anew\n");
  request.earlier = {"step-0-before"};
  const test::Answer answer = remote.requests.run(remote.executor, request);
  CHECK(answer.output == "anew\n");
  CHECK(answer.completion->ending == Completion::Ending::Exited);
}

TEST_CASE("what an earlier controller lost is over before it is begun anew, or what follows is",
          "[ssh]") {
  const bool has_begun = GENERATE(false, true);
  Remote remote;
  const runtime::ActionRequest lost = remote.requests.script(
      remote.server.where(), "echo $$ > \"$HOME/pid\"\nmkfifo gate-$$\ncat gate-$$\n");
  const auto running = remote.requests.start(remote.executor, lost);
  const pid_t process = remote.process_in(remote.server.home() + "/pid");
  Second second(remote);
  // A person said that it is to be begun anew, and whether that came to be is not known.
  runtime::ActionRequest anew = resumed(lost, has_begun);
  anew.generation = anew.retries = 1;
  anew.earlier = {runtime::action_key(lost)};
  anew.becomes_script("echo anew");
  const auto answer = remote.requests.start(*second.executor, anew);
  remote.wait_for(answer);
  CHECK(answer->output == (has_begun ? "" : "anew\n"));
  CHECK(answer->completion->ending ==
        (has_begun ? Completion::Ending::Lost : Completion::Ending::Exited));
  CHECK(Remote::is_alive(process) == has_begun);
  runtime::ActionRequest next = remote.requests.script(remote.server.where(), "echo next\n");
  next.run = lost.run;
  next.epoch = anew.epoch;
  CHECK(remote.requests.run(*second.executor, next).output == "next\n");
  CHECK(!Remote::is_alive(process));
  remote.wait_for(running);
}
