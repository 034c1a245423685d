// What becomes of scripts on the controller when what watches over them, or the program, is gone.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "runtime/local.h"
#include "runtime/supervising.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/local_scripts.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;

TEST_CASE("a script that stops what watches over it stops no other", "[local]") {
  test::LocalScripts local;
  const auto run = [&](const std::string& body) {
    return local.requests.start(
        local.executor,
        local.requests.script(test::local_place(), body, {"place=" + local.place.path()}));
  };
  const auto stops = run("kill -s STOP $PPID\necho > \"$place/stopped\"\n");
  local.waiting.until_seen(
      [&] { return std::filesystem::exists(local.place.path() + "/stopped"); });
  const auto other = run("exit 3");
  local.waiting.until([&] { return stops->completion && other->completion; });
  CHECK(stops->completion->outcome == Outcome::Succeeded);
  CHECK(other->completion->exit_code == 3);
  const auto stays = run("kill -s STOP $PPID\necho > \"$place/again\"\nexec sleep 600\n");
  local.waiting.until_seen([&] { return std::filesystem::exists(local.place.path() + "/again"); });
  local.executor.cancel(local.requests.last());
  local.waiting.until([&] { return stays->completion.has_value(); });
  CHECK(stays->completion->signal == SIGTERM);
}

TEST_CASE("a script that stops what watches over it is known to have ended", "[local]") {
  test::LocalScripts local;
  CHECK(local.run("kill -s STOP $PPID\nexit 3\n").completion->exit_code == 3);
}

TEST_CASE("a script that stops what an earlier program had watch over it is ended, and told of",
          "[local]") {
  const bool cancels = GENERATE(true, false);
  test::LocalScripts local;
  auto first = std::make_unique<runtime::LocalExecutor>(local.waiting.loop, local.scripts());
  const std::string until = local.place.path() + "/until";
  test::write_text(until, "");
  const runtime::ActionRequest begun =
      local.requests.script(test::local_place(),
                            "echo $PPID > \"$place/watcher\"\nwhile [ -e \"$place/until\" ]; do "
                            "sleep 0.02; done\nexit 3\n",
                            {"place=" + local.place.path()});
  const auto running = local.requests.start(*first, begun);
  const pid_t watcher = local.process_in("watcher");
  first.reset();
  ::kill(watcher, SIGSTOP);
  runtime::ActionRequest adopted = begun;
  adopted.ticket = 7;
  adopted.resumed = runtime::ActionRequest::Resumed{true, true, base::Duration{0}};
  const auto answer = local.requests.start(local.executor, adopted);
  if (cancels) {
    local.executor.cancel(adopted.ticket);
  } else {
    std::filesystem::remove(until);
  }
  local.waiting.until([&] { return answer->completion.has_value(); });
  if (cancels) {
    CHECK(answer->completion->outcome == Outcome::Cancelled);
  } else {
    CHECK(answer->completion->exit_code == 3);
  }
}

TEST_CASE("what an earlier program began and is cancelled is over with all of its session",
          "[local]") {
  test::LocalScripts local;
  const runtime::ActionRequest begun = local.requests.script(
      test::local_place(),
      "( trap '' TERM; echo x > \"$place/deaf\"; while :; do sleep 0.1; done ) &\n"
      "echo $! > \"$place/left\"\nwait\n",
      {"place=" + local.place.path()});
  const auto running = local.requests.start(local.executor, begun);
  const pid_t left = local.process_in("left");
  (void)local.process_in("deaf");
  runtime::LocalExecutor second(local.waiting.loop, local.scripts());
  runtime::ActionRequest adopted = begun;
  adopted.ticket = 7;
  adopted.resumed = runtime::ActionRequest::Resumed{true, true, base::Duration{0}};
  const auto answer = local.requests.start(second, adopted);
  second.cancel(adopted.ticket);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(!test::Remote::is_alive(left));
}

TEST_CASE("what an older program began is waited for, and not begun anew", "[local]") {
  test::LocalScripts local;
  const auto request = local.resumed();
  const std::string name = local.scripts() + "/" + runtime::action_key(request);
  std::filesystem::create_directory(local.scripts());
  test::write_text(name, "echo begun before\nexit 3\n");
  test::write_text(name + ".exit", "               \n");
  test::write_text(name + ".started", runtime::boot_id() + " supervisor-1-00000000\n");
  test::write_text(name + ".out", "begun before\n");
  test::write_text(name + ".pid", "1 0\n");
  const int held = ::open((name + ".out").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  const auto answer = local.requests.start(local.executor, request);
  local.waiting.until([&] { return !answer->output.empty(); });
  CHECK(!answer->completion);
  test::write_text(name + ".exit", "exit 3 .\n");
  ::close(held);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->output == "begun before\n");
  CHECK(answer->completion->exit_code == 3);
  local.executor.settled(request.ticket);
  CHECK(local.files() == 0);
}

