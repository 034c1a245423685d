// A host that looks like Windows to sluice: a real sshd on loopback whose powershell.exe is a
// stand-in (stand_in.py, which says what it does and that it runs no PowerShell).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/remote.h"
#include "support/set_variable.h"

namespace sluice::test {

// Links the stand-in under its names into that folder.
void install_powershell(const std::string& folder);
// What the stand-ins below that home wrote down: of one kind, in its order.
std::vector<nlohmann::json> heard_at(const std::string& home, const std::string& kind);

struct WindowsHost {
  explicit WindowsHost(base::Duration lost_after = {60'000});

  // A script for PowerShell there; lines that open with `# stand-in: ` are carried out, by sh.
  runtime::ActionRequest script(const std::string& body, std::vector<std::string> environment = {});
  std::vector<nlohmann::json> heard(const std::string& kind) const;
  std::string home() const { return remote.server.home(); }

  Remote remote;
};

}  // namespace sluice::test
