// HTTP requests that expect a status.
#pragma once

#include <string>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/pending.h"
#include "runtime/transfers.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

class HttpExecutor : public Executor {
 public:
  // Both outlive this one.
  HttpExecutor(Loop& loop, Transfers& transfers, OpenTunnel open_tunnel);

  // Redirects are answers like others and are not followed; certificates are checked; of the answer
  // at most 1 MiB is read. Its body goes to the action's output.
  std::string lack() const override { return transfers_.lack(); }
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Row {
    ActionRequest request;
    Sink done;
  };

  void begin(ActionRequest::Ticket ticket, const std::string& tunnel);

  Transfers& transfers_;
  OpenTunnel open_tunnel_;
  Pending<Row> rows_;
};

// Whether an action of the controller was asked to go by another host than its own.
bool goes_elsewhere(const ActionRequest& request);

}  // namespace sluice::runtime
