// `sluice init`: what it writes compiles without a warning, simulates, and keeps what it requires.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

namespace {

// The file that `init` writes beside an inventory; its check must be clean and prove the contract.
std::string made_for(const test::TemporaryDirectory& directory, const std::string& inventory) {
  test::write_text(directory.path() + "/hosts.ini", inventory);
  const auto run = [&](const std::vector<std::string>& words) {
    const auto result = test::run_program(words, "", directory.path());
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    return result.out + result.err;
  };
  run({"init", "site.deploy", "--inventory", "hosts.ini"});
  const std::string checked = run({"check", "site.deploy"});
  CHECK(checked.find("warning") == std::string::npos);
  CHECK(checked.find("proved") != std::string::npos);
  run({"fmt", "--check", "site.deploy"});
  run({"simulate", "site.deploy"});
  return test::read_text(directory.path() + "/site.deploy");
}

}  // namespace

TEST_CASE("a first file compiles without a warning, and keeps what it requires") {
  const test::TemporaryDirectory directory;
  const auto run = [&](const std::vector<std::string>& words) {
    return test::run_program(words, "", directory.path());
  };
  CHECK(run({"init"}).status == 0);
  const auto checked = run({"check", "site.deploy"});
  INFO(checked.out << checked.err);
  CHECK(checked.status == 0);
  CHECK((checked.out + checked.err).find("warning") == std::string::npos);
  CHECK((checked.out + checked.err).find("proved") != std::string::npos);
  CHECK(run({"fmt", "--check", "site.deploy"}).status == 0);
  CHECK(run({"init", "-"}).out == test::read_text(directory.path() + "/site.deploy"));
}

TEST_CASE("a file that is there is left as it is") {
  const test::TemporaryDirectory directory;
  test::write_text(directory.path() + "/site.deploy", "mine");
  const auto result = test::run_program({"init"}, "", directory.path());
  CHECK(result.status == 2);
  CHECK(result.err.find("site.deploy is there already") != std::string::npos);
  CHECK(test::read_text(directory.path() + "/site.deploy") == "mine");
}

TEST_CASE("a file for an inventory rolls over its largest group, a quarter at once") {
  const test::TemporaryDirectory directory;
  const std::string text = made_for(directory,
                                    "[db]\ndb1\ndb2\n\n[web-servers]\nweb-[01:12].acme.example\n\n"
                                    "[group:children]\ndb\n[all:vars]\nx=1\n");
  CHECK(text.find("inventory \"hosts.ini\"\n") != std::string::npos);
  CHECK(text.find("on \"web-servers\" window 3 {") != std::string::npos);
  CHECK(text.find("require unavailable(\"web-servers\") <= 3\n") != std::string::npos);
}

TEST_CASE("a single host without a group is enough") {
  const test::TemporaryDirectory directory;
  CHECK(made_for(directory, "localhost ansible_connection=local\n").find("window 1 {") !=
        std::string::npos);
}

TEST_CASE("an inventory that cannot be read, has no host or lies elsewhere is told so") {
  const test::TemporaryDirectory directory;
  const auto init = [&](const std::string& inventory) {
    const auto result =
        test::run_program({"init", "x.deploy", "--inventory", inventory}, "", directory.path());
    CHECK(result.status == 2);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/x.deploy"));
    return result.err;
  };
  CHECK(init("none.ini").find("none.ini") != std::string::npos);
  CHECK(init("/etc/hosts").find("does not lie beneath the folder") != std::string::npos);
  test::write_text(directory.path() + "/empty.ini", "# nothing\n");
  CHECK(init("empty.ini").find("no group with a host in it") != std::string::npos);
}
