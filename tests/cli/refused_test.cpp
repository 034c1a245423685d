// What cannot be carried out yet is compiled, planned and simulated, and refused by `run` before
// anything is started.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

TEST_CASE("a plan that holds what cannot be carried out is simulated, and never begun") {
  for (const char* run :
       {"run package { source = \"a.zip\" to = \"/srv\" }",
        "run windows_service { name = \"s\" executable = \"s.exe\" }",
        "run script \"Get-Date\" { shell = \"powershell\" }",
        "run azure_script \"Get-AzVM\" { subscription = \"s\" }",
        "run azure_resource_group { subscription = \"s\" resource_group = \"g\" template = \"t\" }",
        "run service_fabric_script \"Get\" { endpoint = \"fabric:19000\" }",
        "run \"true\" verify { run script \"Get-Date\" { shell = \"powershell\" } }"}) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.path() + "/web.deploy";
    test::write_text(file,
                     "deployment \"Acme\"\nstep \"Before\" { run \"touch ran\" }\nstep \"A\" { " +
                         std::string(run) + " }\n");
    INFO(run);
    CHECK(test::run_program({"check", file}).status == 0);
    CHECK(test::run_program({"simulate", file}).status == 0);
    const auto result = test::run_program({"run", file, "--yes"}, "", directory.path());
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(result.err.find("web.deploy:3:") != std::string::npos);
    CHECK(result.err.find(": this version does not carry out `") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/ran"));
  }
}
