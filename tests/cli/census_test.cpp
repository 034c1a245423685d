// `sluice census`: what stands on the targets, asked outside of any run.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

namespace {

constexpr const char* farm = R"(deployment "Site"
variable version = "42"
role web {
  target "web-[1..3]" connect local
  target "far" { address = "127.0.0.1" connect ssh { port = 1 } }
}
role db { target "db-1" connect local }
step "Put the site in place" on web window 2 {
  unreachable skip
  step "Write" {
    run "echo \"$version\" > \"$target_name\"; echo run >> ledger"
    verify { run "cat \"$target_name\"; grep -qx \"$version\" \"$target_name\"" }
  }
}
step "Migrate" on db { run "echo run >> ledger" }
)";

struct Site {
  test::TemporaryDirectory directory;
  std::string file = directory.path() + "/site.deploy";

  Site() {
    test::write_text(file, farm);
    test::write_text(directory.path() + "/web-1", "42\n");
    test::write_text(directory.path() + "/web-2", "41\n");
  }
  test::ProgramResult run(const std::vector<std::string>& words) const {
    return test::run_program(words, "", directory.path());
  }
};

}  // namespace

TEST_CASE("a census makes a private directory, and beside another one says that it is no run") {
  const Site site;
  CHECK(site.run({"census", site.file}).status == 3);
  struct stat status{};
  REQUIRE(::stat((site.directory.path() + "/.sluice").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  const std::filesystem::directory_iterator leases(site.directory.path() +
                                                   "/.sluice/census/leases");
  const int lease = ::open(leases->path().c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(lease, LOCK_EX | LOCK_NB) == 0);
  const auto second = site.run({"census", site.file});
  ::close(lease);
  CHECK(second.status == 2);
  CHECK(second.err.find("one census at a time: `Site` is being carried out") != std::string::npos);
}

TEST_CASE("a census tells what is in place, what is not, and what nobody knows") {
  const Site site;
  const auto result = site.run({"census", site.file});
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK(result.err.empty());
  CHECK(result.out.find("census of `Site`: 5 targets, 1 in place, 2 not in place, 2 not known\n") ==
        0);
  CHECK(result.out.find("web-2  not in place  Put the site in place/Write: exit status 1\n"
                        "    | 41\n") != std::string::npos);
  CHECK(result.out.find("far    not known     Put the site in place/Write: cannot connect") !=
        std::string::npos);
  CHECK(result.out.find("db-1   not known     no step that works on it says how") !=
        std::string::npos);
  CHECK(result.out.find("in place: web-1\n") != std::string::npos);
}

TEST_CASE("a census carries out nothing but what verifies, and is no run of the deployment") {
  const Site site;
  site.run({"census", site.file});
  CHECK_FALSE(std::filesystem::exists(site.directory.path() + "/ledger"));
  const auto status = site.run({"status", "--state", site.directory.path() + "/.sluice"});
  CHECK(status.err.find("there are no runs") != std::string::npos);
}

TEST_CASE("a census says nothing of how long its questions take beside what they were to") {
  const Site site;
  test::write_text(site.file, R"(deployment "Site"
role web { target "web-1" connect local }
step "Write" on web { run "true" verify { run "true" takes 1h } }
)");
  const auto result = site.run({"census", site.file});
  CHECK(result.status == 0);
  CHECK(result.err.empty());
}

TEST_CASE("the classes of a census as JSON count each target once") {
  const Site site;
  const auto result = site.run({"census", site.file, "--format", "json"});
  INFO(result.out << result.err);
  CHECK(result.out.find(R"("census":{"verified":1,"failed":2,"skipped":0,"excluded":0,)"
                        R"("left_behind":0,"not_started":0,"unknown":2})") != std::string::npos);
  const auto targets = [&](const std::string& state) {
    const std::string wanted = "],\"state\":\"" + state + "\"";
    int count = 0;
    for (std::size_t at = 0; (at = result.out.find(wanted, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  CHECK(targets("verified") == 1);
  CHECK(targets("failed") == 2);
  CHECK(targets("unknown") == 2);
}

TEST_CASE("where all is in place a census says so, also of a saved plan after its run") {
  const Site site;
  test::write_text(site.file,
                   "deployment \"Site\"\nrole web { target \"web-[1..3]\" connect local }\n"
                   "step \"Write\" on web { run \"echo 7 > \\\"$target_name\\\"\"\n"
                   "  verify { run \"grep -qx 7 \\\"$target_name\\\"\" } }\n");
  CHECK(site.run({"plan", site.file, "-o", "site.plan"}).status == 0);
  CHECK(site.run({"census", "site.plan"}).status == 3);
  CHECK(site.run({"run", "site.plan", "--yes"}).status == 0);
  const auto result = site.run({"census", "site.plan"});
  CHECK(result.status == 0);
  CHECK(result.out ==
        "census of `Site`: 3 targets, 3 in place\n\n  in place: web-1, web-2, web-3\n");
}

TEST_CASE("the controller counts in a census where something is verified there") {
  const Site site;
  const std::string web =
      "deployment \"Site\"\nrole web { target \"web-1\" connect local }\n"
      "step \"Write\" on web { run \"true\" verify { run \"true\" } }\n";
  test::write_text(site.file, web + "step \"Tell\" { run \"true\" }\n");
  auto result = site.run({"census", site.file});
  CHECK(result.out == "census of `Site`: 1 target, 1 in place\n\n  in place: web-1\n");
  CHECK(result.status == 0);
  test::write_text(site.file, web + "step \"Tell\" { run \"true\" verify { run \"false\" } }\n");
  result = site.run({"census", site.file});
  CHECK(result.out.find("  controller  not in place  Tell: exit status 1\n") != std::string::npos);
  CHECK(result.status == 3);
}

TEST_CASE("a file in which nothing is verified has no census, and is told what one needs") {
  const Site site;
  test::write_text(site.file, "deployment \"Site\"\nstep \"A\" { run \"true\" }\n");
  const auto result = site.run({"census", site.file});
  CHECK(result.status == 2);
  CHECK(result.err.find("no step of it says how its work is verified") != std::string::npos);
}

TEST_CASE("what the census at the end of a run does not find is told as such") {
  const Site site;
  test::write_text(site.file,
                   "deployment \"Site\"\nrole web { target \"web-1\" connect local }\n"
                   "step \"Write\" on web { run \"rm web-1\"\n"
                   "  verify { run \"test ! -e web-1; echo > web-1\" } }\n");
  const auto result = site.run({"run", site.file, "--yes"});
  INFO(result.err);
  CHECK(result.status != 0);
  CHECK(result.err.find("`Write verify` failed") != std::string::npos);
  CHECK(result.err.find(": at the end `Write verify` failed on `web-1`, attempt 1 of 1: ") !=
        std::string::npos);
  CHECK(result.err.find(": `Write verify` failed") == std::string::npos);
}
