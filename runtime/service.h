// systemd units: what `run service` asks for becomes a script of fixed text, which the executor of
// scripts of that host carries out. The unit's name reaches it as a variable and never as text.
#pragma once

#include <string_view>

#include "runtime/executor.h"

namespace sluice::runtime {

class ServiceExecutor : public Executor {
 public:
  // Both outlive this one.
  ServiceExecutor(Executor& local_scripts, Executor& ssh_scripts);

  // Succeeds when the unit is active, or has stopped; what systemctl says is the action's output.
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;
  void settled(ActionRequest::Ticket ticket) override;

 private:
  Executor& local_;
  Executor& ssh_;
};

// The script, in POSIX sh.
std::string_view service_script();

}  // namespace sluice::runtime
