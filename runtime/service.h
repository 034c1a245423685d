// systemd units: what `run service` asks for becomes a script of fixed text, which the executor of
// scripts of that host carries out. The unit's name reaches it as a variable and never as text.
#pragma once

#include <string_view>

#include "runtime/script_kind.h"

namespace sluice::runtime {

class ServiceExecutor : public ScriptKind {
 public:
  using ScriptKind::ScriptKind;

  // Succeeds when the unit is active, or has stopped; what systemctl says is the action's output.
  void start(ActionRequest request, Sink done) override;
};

// The script, in POSIX sh.
std::string_view service_script();

}  // namespace sluice::runtime
