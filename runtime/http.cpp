#include "runtime/http.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace sluice::runtime {

namespace {

constexpr std::string_view header_attribute = "headers.";

Completion ended(scheduler::Outcome outcome, std::string detail,
                 Completion::Ending ending = Completion::Ending::Answered) {
  Completion completion;
  completion.outcome = outcome;
  completion.ending = ending;
  completion.detail = std::move(detail);
  return completion;
}

// As libcurl takes it: what has a colon and no value would take the header away.
std::string header_line(std::string_view name, std::string_view value) {
  const bool empty = value.find_first_not_of(" \t") == std::string_view::npos;
  return empty ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
}

// The error says why the request cannot be made.
base::Result<Transfer::Http> http_of(const ActionRequest& request) {
  Transfer::Http made;
  made.url = request.text("url");
  made.method = request.text("method");
  if (const SecretText* secret = request.secret("body")) {
    made.body = std::string(secret->reveal());
  } else if (const plan::Value* body = request.attribute("body")) {
    made.body = plan::to_text(*body);
  }
  for (const plan::Property& attribute : request.attributes) {
    if (attribute.name.find(header_attribute) != 0) continue;
    const std::string name = attribute.name.substr(header_attribute.size());
    const std::string value = plan::to_text(attribute.value);
    if (!fits_a_line(value)) {
      return base::Error{fmt::format("the header `{}` has a line end in its value", name)};
    }
    made.headers.push_back(header_line(name, value));
  }
  for (const ActionRequest::Secret& secret : request.secrets) {
    if (secret.name.find(header_attribute) != 0) continue;
    const std::string name = secret.name.substr(header_attribute.size());
    if (!fits_a_line(secret.value->reveal())) {
      return base::Error{fmt::format("the secret for the header `{}` has a line end", name)};
    }
    made.headers.push_back(header_line(name, secret.value->reveal()));
  }
  return made;
}

bool only_asks(std::string_view method) {
  return method.empty() || method == "GET" || method == "HEAD" || method == "OPTIONS";
}

Completion judged(const ActionRequest& request, const TransferEnd& end) {
  if (!end.problem.empty()) {
    // Who hangs up without a word may have carried it out.
    const bool lost = end.reached || (end.sent && !only_asks(request.text("method")));
    return ended(scheduler::Outcome::Failed, end.problem,
                 lost ? Completion::Ending::Lost : Completion::Ending::Unreachable);
  }
  const plan::Value* expected = request.attribute("expect");
  const std::int64_t wanted =
      expected != nullptr ? std::get<plan::Number>(expected->content).micros / 1'000'000 : 200;
  if (end.status != wanted) {
    const std::string elsewhere =
        end.location.empty() ? "" : fmt::format(" ({})", base::printable(end.location));
    return ended(scheduler::Outcome::Failed, fmt::format("it answered {}{}, and {} was expected",
                                                         end.status, elsewhere, wanted));
  }
  const std::string_view contains = request.text("contains");
  if (end.body.find(contains) == std::string::npos) {
    return ended(scheduler::Outcome::Failed,
                 fmt::format("{} does not hold `{}`",
                             end.cut ? "the first MiB of its answer, which is all that is read,"
                                     : "its answer",
                             base::printable(contains)));
  }
  return ended(scheduler::Outcome::Succeeded, "");
}

}  // namespace

bool goes_elsewhere(const ActionRequest& request) {
  const bool via = request.via == plan::Via::Kind::Each || request.via == plan::Via::Kind::First;
  return via && request.place.kind != plan::Connection::Kind::Local;
}

HttpExecutor::HttpExecutor(Loop& loop, Transfers& transfers, OpenTunnel open_tunnel)
    : transfers_(transfers), open_tunnel_(std::move(open_tunnel)), rows_(loop) {}

void HttpExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  const Row& row = rows_.add(ticket, {std::move(request), std::move(done)});
  if (!goes_elsewhere(row.request)) return begin(ticket, "");
  open_tunnel_(row.request.place, url_destination(std::string(row.request.text("url"))),
               [this, ticket](const base::Result<std::string>& path) {
                 if (rows_.find(ticket) == nullptr) return;
                 if (path) return begin(ticket, path.value());
                 rows_.answer(ticket, ended(scheduler::Outcome::Failed, path.error().message,
                                            Completion::Ending::Unreachable));
               });
}

void HttpExecutor::begin(ActionRequest::Ticket ticket, const std::string& tunnel) {
  const ActionRequest& request = rows_.find(ticket)->request;
  const base::Result<Transfer::Http> http = http_of(request);
  if (!http) {
    return rows_.answer(ticket, ended(scheduler::Outcome::Failed, http.error().message,
                                      Completion::Ending::NotStarted));
  }
  transfers_.start(ticket, {http.value(), tunnel}, [this, ticket](const TransferEnd& end) {
    const Row* row = rows_.find(ticket);
    if (row == nullptr) return;
    const ActionRequest& asked = row->request;
    if (asked.output && !end.body.empty()) asked.output(Stream::Output, end.body);
    rows_.answer(ticket, judged(asked, end));
  });
}

void HttpExecutor::cancel(ActionRequest::Ticket ticket) {
  if (rows_.find(ticket) == nullptr) return;
  transfers_.cancel(ticket);
  rows_.answer(ticket, ended(scheduler::Outcome::Cancelled, "cancelled"));
}

}  // namespace sluice::runtime
