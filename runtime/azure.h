// Deployments of templates through the Resource Manager API of Azure.
#pragma once

#include <memory>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/pending.h"
#include "runtime/template_deployment.h"
#include "runtime/transfers.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

class AzureResourceGroupExecutor : public Executor {
 public:
  // All outlive this one. A request that is not answered within `patience` is taken for lost:
  // what stands between here and the service may have dropped it without a word.
  AzureResourceGroupExecutor(Loop& loop, Transfers& transfers, OpenTunnel open_tunnel,
                             base::Duration patience = base::Duration{90'000});

  // Succeeds when the service says that the deployment has. A deployment's name is that of its
  // attempt: one that another program began, or whose answer was lost, is found again and not
  // begun twice.
  std::string lack() const override { return transfers_.lack(); }
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Row {
    ActionRequest request;
    Sink done;
    std::unique_ptr<TemplateDeployment> deployment;
    Loop::Timer timer;        // until the next move, or for an answer
    std::uint64_t moves = 0;  // what belongs to an earlier one comes too late
  };

  void make(ActionRequest::Ticket ticket, TemplateDeployment::Move move);
  void send(ActionRequest::Ticket ticket, const Transfer::Http& http);
  void begin(ActionRequest::Ticket ticket, const Transfer::Http& http, const std::string& tunnel);
  void answered(ActionRequest::Ticket ticket, std::uint64_t move, const TransferEnd& end);

  Loop& loop_;
  Transfers& transfers_;
  OpenTunnel open_tunnel_;
  base::Duration patience_;
  Pending<Row> rows_;
};

}  // namespace sluice::runtime
