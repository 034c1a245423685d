// The lease of a controller that was killed, and of its children that still hold it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>
#include <utility>

#include "runtime/runs.h"
#include "support/golden.h"

using namespace sluice;
using runtime::Lease;

namespace {

// A process that took the lease and is gone, with a child that holds it until `let_go` is closed.
struct Killed {
  test::TemporaryDirectory directory;
  pid_t child = 0;
  int let_go = -1;

  Killed() {
    int ends[2];
    int told[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::pipe(told) == 0);
    const pid_t holder = ::fork();
    if (holder == 0) hold(ends, told);
    ::close(ends[0]);
    let_go = ends[1];
    REQUIRE(::read(told[0], &child, sizeof child) == sizeof child);
    REQUIRE(::waitpid(holder, nullptr, 0) == holder);
  }
  ~Killed() {
    if (let_go >= 0) ::close(let_go);
  }

  [[noreturn]] void hold(const int (&ends)[2], const int (&told)[2]) const {
    const auto lease = Lease::take(directory.path(), "Site", "",
                                   fmt::format("ada, process {} on here", ::getpid()));
    ::close(ends[1]);
    const pid_t mine = ::fork();
    if (mine == 0) {
      char nothing = 0;
      while (::read(ends[0], &nothing, 1) > 0) {
      }
      ::_exit(0);
    }
    const bool well = lease && ::write(told[1], &mine, sizeof mine) == sizeof mine;
    ::_exit(well ? 0 : 1);
  }
};

}  // namespace

TEST_CASE("who resumes the run of a killed controller waits for its children to let go") {
  Killed killed;
  std::thread release([&] { ::close(std::exchange(killed.let_go, -1)); });
  const auto lease = Lease::take(killed.directory.path(), "Site", "", "grace, process 1 on here");
  release.join();
  CHECK(lease.ok());
}

TEST_CASE("a child of a killed controller that does not let go is not waited for for ever") {
  const Killed killed;
  const auto lease = Lease::take(killed.directory.path(), "Site", "", "grace, process 1 on here");
  REQUIRE_FALSE(lease.ok());
  CHECK(lease.error().message.find("is being carried out already: ada") != std::string::npos);
}

TEST_CASE("one that has just begun is waited for, to say who it is") {
  const test::TemporaryDirectory place;
  {
    REQUIRE(Lease::take(place.path(), "Site", "", "ada").ok());
  }
  const std::string path =
      std::filesystem::directory_iterator(place.path() + "/leases")->path().string();
  const int held = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_TRUNC);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  const int seen = ::inotify_init1(IN_CLOEXEC);
  REQUIRE(::inotify_add_watch(seen, path.c_str(), IN_OPEN) >= 0);
  std::thread holder([&] {
    std::array<char, 256> event{};
    const bool opened = ::read(seen, event.data(), event.size()) > 0;
    if (opened) (void)!::pwrite(held, "grace", 5, 0);
  });
  const auto lease = Lease::take(place.path(), "Site", "", "bob");
  holder.join();
  REQUIRE_FALSE(lease.ok());
  CHECK(lease.error().message == "`Site` is being carried out already: grace");
  ::close(held);
  ::close(seen);
}

TEST_CASE("a link leads to the runs where it and what it leads to are one's own") {
  const test::TemporaryDirectory place;
  const std::string there = place.path() + "/there";
  const std::string link = place.path() + "/link";
  std::filesystem::create_directory(there);
  std::filesystem::create_directory_symlink("there", link);
  CHECK(Lease::take(link, "Site", "", "ada").ok());
  CHECK(std::filesystem::exists(there + "/leases"));
  if (::geteuid() != 0) return;
  constexpr unsigned int nobody = 65534;
  REQUIRE(::lchown(link.c_str(), nobody, nobody) == 0);
  const auto planted = Lease::take(link, "Site", "", "ada");
  REQUIRE_FALSE(planted.ok());
  CHECK(planted.error().message == link + " is a link that somebody else made");
  REQUIRE(::lchown(link.c_str(), 0, 0) == 0);
  REQUIRE(::chown(there.c_str(), nobody, nobody) == 0);
  const auto foreign = Lease::take(link, "Site", "", "ada");
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().message == "the directory " + link + " belongs to " +
                                       runtime::user_name(nobody) + ", who alone may use it");
}
