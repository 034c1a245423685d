// windows_service, iis, azure_script and service_fabric_script: each becomes a script, which the
// executor of scripts of its host carries out. Secrets reach it as variables and never as text.
#pragma once

#include <string>
#include <vector>

#include "runtime/loop.h"
#include "runtime/script_kind.h"

namespace sluice::runtime {

class PowershellExecutor : public ScriptKind {
 public:
  // All outlive this one.
  PowershellExecutor(Loop& loop, Executor& local_scripts, Executor& ssh_scripts);

  void start(ActionRequest request, Sink done) override;

 private:
  Loop& loop_;
};

// The kinds that it carries out.
bool made_for_powershell(std::string_view kind);

// As a script of the user's: the attributes body and shell, and variables. Fails where a value
// cannot be one of PowerShell's.
base::Status make_powershell_script(ActionRequest& request);

// What powershell_runner() is told of a script, but for where it is: sluice_names and
// sluice_arguments. The plan's variables are PowerShell's too; what `environment` names is not.
std::vector<std::string> powershell_environment(const ActionRequest& request);

}  // namespace sluice::runtime
