#include "runtime/azure.h"

#include "runtime/http.h"

namespace sluice::runtime {

AzureResourceGroupExecutor::AzureResourceGroupExecutor(Loop& loop, Transfers& transfers,
                                                       OpenTunnel open_tunnel)
    : loop_(loop), transfers_(transfers), open_tunnel_(std::move(open_tunnel)), rows_(loop) {}

void AzureResourceGroupExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  Row& row = rows_.add(ticket, {std::move(request), std::move(done), nullptr, {}});
  auto settings = template_deployment_of(row.request);
  if (!settings) {
    Completion failed;
    failed.detail = settings.error().message;
    return rows_.answer(ticket, std::move(failed));
  }
  row.deployment = std::make_unique<TemplateDeployment>(std::move(settings).value());
  make(ticket, row.deployment->begin());
}

void AzureResourceGroupExecutor::make(ActionRequest::Ticket ticket, TemplateDeployment::Move move) {
  Row& row = *rows_.find(ticket);
  ++row.moves;
  if (!move.said.empty() && row.request.output) {
    row.request.output(Stream::Output, move.said + "\n");
  }
  if (move.completion) return rows_.answer(ticket, *std::move(move.completion));
  if (move.wait) {
    row.timer = loop_.after(
        *move.wait, [this, ticket] { make(ticket, rows_.find(ticket)->deployment->waited()); });
    return;
  }
  send(ticket, *move.send);
}

void AzureResourceGroupExecutor::send(ActionRequest::Ticket ticket, const Transfer::Http& http) {
  const Row& asked = *rows_.find(ticket);
  const auto begin = [this, ticket, http](const std::string& tunnel) {
    transfers_.start(ticket, {http, tunnel}, [this, ticket](const TransferEnd& end) {
      if (Row* row = rows_.find(ticket)) make(ticket, row->deployment->answered(end));
    });
  };
  if (!goes_elsewhere(asked.request)) return begin("");
  open_tunnel_(asked.request.place, url_destination(http.url),
               [this, ticket, begin, moves = asked.moves](const base::Result<std::string>& path) {
                 Row* row = rows_.find(ticket);
                 if (row == nullptr || row->moves != moves) return;
                 if (path) return begin(path.value());
                 TransferEnd end;
                 end.problem = path.error().message;
                 make(ticket, row->deployment->answered(end));
               });
}

void AzureResourceGroupExecutor::cancel(ActionRequest::Ticket ticket) {
  Row* row = rows_.find(ticket);
  if (row == nullptr || row->deployment == nullptr) return;
  transfers_.cancel(ticket);
  row->timer = Loop::Timer();
  make(ticket, row->deployment->cancel());
}

}  // namespace sluice::runtime
