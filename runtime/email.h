// Mails over SMTP.
#pragma once

#include <string>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/pending.h"
#include "runtime/transfers.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

class EmailExecutor : public Executor {
 public:
  // Both outlive this one.
  EmailExecutor(Loop& loop, Transfers& transfers, OpenTunnel open_tunnel);

  // Succeeds when the server has taken the mail for every address. A mail's Message-ID is that of
  // its task on its target in this run, so that who gets it again can tell.
  std::string lack() const override { return transfers_.lack(); }
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Row {
    Sink done;
  };

  void begin(ActionRequest::Ticket ticket, const Transfer::Mail& mail, const std::string& tunnel);

  Transfers& transfers_;
  OpenTunnel open_tunnel_;
  Pending<Row> waiting_;
};

// The mail that a request asks for, written at that time (seconds since 1970) by that host; fails
// where it holds what cannot be sent.
base::Result<Transfer::Mail> mail_of(const ActionRequest& request, std::int64_t seconds,
                                     const std::string& host);

}  // namespace sluice::runtime
