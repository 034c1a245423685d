// Where the sockets are: private, and what programs that were killed have left goes.
#include "cli/socket_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "support/golden.h"

using namespace sluice;
namespace fs = std::filesystem;

namespace {

void make_old(const std::string& path) {
  const timespec times[] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

std::string left_directory(const std::string& place, const std::string& name) {
  std::string path = place + "/" + name;
  fs::create_directory(path);
  test::write_text(path + "/a.config", "");
  make_old(path);
  return path;
}

}  // namespace

TEST_CASE("a directory of sockets is private, and goes with who made it") {
  const test::TemporaryDirectory place;
  std::string path;
  {
    const cli::SocketDirectory sockets(place.path());
    path = sockets.path();
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    test::write_text(path + "/a.config", "");
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a directory of sockets that a killed program has left is removed by the next") {
  const test::TemporaryDirectory place;
  const std::string left = left_directory(place.path(), "sluice-ssh-aaaaaa");
  const std::string other = left_directory(place.path(), "sluice-bench-aaaaaa");
  const std::string fresh = place.path() + "/sluice-ssh-bbbbbb";
  fs::create_directory(fresh);
  const std::string meant = left_directory(place.path(), "elsewhere");
  const std::string link = place.path() + "/sluice-ssh-cccccc";
  fs::create_directory_symlink(meant, link);
  const cli::SocketDirectory sockets(place.path());
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(other));
  CHECK(fs::exists(fresh));
  CHECK(fs::exists(meant + "/a.config"));
  CHECK(fs::is_symlink(link));
}

TEST_CASE("a directory of sockets stays for as long as its program lives, however old it is") {
  const test::TemporaryDirectory place;
  const cli::SocketDirectory first(place.path());
  test::write_text(first.path() + "/a.config", "");
  make_old(first.path());
  const cli::SocketDirectory second(place.path());
  CHECK(fs::exists(first.path() + "/a.config"));
}

TEST_CASE("where there is no place for sockets their directory is none") {
  const test::TemporaryDirectory place;
  CHECK(cli::SocketDirectory(place.path() + "/nowhere").path().empty());
}