TEST_CASE("what an older program began is not known where it left no end", "[local]") {
  test::LocalScripts local;
  const auto request = local.resumed();
  const std::string name = local.scripts() + "/" + runtime::action_key(request);
  std::filesystem::create_directory(local.scripts());
  test::write_text(name + ".exit", "               \n");
  test::write_text(name + ".started", runtime::boot_id() + " supervisor-1-00000000\n");
  const test::Answer answer = local.requests.run(local.executor, request);
  CHECK(answer.completion->ending == Completion::Ending::Lost);
  CHECK(answer.completion->detail == "what watched over it was killed");
}

TEST_CASE("what an older program began is ended by the number it left", "[local]") {
  test::LocalScripts local;
  const auto request = local.resumed();
  const std::string name = local.scripts() + "/" + runtime::action_key(request);
  std::filesystem::create_directory(local.scripts());
  test::write_text(name + ".out", "");
  const int held = ::open((name + ".out").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  // What it runs holds its output, as ours does with `held`.
  const pid_t process = ::fork();
  if (process == 0) {
    ::signal(SIGTERM, SIG_DFL);
    ::setsid();
    test::write_text(name + ".pid",
                     fmt::format("{} {}\n", ::getpid(), runtime::process_began(::getpid())));
    for (;;) ::pause();
  }
  test::write_text(name + ".exit", "               \n");
  test::write_text(name + ".started", runtime::boot_id() + " supervisor-1-00000000\n");
  local.waiting.until_seen(
      [&] { return test::read_text(name + ".pid").find('\n') != std::string::npos; });
  const auto answer = local.requests.start(local.executor, request);
  local.executor.cancel(request.ticket);
  local.waiting.until_seen([&] { return !test::Remote::is_alive(process); });
  test::write_text(name + ".exit", "signal 15 .\n");
  ::close(held);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
}

TEST_CASE("a script whose watcher was killed runs on to its end, wherever its output goes",
          "[local]") {
  test::LocalScripts local;
  test::write_text(local.place.path() + "/gate", "");
  const runtime::ActionRequest request = local.requests.script(
      test::local_place(),
      "exec > \"$place/own\" 2>&1\necho $$ > \"$place/pid\"\n"
      "while [ -e \"$place/gate\" ]; do sleep 0.02; done\necho over > \"$place/over\"\n",
      {"place=" + local.place.path()});
  const auto answer = local.requests.start(local.executor, request);
  local.process_in("pid");
  local.await_note(request);
  local.kill_watcher();
  const std::string name = runtime::action_key(request);
  CHECK(runtime::script_state(local.scripts(), name, {}).kind ==
        runtime::ScriptState::Kind::Running);
  std::filesystem::remove(local.place.path() + "/gate");
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(test::read_text(local.place.path() + "/over") == "over\n");
}

TEST_CASE("signals that say nothing to what watches over a script do not end it", "[local]") {
  test::LocalScripts local;
  const test::Answer answer = local.run(
      "for signal in INT TERM HUP QUIT USR1 USR2 PIPE ALRM; do\n  kill -s $signal $PPID\ndone\n"
      "kill -s USR1 $$\n");
  CHECK(answer.completion->signal == SIGUSR1);
}

TEST_CASE("of two scripts at once only the one whose watcher was killed is lost", "[local]") {
  test::LocalScripts local;
  const std::string gate = local.place.path() + "/gate";
  test::write_text(gate, "");
  const auto begin = [&](const std::string& name) {
    const auto answer = local.requests.start(
        local.executor,
        local.requests.script(test::local_place(),
                              "echo $PPID > \"$place/$name\"\n"
                              "while [ -e \"$place/gate\" ]; do sleep 0.02; done\nexit 3\n",
                              {"place=" + local.place.path(), "name=" + name}));
    return std::pair(answer, local.process_in(name));
  };
  const auto [lost, killed] = begin("one");
  const auto [kept, other] = begin("two");
  REQUIRE(killed != other);
  ::kill(killed, SIGKILL);
  local.waiting.until_seen([&] { return !test::Remote::is_alive(killed); });
  const auto [next, another] = begin("three");
  CHECK(another != killed);
  std::filesystem::remove(gate);
  local.waiting.until([&] { return lost->completion && kept->completion && next->completion; });
  CHECK(lost->completion->ending == Completion::Ending::Lost);
  CHECK(kept->completion->exit_code == 3);
  CHECK(next->completion->exit_code == 3);
}

TEST_CASE("what runs is not begun beside itself where what is written down of it was taken away",
          "[local]") {
  test::LocalScripts local;
  const std::string gate = local.place.path() + "/gate";
  test::write_text(gate, "");
  runtime::ActionRequest request = local.requests.script(
      test::local_place(),
      "echo $$ >> \"$place/ran\"\nwhile [ -e \"$place/gate\" ]; do sleep 0.02; done\n",
      {"place=" + local.place.path()});
  {
    runtime::LocalExecutor before(local.waiting.loop, local.scripts());
    const auto forgotten = local.requests.start(before, request);
    local.process_in("ran");
    local.await_note(request);
  }
  const std::string files = local.scripts() + "/" + runtime::action_key(request);
  SECTION("its note") {
    std::filesystem::remove(files + ".started");
  }
  SECTION("what is in its note") {
    test::write_text(files + ".started", "");
  }
  SECTION("that, and its output") {
    test::write_text(files + ".started", "");
    std::filesystem::remove(files + ".out");
  }
  request.resumed = {true, true, {}};
  const auto answer = local.requests.start(local.executor, request);
  const auto other =
      local.requests.start(local.executor, local.requests.script(test::local_place(), "exit 3"));
  local.waiting.until([&] { return other->completion.has_value(); });
  CHECK(!answer->completion);
  std::filesystem::remove(gate);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  const std::string ran = test::read_text(local.place.path() + "/ran");
  CHECK(std::count(ran.begin(), ran.end(), '\n') == 1);
}

TEST_CASE("what is left of a script is told to end where its first process is gone", "[local]") {
  test::LocalScripts local;
  const runtime::ActionRequest request = local.requests.script(
      test::local_place(),
      "( trap '' TERM; while :; do sleep 0.1; done ) &\necho $! > \"$place/left\"\n"
      "echo $$ > \"$place/pid\"\nwait\n",
      {"place=" + local.place.path()});
  const auto answer = local.requests.start(local.executor, request);
  const pid_t first = local.process_in("pid");
  const pid_t left = local.process_in("left");
  local.await_note(request);
  local.kill_watcher();
  ::kill(first, SIGKILL);
  local.waiting.until_seen([&] { return !test::Remote::is_alive(first); });
  const std::string name = runtime::action_key(request);
  CHECK(runtime::script_state(local.scripts(), name, {}).kind ==
        runtime::ScriptState::Kind::Running);
  runtime::signal_script(local.scripts(), name, SIGKILL);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(!test::Remote::is_alive(left));
}

TEST_CASE("what was lost here and is cancelled is over with what a program began in its place",
          "[local]") {
  test::LocalScripts local;
  runtime::ActionRequest lost =
      local.requests.script(test::local_place(), "echo $$ > \"$place/pid\"\nexec sleep 600\n",
                            {"place=" + local.place.path()});
  runtime::ActionRequest anew = lost;
  anew.generation = 1;
  const auto running = local.requests.start(local.executor, anew);
  const pid_t process = local.process_in("pid");
  test::write_text(local.scripts() + "/" + runtime::action_key(lost) + ".started",
                   runtime::boot_id() + " supervisor-gone\n");
  runtime::LocalExecutor second(local.waiting.loop, local.scripts());
  lost.resumed = runtime::ActionRequest::Resumed{true, true, base::Duration{0}};
  lost.later = {runtime::action_key(anew)};
  const auto answer = local.requests.start(second, lost);
  second.cancel(lost.ticket);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
  CHECK(!test::Remote::is_alive(process));
  local.waiting.until([&] { return running->completion.has_value(); });
  CHECK(running->completion->signal == SIGTERM);
}

TEST_CASE("what may have begun before a boot was not simply cancelled before it began", "[local]") {
  test::LocalScripts local;
  local.run("true");
  runtime::ActionRequest request = local.requests.script(test::local_place(), "echo ran");
  request.resumed = runtime::ActionRequest::Resumed{false, false, base::Duration{0}};
  const auto answer = local.requests.start(local.executor, request);
  local.executor.cancel(request.ticket);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
}

TEST_CASE("what was written of another script in the same file tells nothing", "[local]") {
  test::LocalScripts local;
  auto request = local.resumed();
  request.resumed->same_boot = false;
  std::filesystem::create_directory(local.scripts());
  // A loss of power has kept the name and not what was written under it.
  test::write_text(local.scripts() + "/" + runtime::action_key(request) + ".started",
                   runtime::boot_id() + " supervisor-1-00000000 other\nexit 0 .        \n");
  const test::Answer answer = local.requests.run(local.executor, std::move(request));
  CHECK(answer.completion->ending == Completion::Ending::Lost);
}
