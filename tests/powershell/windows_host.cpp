#include "powershell/windows_host.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "runtime/ssh_wrapper.h"
#include "support/paths.h"

namespace sluice::test {

namespace fs = std::filesystem;

void install_powershell(const std::string& folder) {
  fs::create_directories(folder);
  for (const char* name : {"/powershell.exe", "/powershell", "/pwsh"}) {
    fs::copy_file(source_dir() + "/tests/powershell/stand_in.py", folder + name,
                  fs::copy_options::overwrite_existing);
    fs::permissions(folder + name, fs::perms::owner_all);
  }
  write_text(folder + "/posix_wrapper", runtime::wrapper_command());
}

std::vector<nlohmann::json> heard_at(const std::string& home, const std::string& kind) {
  std::vector<nlohmann::json> found;
  std::istringstream lines(read_text(home + "/heard"));
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json one = nlohmann::json::parse(line);
    if (one.at("is") == kind) found.push_back(std::move(one));
  }
  return found;
}

WindowsHost::WindowsHost(base::Duration lost_after) : remote({}, lost_after) {
  install_powershell(home() + "/../bin");
}

runtime::ActionRequest WindowsHost::script(const std::string& body,
                                           std::vector<std::string> environment) {
  runtime::ActionRequest request =
      remote.requests.script(remote.server.where("win-1"), body, std::move(environment));
  request.attributes[1] = text_attribute("shell", "powershell");
  return request;
}

std::vector<nlohmann::json> WindowsHost::heard(const std::string& kind) const {
  return heard_at(home(), kind);
}

}  // namespace sluice::test
