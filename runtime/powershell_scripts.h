// The scripts of the kinds that PowerShell carries out: what each attribute asks for becomes a text
// that a person can read, its values as literals at its head. They were never run on Windows here:
// docs/decisions/powershell.md.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/executor.h"
#include "runtime/powershell.h"

namespace sluice::runtime {

struct MadeScript {
  std::string shell;  // powershell, bash
  std::string body;
  std::vector<std::string> environment;  // NAME=value, beside the request's
};

// Where a secret of the request goes: an attribute's name, and that of the script's variable.
struct SecretName {
  std::string_view attribute;
  std::string_view variable;
};
inline constexpr SecretName account_password{"password", "sluice_password"};
inline constexpr SecretName azure_client_secret{"client_secret", "sluice_client_secret"};

// The first line of each: its kind, its step and target, and where the file says so.
std::string powershell_heading(const ActionRequest& request);

// Fails where a value of it cannot be a string of PowerShell.
base::Result<MadeScript> made_of(const PowershellScript& script);

// Each fails where a value cannot be a string of PowerShell.
base::Result<MadeScript> windows_service_script(const ActionRequest& request);
base::Result<MadeScript> iis_script(const ActionRequest& request);
base::Result<MadeScript> azure_script(const ActionRequest& request);
base::Result<MadeScript> service_fabric_script(const ActionRequest& request);

}  // namespace sluice::runtime
