#include "runtime/azure.h"

#include <fmt/format.h>

#include "runtime/http.h"

namespace sluice::runtime {

AzureResourceGroupExecutor::AzureResourceGroupExecutor(Loop& loop, Transfers& transfers,
                                                       OpenTunnel open_tunnel,
                                                       base::Duration patience)
    : loop_(loop),
      transfers_(transfers),
      open_tunnel_(std::move(open_tunnel)),
      patience_(patience),
      rows_(loop) {}

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
  Row& row = *rows_.find(ticket);
  const std::uint64_t move = row.moves;
  row.timer = loop_.after(patience_, [this, ticket, move] {
    transfers_.cancel(ticket);
    TransferEnd none;
    none.problem = fmt::format("no answer within {}s", (patience_.ms + 999) / 1000);
    answered(ticket, move, none);
  });
  if (!goes_elsewhere(row.request)) return begin(ticket, http, "");
  open_tunnel_(row.request.place, url_destination(http.url),
               [this, ticket, http, move](const base::Result<std::string>& path) {
                 const Row* asked = rows_.find(ticket);
                 if (asked == nullptr || asked->moves != move) return;
                 if (path) return begin(ticket, http, path.value());
                 TransferEnd end;
                 end.problem = path.error().message;
                 answered(ticket, move, end);
               });
}

void AzureResourceGroupExecutor::begin(ActionRequest::Ticket ticket, const Transfer::Http& http,
                                       const std::string& tunnel) {
  const std::uint64_t move = rows_.find(ticket)->moves;
  transfers_.start(ticket, {http, tunnel},
                   [this, ticket, move](const TransferEnd& end) { answered(ticket, move, end); });
}

void AzureResourceGroupExecutor::answered(ActionRequest::Ticket ticket, std::uint64_t move,
                                          const TransferEnd& end) {
  Row* row = rows_.find(ticket);
  if (row == nullptr || row->moves != move) return;
  row->timer = Loop::Timer();
  make(ticket, row->deployment->answered(end));
}

void AzureResourceGroupExecutor::cancel(ActionRequest::Ticket ticket) {
  Row* row = rows_.find(ticket);
  if (row == nullptr || row->deployment == nullptr) return;
  transfers_.cancel(ticket);
  row->timer = Loop::Timer();
  make(ticket, row->deployment->cancel());
}

}  // namespace sluice::runtime
