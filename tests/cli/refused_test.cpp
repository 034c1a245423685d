// What this machine cannot carry out is compiled, planned and simulated, and refused by `run`, or
// fails with the reason.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"
#include "support/set_variable.h"
#include "support/sshd.h"

using namespace sluice;

namespace {

// Checked and simulated well; then run where no program is to be found.
test::ProgramResult run_without_programs(const test::TemporaryDirectory& directory,
                                         const std::string& rest) {
  const std::string file = directory.path() + "/web.deploy";
  test::write_text(file, "deployment \"Acme\"\n" + rest);
  CHECK(test::run_program({"check", file}).status == 0);
  CHECK(test::run_program({"simulate", file}).status == 0);
  const test::SetVariable search("PATH", directory.path());
  return test::run_program({"run", file, "--yes"}, "", directory.path());
}

}  // namespace

TEST_CASE("a plan that needs a program that is not here is refused before anything begins") {
  for (const auto& [run, program] :
       {std::pair<std::string, std::string>{"run script \"Get-Date\" { shell = \"powershell\" }",
                                            "pwsh"},
        {"run azure_script \"Get-AzVM\" { subscription = \"s\" }", "pwsh"},
        {"run azure_script \"az vm list\" { subscription = \"s\" shell = \"bash\" }", "az"},
        {"run service_fabric_script \"Get\" { endpoint = \"fabric:19000\" }", "pwsh"},
        {"run \"true\" verify { run script \"Get-Date\" { shell = \"powershell\" } }", "pwsh"}}) {
    const test::TemporaryDirectory directory;
    INFO(run);
    const auto result = run_without_programs(
        directory, "step \"Before\" { run \"touch ran\" }\nstep \"A\" { " + run + " }\n");
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(result.err.find("web.deploy:3:") != std::string::npos);
    CHECK(result.err.find("` needs what is not here: `" + program + "`") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/ran"));
  }
}

TEST_CASE("what PowerShell carries out on a target that is this machine fails without it") {
  for (const char* run : {"run windows_service { name = \"s\" executable = \"C:\\\\s.exe\" }",
                          "run iis { site = \"s\" path = \"C:\\\\s\" }",
                          "run script \"Get-Date\" { shell = \"powershell\" }"}) {
    const test::TemporaryDirectory directory;
    INFO(run);
    const auto result = run_without_programs(
        directory,
        "role here { target \"localhost\" }\nstep \"A\" on here { " + std::string(run) + " }\n");
    INFO(result.err);
    CHECK(result.status == 1);
    CHECK(result.err.find("cannot start `pwsh`: No such file or directory") != std::string::npos);
  }
}

TEST_CASE(
    "a release whose archive is missing, changed or hostile is refused before anything begins") {
  const test::TemporaryDirectory directory;
  const std::string file = directory.path() + "/web.deploy";
  const auto run = [&](const std::vector<std::string>& words) {
    const auto result = test::run_program(words, "", directory.path());
    INFO(result.err);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/ran"));
    CHECK(result.status == 2);
    return result.err;
  };
  test::write_text(file,
                   "deployment \"Acme\"\nstep \"Before\" { run \"touch ran\" }\nstep \"A\" { run "
                   "package { source = \"dist/a.tar.gz\" to = \"/srv\" } }\n");
  CHECK(test::run_program({"simulate", file}).status == 0);
  CHECK(run({"run", file, "--yes"}).find("dist/a.tar.gz: No such file or directory") !=
        std::string::npos);

  std::filesystem::create_directories(directory.path() + "/dist");
  const auto pack = [&](const std::string& command) {
    REQUIRE(test::run_quietly({"/bin/sh", "-c", "cd \"$0\" && " + command, directory.path()}) == 0);
  };
  pack("echo one > file && tar -czf dist/a.tar.gz file");
  CHECK(test::run_program({"plan", file, "-o", directory.path() + "/web.plan"}).status == 0);
  pack("echo two > file && tar -czf dist/a.tar.gz file");
  const std::string changed = run({"run", directory.path() + "/web.plan", "--yes"});
  CHECK(changed.find("web.deploy:3:") != std::string::npos);
  CHECK(changed.find("dist/a.tar.gz is not the archive that the plan was made for") !=
        std::string::npos);

  pack("tar -czPf dist/a.tar.gz --transform 's,^,../,' file");
  CHECK(run({"run", file, "--yes"})
            .find("dist/a.tar.gz is refused: `../file`: its path leads out of the archive") !=
        std::string::npos);

  test::write_text(
      file,
      "deployment \"Acme\"\nstep \"A\" { run package { source = \"dist/a.tar.gz\" to = "
      "\"/srv\" sha256 = \"" +
          std::string(64, 'a') + "\" } }\n");
  CHECK(run({"check", file}).find("the SHA-256 of dist/a.tar.gz is ") != std::string::npos);
  test::write_text(
      file,
      "deployment \"Acme\"\nstep \"A\" { run package { source = \"/etc/../proc/version.zip\" "
      "to = \"srv\" } }\n");
  CHECK(run({"check", file}).find("it is an absolute path") != std::string::npos);
  for (const char* to : {"/", "//", "/./.."}) {
    test::write_text(file,
                     std::string("deployment \"Acme\"\nstep \"A\" { run package {\n  source = "
                                 "\"dist/a.tar.gz\"\n  to = \"") +
                         to + "\"\n} }\n");
    const std::string said = run({"check", file});
    INFO(said);
    CHECK(said.find("web.deploy:4:") != std::string::npos);
    CHECK(said.find("releases have a folder of their own, as in `/srv/acme`") != std::string::npos);
  }
}

TEST_CASE("a folder for releases that is known late and is none fails its step") {
  const test::TemporaryDirectory directory;
  REQUIRE(test::run_quietly({"/bin/sh", "-c",
                             "cd " + directory.path() +
                                 " && echo one > file && "
                                 "tar -czf a.tar.gz file"}) == 0);
  test::write_text(directory.path() + "/web.deploy", R"(deployment "Acme"
step "Ask" { run "echo folder=/ >> $SLUICE_OUTPUT"  gives folder = "/srv" }
step "A" { run package { source = "a.tar.gz"  to = steps["Ask"].outputs.folder } }
)");
  const auto result = test::run_program({"run", "web.deploy", "--yes"}, "", directory.path());
  INFO(result.err);
  CHECK(result.status == 1);
  CHECK(result.err.find("`A` failed on `controller`, attempt 1 of 1: `/` is no absolute path of a "
                        "folder for releases alone") != std::string::npos);
}
