// Child processes: how they end, what they write, and that nothing of them is left.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "runtime/process.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/remote.h"

using namespace sluice;
using runtime::ProcessEnd;
using runtime::ProcessOptions;
using runtime::Stream;

namespace {

struct Child {
  runtime::Processes::Handle handle = 0;
  std::string output;
  std::string errors;
  std::uint64_t bytes = 0;
  std::size_t largest = 0;
  int ends = 0;
  ProcessEnd end;
};

struct Children {
  Children() : processes(waiting.loop) {}

  std::shared_ptr<Child> start(ProcessOptions options) {
    auto child = std::make_shared<Child>();
    options.on_output = [child](Stream stream, std::string_view bytes) {
      CHECK(child->ends == 0);
      child->bytes += bytes.size();
      child->largest = std::max(child->largest, bytes.size());
      if (child->bytes < (4U << 20))
        (stream == Stream::Output ? child->output : child->errors) += bytes;
    };
    options.on_end = [child](const ProcessEnd& end) {
      ++child->ends;
      child->end = end;
    };
    child->handle = processes.start(std::move(options));
    CHECK(child->ends == 0);
    return child;
  }
  std::shared_ptr<Child> shell(const std::string& text) {
    ProcessOptions options;
    options.arguments = {"sh", "-c", text};
    options.environment = {"PATH=/usr/bin:/bin"};
    return start(std::move(options));
  }
  void wait_for(const std::shared_ptr<Child>& child) {
    waiting.until([&] { return child->ends > 0; });
    CHECK(child->ends == 1);
  }

  test::Waiting waiting;
  runtime::Processes processes;
};

}  // namespace

TEST_CASE("every exit status of a process is told from every signal", "[process]") {
  // As a shell leaves it that starts us in the background.
  ::signal(SIGQUIT, SIG_IGN);
  Children children;
  std::vector<std::shared_ptr<Child>> exits;
  std::vector<std::shared_ptr<Child>> signals;
  for (int code = 0; code < 256; ++code) {
    exits.push_back(children.shell(fmt::format("exit {}", code)));
    if (code % 32 == 31) children.wait_for(exits.back());
  }
  const std::vector<int> ending{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 34, 64};
  for (const int signal : ending) {
    signals.push_back(children.shell(fmt::format("ulimit -c 0; kill -{} $$", signal)));
  }
  for (std::size_t code = 0; code < exits.size(); ++code) {
    children.wait_for(exits[code]);
    CHECK(exits[code]->end == ProcessEnd{static_cast<int>(code), std::nullopt, ""});
  }
  for (std::size_t i = 0; i < ending.size(); ++i) {
    children.wait_for(signals[i]);
    INFO(ending[i]);
    CHECK(signals[i]->end == ProcessEnd{std::nullopt, ending[i], ""});
  }
  CHECK(test::children_of(::getpid()).empty());
  ::signal(SIGQUIT, SIG_DFL);
}

TEST_CASE("a program that is not there says so, and did not run", "[process]") {
  Children children;
  ProcessOptions options;
  options.arguments = {"no-such-program"};
  const auto child = children.start(std::move(options));
  children.wait_for(child);
  CHECK(child->end.not_started == "cannot start `no-such-program`: No such file or directory");
  CHECK(!child->end.exit_code);
  CHECK(!child->end.signal);
}

TEST_CASE("a process gets the environment that it is given, and no input", "[process]") {
  Children children;
  ProcessOptions options;
  options.arguments = {"env"};
  options.environment = {"A=1", "B=two words"};
  const auto child = children.start(std::move(options));
  children.wait_for(child);
  CHECK(child->output == "A=1\nB=two words\n");
  // Nothing that was opened here goes along: what we were given ourselves is counted before.
  const auto listing = [&] {
    const auto reader = children.shell("cat; readlink /proc/self/fd/0; ls /proc/self/fd | wc -l");
    children.wait_for(reader);
    return reader->output;
  };
  const std::string alone = listing();
  CHECK(alone.find("/dev/null\n") == 0);
  const auto other = children.shell("echo up; sleep 600");
  children.waiting.until([&] { return other->output == "up\n"; });
  CHECK(listing() == alone);
}

TEST_CASE("input goes through whole, in both directions at once", "[process]") {
  Children children;
  ProcessOptions options;
  options.arguments = {"cat"};
  for (int line = 0; options.input.size() < (1U << 20); ++line)
    options.input += fmt::format("{}\n", line);
  const std::string input = options.input;
  const auto child = children.start(std::move(options));
  children.wait_for(child);
  CHECK((child->output == input));
  const auto deaf = children.shell("exec <&-; exit 3");
  children.wait_for(deaf);
  CHECK(deaf->end.exit_code == 3);
}

TEST_CASE("streams stay apart, or come in their order through one", "[process]") {
  Children children;
  const auto apart = children.shell("echo out; echo err >&2");
  children.wait_for(apart);
  CHECK(apart->output == "out\n");
  CHECK(apart->errors == "err\n");
  ProcessOptions options;
  options.arguments = {"sh", "-c", "for i in 1 2 3 4 5; do echo $i; echo e$i >&2; done"};
  options.merge_errors = true;
  const auto merged = children.start(std::move(options));
  children.wait_for(merged);
  CHECK(merged->output == "1\ne1\n2\ne2\n3\ne3\n4\ne4\n5\ne5\n");
}

