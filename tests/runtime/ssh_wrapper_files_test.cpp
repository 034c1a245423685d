// The text that runs on ssh hosts: what is read of its files, and when they go.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"

using namespace sluice;
using runtime::request_cancel;
using runtime::request_follow;
using runtime::request_forget;
using runtime::request_rest;
using test::HostShell;
using test::nonce;
using test::Session;
using Kind = runtime::WrapperAnswer::Kind;

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
