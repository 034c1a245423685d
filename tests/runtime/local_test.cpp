// Scripts on the controller itself.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/local.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;

namespace {

struct Local {
  Local() : requests(waiting), executor(waiting.loop, scripts()) {}

  // Of scripts: all but the supervisor's.
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scripts())) {
      count += entry.path().filename().string().find("supervisor-") == 0 ? 0U : 1U;
    }
    return count;
  }
  std::string scripts() const { return place.path() + "/scripts"; }
  test::Answer run(const std::string& body, std::vector<std::string> environment = {}) {
    return requests.run(executor,
                        requests.script(test::local_place(), body, std::move(environment)));
  }

  test::TemporaryDirectory place;
  test::Waiting waiting;
  test::Requests requests;
  runtime::LocalExecutor executor;
};

}  // namespace

TEST_CASE("a script runs here with its variables, and leaves no file", "[local]") {
  Local local;
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
  Local local;
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
  Local local;
  runtime::ActionRequest request =
      local.requests.script(test::local_place(), "printf '%s|' \"$@\"; pwd\n");
  request.attributes.push_back(test::list_attribute("args", {"-n", "a b", "", "c\nd"}));
  request.attributes.push_back(test::text_attribute("directory", "/usr/share"));
  CHECK(local.requests.run(local.executor, request).output == "-n|a b||c\nd|/usr/share\n");
  request = local.requests.script(test::local_place(), "echo ran\n");
  request.attributes.push_back(test::text_attribute("directory", "/nowhere/at/all"));
  const test::Answer nowhere = local.requests.run(local.executor, request);
  CHECK(nowhere.completion->ending == Completion::Ending::NotStarted);
  CHECK(nowhere.output.empty());
}

TEST_CASE("the environment of the program reaches a script below what it is given", "[local]") {
  ::setenv("sluice_test_below", "from below", 1);
  ::setenv("sluice_test_over", "from below", 1);
  Local local;
  const test::Answer answer =
      local.run("echo \"$sluice_test_below, $sluice_test_over\"; env | grep -c sluice_test_over=\n",
                {"sluice_test_over=from above"});
  CHECK(answer.output == "from below, from above\n1\n");
  ::unsetenv("sluice_test_below");
  ::unsetenv("sluice_test_over");
}

TEST_CASE("a script that is cancelled is ended with all that it started", "[local]") {
  Local local;
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

TEST_CASE("what a script here writes to $SLUICE_OUTPUT comes with its completion", "[local]") {
  Local local;
  const test::Answer answer = local.run("echo 'a=1' > \"$SLUICE_OUTPUT\"\n");
  const std::vector<runtime::Output> expected{{"a", "1"}};
  CHECK(answer.completion->outputs == expected);
  CHECK(local.files() == 0);
}

TEST_CASE("many scripts at once are all begun, however much they are told", "[local]") {
  Local local;
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
