// What the kinds have in common that become a script, which the executor of scripts of its host
// carries out.
#pragma once

#include "runtime/executor.h"

namespace sluice::runtime {

class ScriptKind : public Executor {
 public:
  // Both outlive this one.
  ScriptKind(Executor& local_scripts, Executor& ssh_scripts)
      : local_(local_scripts), ssh_(ssh_scripts) {}

  // Each of the two ignores what it did not start.
  void cancel(ActionRequest::Ticket ticket) override {
    local_.cancel(ticket);
    ssh_.cancel(ticket);
  }
  void let_go(ActionRequest::Ticket ticket) override { ssh_.let_go(ticket); }
  void settled(ActionRequest::Ticket ticket) override {
    local_.settled(ticket);
    ssh_.settled(ticket);
  }

 protected:
  // One that has become a script.
  void hand_over(ActionRequest request, Sink done) {
    Executor& scripts = request.place.kind == plan::Connection::Kind::Local ? local_ : ssh_;
    scripts.start(std::move(request), std::move(done));
  }

 private:
  Executor& local_;
  Executor& ssh_;
};

}  // namespace sluice::runtime
