// Where `-o` leads: files are replaced whole, and what is no file stays what it is.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

namespace {

struct Folder {
  Folder() { test::write_text(file(), "deployment \"A\"\nstep \"S\" { run \"true\" takes 1s }\n"); }
  std::string file() const { return place.path() + "/a.deploy"; }
  std::string at(const std::string& name) const { return place.path() + "/" + name; }
  int plan(const std::string& out) const {
    return test::run_program({"plan", file(), "-o", out}).status;
  }
  test::TemporaryDirectory place;
};

}  // namespace

TEST_CASE("a device or a pipe is written to, and not replaced by a file of its name") {
  const Folder folder;
  const std::string pipe = folder.at("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  CHECK(folder.plan(pipe) == 0);
  struct stat status{};
  REQUIRE(::lstat(pipe.c_str(), &status) == 0);
  CHECK(S_ISFIFO(status.st_mode));
  char first = 0;
  CHECK(::read(reader, &first, 1) == 1);
  CHECK(first == '{');
  ::close(reader);
}

TEST_CASE("a file is replaced where its link leads, and keeps who may read it") {
  const Folder folder;
  test::write_text(folder.at("real.plan"), "old");
  std::filesystem::permissions(folder.at("real.plan"), std::filesystem::perms::owner_read |
                                                           std::filesystem::perms::owner_write);
  std::filesystem::create_symlink("real.plan", folder.at("link.plan"));
  CHECK(folder.plan(folder.at("link.plan")) == 0);
  CHECK(std::filesystem::is_symlink(folder.at("link.plan")));
  CHECK(test::read_text(folder.at("real.plan")).find("{\"schema\"") == 0);
  struct stat status{};
  REQUIRE(::stat(folder.at("real.plan").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.place.path()), {}) == 3);
}

TEST_CASE("a file that is replaced is still its group's to write, and its owner's") {
  const Folder folder;
  const std::string out = folder.at("shared.plan");
  test::write_text(out, "old");
  REQUIRE(::chmod(out.c_str(), 0664) == 0);
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(out.c_str(), 1, 1) == 0);
  const mode_t before = ::umask(022);
  CHECK(folder.plan(out) == 0);
  ::umask(before);
  CHECK(test::read_text(out).find("{\"schema\"") == 0);
  struct stat status{};
  REQUIRE(::stat(out.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0664);
  CHECK(status.st_uid == (root ? 1 : ::geteuid()));
}
