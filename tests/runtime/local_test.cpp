// Scripts on the controller itself.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "runtime/local.h"
#include "support/executing.h"
#include "support/few_descriptors.h"
#include "support/golden.h"
#include "support/local_scripts.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;

TEST_CASE("a script runs here with its variables, and leaves no file", "[local]") {
  test::LocalScripts local;
  const test::Answer answer =
      local.run("echo \"for $who\"\necho twice >&2\nexit 4\n", {"who=it's $me\n"});
  CHECK(answer.output == "for it's $me\n\ntwice\n");
  CHECK(answer.completion->ending == Completion::Ending::Exited);
  CHECK(answer.completion->exit_code == 4);
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(local.files() == 0);
  CHECK((std::filesystem::status(local.scripts()).permissions() & std::filesystem::perms::all) ==
        std::filesystem::perms::owner_all);
}

TEST_CASE("a script stops at its first failure, and bash at one inside a pipe", "[local]") {
  test::LocalScripts local;
  const test::Answer stopped = local.run("false\necho behind\n");
  CHECK(stopped.output.empty());
  CHECK(stopped.completion->exit_code == 1);
  runtime::ActionRequest request =
      local.requests.script(test::local_place(), "false | true\necho behind\n");
  request.attributes[1] = test::text_attribute("shell", "bash");
  CHECK(local.requests.run(local.executor, request).completion->exit_code == 1);
  const test::Answer unset = local.run("echo \"$never_set\"\n");
  CHECK(unset.completion->outcome == Outcome::Failed);
}

TEST_CASE("arguments and a directory are as the action says", "[local]") {
  test::LocalScripts local;
  runtime::ActionRequest request =
      local.requests.script(test::local_place(), "printf '%s|' \"$@\"; pwd\n");
  request.attributes.push_back(test::list_attribute("args", {"-n", "a b", "", "c\nd"}));
  request.attributes.push_back(test::text_attribute("directory", "/usr/share"));
  CHECK(local.requests.run(local.executor, request).output == "-n|a b||c\nd|/usr/share\n");
  request = local.requests.script(test::local_place(), "echo ran\n");
  request.attributes.push_back(test::text_attribute("directory", "/nowhere/at/all"));
  const test::Answer nowhere = local.requests.run(local.executor, request);
  CHECK(nowhere.completion->ending == Completion::Ending::NotStarted);
  CHECK(nowhere.completion->detail == "there is no directory `/nowhere/at/all` for it");
  CHECK(nowhere.output.empty());
}

TEST_CASE("the environment of the program reaches a script below what it is given", "[local]") {
  ::setenv("sluice_test_below", "from below", 1);
  ::setenv("sluice_test_over", "from below", 1);
  test::LocalScripts local;
  const test::Answer answer =
      local.run("echo \"$sluice_test_below, $sluice_test_over\"; env | grep -c sluice_test_over=\n",
                {"sluice_test_over=from above"});
  CHECK(answer.output == "from below, from above\n1\n");
  ::unsetenv("sluice_test_below");
  ::unsetenv("sluice_test_over");
}

TEST_CASE("a script that is cancelled is ended with all that it started", "[local]") {
  test::LocalScripts local;
  const std::string pid = local.place.path() + "/pid";
  const auto answer = local.requests.start(
      local.executor,
      local.requests.script(test::local_place(), "sleep 600 & echo $! > \"$pid\"\nwait\n",
                            {"pid=" + pid}));
  local.waiting.until_seen([&] { return test::read_text(pid).find('\n') != std::string::npos; });
  local.executor.cancel(1);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(answer->completion->signal == SIGTERM);
  CHECK(!test::Remote::is_alive(std::atoi(test::read_text(pid).c_str())));
  local.executor.cancel(1);   // answered: ignored
  local.executor.cancel(99);  // never was
}

TEST_CASE("output that grows faster than it is read holds nothing else up", "[local]") {
  test::LocalScripts local;
  auto request = local.requests.script(test::local_place(), "echo begun\nsleep 600\n");
  const std::string file = local.scripts() + "/" + runtime::action_key(request) + ".out";
  const runtime::ActionRequest::Ticket ticket = request.ticket;
  constexpr int most_calls = 3000;
  int calls = 0;
  request.output = [&](runtime::Stream, std::string_view) {
    if (++calls == most_calls) return;
    const int out = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const std::string more(65536, 'y');
    CHECK(::write(out, more.data(), more.size()) == 65536);
    ::close(out);
  };
  bool done = false;
  local.executor.start(std::move(request), [&](const Completion&) { done = true; });
  local.waiting.until_seen([&] { return calls > 0; });
  CHECK(calls < 100);  // the loop is given back, though there is more
  local.executor.cancel(ticket);
  local.waiting.until([&] { return done; });
  CHECK(calls < most_calls);
}

