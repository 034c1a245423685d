// The files that a `.deploy` file names, on a real disk: what lies outside is refused, and programs
// are held to their time and their bytes.
#include "cli/file_reader.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

namespace {

struct Tree {
  test::TemporaryDirectory folder;
  std::string root = folder.path() + "/root";

  Tree() {
    std::filesystem::create_directories(root + "/lib");
    test::write_text(root + "/web.deploy", "deployment \"Acme\"\n");
    test::write_text(root + "/lib/a.deploy", "a");
    test::write_text(folder.path() + "/secret", "secret");
    std::filesystem::create_symlink("../secret", root + "/out");
    std::filesystem::create_symlink("lib/a.deploy", root + "/in");
  }

  void program(const std::string& name, const std::string& body) const {
    test::write_text(root + "/" + name, "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(root + "/" + name, std::filesystem::perms::owner_all);
  }
  cli::FolderReader reader(cli::FolderReader::Limits limits = {}) const {
    return cli::FolderReader(root + "/web.deploy", "", true, limits);
  }
};

std::string problem(base::Result<std::string> result) {
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("files are read beneath the main file's folder alone, links followed") {
  const Tree tree;
  cli::FolderReader reader = tree.reader();
  const std::string main = reader.main_path();
  CHECK(reader.read(main, "lib/a.deploy", 100).value().text == "a");
  const auto linked = reader.read(main, "in", 100);
  CHECK(linked.value().text == "a");
  CHECK(linked.value().path == reader.read(main, "lib/a.deploy", 100).value().path);
  CHECK(reader.read(linked.value().path, "../lib/a.deploy", 100).value().text == "a");
  for (const char* path : {"out", "../secret", "/etc/passwd", "lib/../../secret"}) {
    INFO(path);
    const auto read = reader.read(main, path, 100);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.find("lies outside of") != std::string::npos);
  }
  CHECK_FALSE(reader.read(main, "lib", 100));
  CHECK_FALSE(reader.read(main, "/dev/zero", 100));
  cli::FolderReader wider(tree.root + "/web.deploy", tree.folder.path(), false);
  CHECK(wider.read(main, "../secret", 100).value().text == "secret");
}

TEST_CASE("a program is given its time and its bytes, and no more") {
  const Tree tree;
  tree.program("good.sh", "echo \"{}\"");
  tree.program("bad.sh", "echo why >&2; exit 3");
  tree.program("endless.sh", "exec cat /dev/zero");
  tree.program("hangs.sh", "exec sleep 1000");
  tree.program("leaves.sh", "sleep 1000 & echo \"{}\"");
  cli::FolderReader reader = tree.reader({std::chrono::milliseconds(60'000), 1'000'000});
  const auto run = [&](cli::FolderReader& with, const char* name) {
    const auto file = with.read(with.main_path(), name, 100);
    REQUIRE(file);
    CHECK(file.value().program);
    CHECK(file.value().text.starts_with("#!"));
    return with.run(file.value().path);
  };
  CHECK(run(reader, "good.sh").value() == "{}\n");
  CHECK(run(reader, "leaves.sh").value() == "{}\n");
  CHECK(problem(run(reader, "bad.sh")).find("ended with status 3: why") != std::string::npos);
  CHECK(problem(run(reader, "endless.sh")).find("printed more than 1000000 bytes") !=
        std::string::npos);
  cli::FolderReader hasty = tree.reader({std::chrono::milliseconds(100), 1'000'000});
  CHECK(problem(run(hasty, "hangs.sh")).find("took longer than 0.1 s") != std::string::npos);
}