namespace {

// A session of which two write their numbers down before it says that it is ready.
struct Deaf {
  explicit Deaf(const std::string& script) {
    ProcessOptions options;
    options.arguments = {"sh", "-c",
                         script +
                             "until [ -s pid1 ] && [ -s pid2 ]; do sleep 0.01; done\n"
                             "echo ready\nwhile :; do sleep 1; done"};
    options.environment = {"PATH=/usr/bin:/bin"};
    options.directory = place.path();
    options.grace = base::Duration{100};
    first = children.start(std::move(options));
    children.waiting.until([&] { return first->output == "ready\n"; });
  }
  void terminate() { children.processes.terminate(first->handle); }
  void check_all_gone() {
    children.wait_for(first);
    for (const char* name : {"/pid1", "/pid2"}) {
      CHECK(!test::Remote::is_alive(std::atoi(test::read_text(place.path() + name).c_str())));
    }
  }

  test::TemporaryDirectory place;
  Children children;
  std::shared_ptr<Child> first;
};

}  // namespace

TEST_CASE("terminating ends all of a session that ignores TERM, and tells when it is so",
          "[process]") {
  Deaf session(
      "trap '' TERM\n"
      "( while :; do sleep 1; done ) & echo $! > pid1\n"
      "( ( while :; do sleep 1; done ) & echo $! > pid2; wait ) &\n");
  session.terminate();
  session.terminate();
  session.check_all_gone();
  CHECK(session.first->end.signal == SIGKILL);
  session.terminate();  // ended: left alone
}

TEST_CASE("terminating ends what has a group of its own in the session", "[process]") {
  // `timeout` makes itself a group before it begins what it bounds.
  Deaf session(
      "timeout 600 sh -c 'echo $$ > pid1; exec sleep 600' &\n"
      "timeout 600 sh -c 'trap \"\" TERM; echo $$ > pid2\n"
      "while :; do sleep 1; done' &\n");
  session.terminate();
  session.check_all_gone();
}

TEST_CASE("a grace is given: what ends on TERM ends itself", "[process]") {
  Children children;
  const auto child =
      children.shell("trap 'echo tidied; exit 6' TERM; echo ready; while :; do sleep 0.01; done");
  children.waiting.until([&] { return child->output == "ready\n"; });
  children.processes.terminate(child->handle);
  children.wait_for(child);
  CHECK(child->output == "ready\ntidied\n");
  CHECK(child->end.exit_code == 6);
}

TEST_CASE("a process in the background does not hold up the end of the first", "[process]") {
  const test::TemporaryDirectory place;
  Children children;
  const auto child =
      children.shell(fmt::format("sleep 600 & echo $! > {}/pid; echo done", place.path()));
  children.wait_for(child);
  CHECK(child->output == "done\n");
  const int left = std::atoi(test::read_text(place.path() + "/pid").c_str());
  REQUIRE(left > 1);
  CHECK(::kill(left, SIGKILL) == 0);
}

TEST_CASE("much output passes through little memory", "[process]") {
  Children children;
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  constexpr std::uint64_t much = 256U << 20;
  const auto child = children.shell(fmt::format("head -c {} /dev/zero", much));
  children.wait_for(child);
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(child->bytes == much);
  CHECK(child->largest <= 65536);
  constexpr long most_kilobytes = 32 * 1024;
  CHECK(after.ru_maxrss - before.ru_maxrss < most_kilobytes);
}

TEST_CASE("with few descriptors processes wait for one another, and each begins once",
          "[process]") {
  const test::TemporaryDirectory place;
  Children children;
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  rlimit few = usual;
  few.rlim_cur = 48;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<std::shared_ptr<Child>> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(
        children.shell(fmt::format("echo {0}; echo {0} >> {1}/effects", i, place.path())));
  for (std::size_t i = 0; i < all.size(); ++i) {
    children.wait_for(all[i]);
    CHECK(all[i]->output == fmt::format("{}\n", i));
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
  const std::string effects = test::read_text(place.path() + "/effects");
  CHECK(std::count(effects.begin(), effects.end(), '\n') == 100);
}

TEST_CASE("processes that still run are ended with their owner, and reaped", "[process]") {
  const test::TemporaryDirectory place;
  pid_t child = 0;
  {
    Children children;
    const auto running =
        children.shell(fmt::format("echo $$ > {}/pid; echo up; exec sleep 600", place.path()));
    children.waiting.until([&] { return running->output == "up\n"; });
    child = std::atoi(test::read_text(place.path() + "/pid").c_str());
    REQUIRE(test::Remote::is_alive(child));
  }
  CHECK(!std::filesystem::exists(fmt::format("/proc/{}", child)));
}

TEST_CASE("what would make a shell run other code first is not inherited", "[process]") {
  ::setenv("BASH_ENV", "/tmp/evil", 1);
  ::setenv("ENV", "/tmp/evil", 1);
  ::setenv("BASH_FUNC_ls%%", "() { id; }", 1);
  ::setenv("SLUICE_TEST_KEPT", "yes", 1);
  const std::vector<std::string> kept = runtime::inherited_environment();
  int wanted = 0;
  for (const std::string& entry : kept) {
    CHECK(entry.find("evil") == std::string::npos);
    CHECK(entry.find("BASH_FUNC") != 0);
    wanted += entry == "SLUICE_TEST_KEPT=yes" ? 1 : 0;
  }
  CHECK(wanted == 1);
  for (const char* name : {"BASH_ENV", "ENV", "BASH_FUNC_ls%%", "SLUICE_TEST_KEPT"})
    ::unsetenv(name);
}

TEST_CASE("signals are named, also those without a name", "[process]") {
  CHECK(runtime::signal_name(15) == "SIGTERM");
  CHECK(runtime::signal_name(9) == "SIGKILL");
  CHECK(runtime::signal_name(40) == "signal 40");
  CHECK(runtime::describe({std::nullopt, 11, ""}) == "ended by SIGSEGV");
  CHECK(runtime::describe({7, std::nullopt, ""}) == "exit status 7");
}