TEST_CASE("what a script wrote is handed on in pieces, when its end is known", "[local]") {
  test::LocalScripts local;
  const bool cancels = GENERATE(false, true);
  constexpr std::uint64_t size = 4 << 20;
  runtime::ActionRequest request =
      local.requests.script(test::local_place(), fmt::format("head -c {} /dev/zero\n", size));
  const runtime::ActionRequest::Ticket ticket = request.ticket;
  std::uint64_t bytes = 0;
  std::uint64_t left_out = 0;
  std::vector<std::string> heard;
  // Each piece takes longer than the loop is held up for.
  request.output = [&](runtime::Stream, std::string_view piece) {
    bytes += piece.size();
    const base::Instant until = local.waiting.loop.now() + base::Duration{11};
    while (local.waiting.loop.now() < until) {
    }
  };
  request.left_out = [&](std::uint64_t count) { left_out += count; };
  request.ended = [&] {
    heard.emplace_back("ended");
    local.waiting.loop.post([&] {
      heard.emplace_back("others");
      if (cancels) local.executor.cancel(ticket);
    });
  };
  std::optional<Completion> completion;
  local.executor.start(std::move(request), [&](const Completion& how) {
    heard.emplace_back("done");
    completion = how;
  });
  local.waiting.until([&] { return completion.has_value(); });
  CHECK(heard == std::vector<std::string>{"ended", "others", "done"});
  CHECK(completion->exit_code == 0);
  CHECK(completion->outcome == (cancels ? Outcome::Cancelled : Outcome::Succeeded));
  CHECK(bytes + left_out == size);
  CHECK((left_out > 0) == cancels);
}

TEST_CASE("of a flood the middle is left out, and said to be", "[local]") {
  test::LocalScripts local;
  // No byte of it is on the disk.
  auto request = local.requests.script(test::local_place(),
                                       "echo begun\ntruncate -s 900M /proc/self/fd/1\necho end\n");
  test::Words words;
  request.output = [&](runtime::Stream, std::string_view piece) { words.take(piece); };
  request.left_out = [&](std::uint64_t bytes) { words.take(runtime::said_of_left_out(bytes)); };
  bool done = false;
  local.executor.start(std::move(request), [&](const Completion&) { done = true; });
  local.waiting.until([&] { return done; });
  CHECK(words.text.find("bytes of its output are left out here\n") != std::string::npos);
  CHECK(words.text.find("end\n") == words.text.size() - 4);
  CHECK(words.bytes < 400U << 20U);
}

TEST_CASE("a script that is cancelled is ended with what has a group of its own", "[local]") {
  test::LocalScripts local;
  const auto answer = local.requests.start(
      local.executor, local.requests.script(test::local_place(),
                                            "timeout 600 sh -c 'echo $$ > \"$place/pid\"\n"
                                            "exec sleep 600'\n",
                                            {"place=" + local.place.path()}));
  const pid_t apart = local.process_in("pid");
  local.executor.cancel(1);
  local.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(!test::Remote::is_alive(apart));
}

TEST_CASE("scripts of the same text share a file, whatever comes of its names", "[local]") {
  test::LocalScripts local;
  const std::string until = local.place.path() + "/until";
  const std::string body = "echo \"$0\"\nwhile [ -e \"$until\" ]; do sleep 0.02; done\n";
  test::write_text(until, "");
  std::vector<std::shared_ptr<test::Answer>> answers;
  std::vector<runtime::ActionRequest::Ticket> tickets;
  // The file that it runs.
  const auto begin = [&](const std::string& text) {
    auto request = local.requests.script(test::local_place(), text, {"until=" + until});
    tickets.push_back(request.ticket);
    answers.push_back(local.requests.start(local.executor, std::move(request)));
    const std::string& output = answers.back()->output;
    local.waiting.until([&] { return output.find('\n') != std::string::npos; });
    return output.substr(0, output.find('\n'));
  };
  const std::string one = begin(body);
  const std::string two = begin(body);
  CHECK(std::filesystem::equivalent(one, two));
  CHECK(!std::filesystem::equivalent(one, begin(body + "\n")));
  std::filesystem::remove(two);
  CHECK(std::filesystem::equivalent(one, begin(body)));
  // One that writes over its own text: those that come are given theirs.
  test::write_text(one, body + "echo something else\n");
  const std::string other = begin(body);
  CHECK(test::read_text(other) == body);
  CHECK(std::filesystem::equivalent(other, begin(body)));
  std::filesystem::remove(until);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    local.waiting.until([&] { return answers[i]->completion.has_value(); });
    CHECK(answers[i]->completion->outcome == Outcome::Succeeded);
    local.executor.settled(tickets[i]);
  }
  CHECK(local.files() == 0);
}

TEST_CASE("what a script here writes to $SLUICE_OUTPUT comes with its completion", "[local]") {
  test::LocalScripts local;
  const test::Answer answer = local.run("echo 'a=1' > \"$SLUICE_OUTPUT\"\n");
  const std::vector<runtime::Output> expected{{"a", "1"}};
  CHECK(answer.completion->outputs == expected);
  CHECK(local.files() == 0);
}

TEST_CASE("a script that makes something else of $SLUICE_OUTPUT fails, and holds nobody up",
          "[local]") {
  test::LocalScripts local;
  for (const char* body : {"mkfifo \"$SLUICE_OUTPUT\"", "mkdir \"$SLUICE_OUTPUT\"",
                           "ln -s /dev/zero \"$SLUICE_OUTPUT\""}) {
    const test::Answer answer = local.run(body);
    CHECK(answer.completion->outcome == Outcome::Failed);
    CHECK(answer.completion->detail == "what stands at $SLUICE_OUTPUT is no file any more");
  }
}

TEST_CASE("many scripts at once are all begun, however much they are told", "[local]") {
  test::LocalScripts local;
  const std::string much(4'000, 'x');
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (int i = 0; i < 200; ++i) {
    answers.push_back(local.requests.start(
        local.executor, local.requests.script(test::local_place(), "exit 3", {"much=" + much})));
  }
  for (const auto& answer : answers) {
    local.waiting.until([&] { return answer->completion.has_value(); });
    CHECK(answer->completion->exit_code == 3);
  }
}

TEST_CASE("with hardly a descriptor a script runs or is said not to have begun", "[local]") {
  for (std::size_t more = 0; more < 16; ++more) {
    INFO(more);
    test::LocalScripts local;
    std::shared_ptr<test::Answer> answer;
    {
      const test::FewDescriptors few(more);
      answer = local.requests.start(local.executor,
                                    local.requests.script(test::local_place(), "exit 3"));
      local.waiting.until([&] { return answer->completion.has_value(); });
    }
    INFO(answer->completion->detail);
    if (answer->completion->ending == Completion::Ending::Exited) {
      // A shell that cannot open its script says 2.
      CHECK(
          (answer->completion->exit_code == 3 || (more < 8 && answer->completion->exit_code == 2)));
    } else {
      CHECK(answer->completion->ending == Completion::Ending::NotStarted);
      CHECK_FALSE(answer->completion->detail.empty());
    }
    if (more == 15) CHECK(answer->completion->exit_code == 3);
  }
  // Nothing that was to watch over one is left.
  for (const pid_t child : test::children_of(::getpid()))
    CHECK_FALSE(test::Remote::is_alive(child));
}

TEST_CASE("a place for scripts that cannot be made is said, and nothing runs", "[local]") {
  const test::TemporaryDirectory place;
  test::write_text(place.path() + "/file", "");
  test::Waiting waiting;
  test::Requests requests(waiting);
  runtime::LocalExecutor executor(waiting.loop, place.path() + "/file");
  const test::Answer answer =
      requests.run(executor, requests.script(test::local_place(), "echo ran"));
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail == place.path() + "/file is no directory");
}

TEST_CASE("where the run's folder was moved away nothing is begun, and none is made anew",
          "[local]") {
  const test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests(waiting);
  const std::string run = place.path() + "/run";
  runtime::LocalExecutor executor(waiting.loop, run + "/scripts");
  const test::Answer answer =
      requests.run(executor, requests.script(test::local_place(), "echo ran"));
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail == run + " is not there any more");
  CHECK_FALSE(std::filesystem::exists(run));
}

TEST_CASE("files of scripts that have ended become those of others, and none is left", "[local]") {
  test::TemporaryDirectory place;
  const std::string scripts = place.path() + "/scripts";
  test::Waiting waiting;
  test::Requests requests(waiting);
  const auto inodes = [&] {
    std::set<std::uint64_t> numbers;
    for (const auto& entry : std::filesystem::directory_iterator(scripts)) {
      if (entry.path().filename().string().find("spare-") != 0) continue;
      struct stat status{};
      REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
      numbers.insert(status.st_ino);
    }
    return numbers;
  };
  {
    runtime::LocalExecutor executor(waiting.loop, scripts);
    const auto run = [&](const std::string& body) {
      return requests.run(executor, requests.script(test::local_place(), body));
    };
    CHECK(run("echo a first one, that says more than the next\n").output.size() > 20);
    const std::set<std::uint64_t> first = inodes();
    CHECK(first.size() == 2);
    const test::Answer second = run("echo second; exit 3\n");
    CHECK(second.output == "second\n");
    CHECK(second.completion->exit_code == 3);
    CHECK(inodes() == first);
  }
  CHECK(inodes().empty());
}

TEST_CASE("an output that something left behind still writes to becomes nobody else's", "[local]") {
  test::LocalScripts local;
  const std::string go = local.place.path() + "/go";
  const std::string gone = local.place.path() + "/gone";
  ::mkfifo(go.c_str(), 0600);
  const test::Answer first = local.run(
      fmt::format("( read -r l < '{}'; echo late; echo gone > '{}' ) & echo begun\n", go, gone));
  CHECK(first.output == "begun\n");
  const test::Answer second = local.run(
      fmt::format("echo > '{}'; until [ -s '{}' ]; do sleep 0.01; done; echo well\n", go, gone));
  CHECK(second.output == "well\n");
}
