#include "runtime/email.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "base/sha256.h"
#include "runtime/http.h"
#include "runtime/mail_message.h"

namespace sluice::runtime {

namespace {

constexpr std::string_view usual_server = "localhost:25";

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

Completion failed(std::string detail, Completion::Ending ending) {
  Completion completion;
  completion.outcome = scheduler::Outcome::Failed;
  completion.ending = ending;
  completion.detail = std::move(detail);
  return completion;
}

// The same for every attempt: what was lost on the way and is sent again is the same mail.
std::string message_id(const ActionRequest& request, const std::string& host) {
  const std::string what =
      fmt::format("{}\n{}\n{}\n{}\n{}", request.run, request.action.step.value, request.action.lane,
                  request.action.task, static_cast<int>(request.action.part));
  return fmt::format("<{}.{}@{}>", request.run, base::sha256_hex(what).substr(0, 16), host);
}

// Lines of a mail end in CR LF.
std::string mail_lines(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) made += '\r';
    made += text[i];
  }
  return made;
}

}  // namespace

base::Result<Transfer::Mail> mail_of(const ActionRequest& request, std::int64_t seconds,
                                     const std::string& host) {
  Transfer::Mail mail;
  mail.server = request.text("server").empty() ? usual_server : request.text("server");
  if (!fits_a_line(mail.server) || mail.server.find_first_of("/@?# ") != std::string::npos) {
    return base::Error{"the mail server is not written HOST:PORT"};
  }
  auto recipients = mail_addresses(request.text("to"));
  if (!recipients) return recipients.error();
  mail.recipients = std::move(recipients).value();
  const std::string sender =
      request.text("from").empty() ? "sluice@" + host : std::string(request.text("from"));
  const auto from = mail_addresses(sender);
  if (!from) return from.error();
  mail.from = from.value().front();
  if (!fits_a_line(request.text("subject"))) {
    return base::Error{"the subject of a mail stays on one line"};
  }
  mail.user = request.revealed("user");
  mail.password = request.revealed("password");
  if (!fits_a_line(mail.user) || !fits_a_line(mail.password)) {
    return base::Error{"who logs in at a mail server has a name and a password of one line"};
  }
  mail.text = mail_lines(request.text("body"));
  mail.headers = {"Date: " + mail_date(seconds),
                  "From: " + fmt::format("{}", fmt::join(from.value(), ", ")),
                  "To: " + fmt::format("{}", fmt::join(mail.recipients, ",\r\n ")),
                  "Subject: " + header_text(request.text("subject")),
                  "Message-ID: " + message_id(request, host),
                  "Auto-Submitted: auto-generated"};
  return mail;
}

EmailExecutor::EmailExecutor(Loop& loop, Transfers& transfers, OpenTunnel open_tunnel)
    : transfers_(transfers), open_tunnel_(std::move(open_tunnel)), waiting_(loop) {}

void EmailExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  waiting_.add(ticket, {std::move(done)});
  const auto mail = mail_of(request, std::time(nullptr), this_host());
  if (!mail) {
    return waiting_.answer(ticket, failed(mail.error().message, Completion::Ending::NotStarted));
  }
  if (!goes_elsewhere(request)) return begin(ticket, mail.value(), "");
  open_tunnel_(request.place, mail.value().server,
               [this, ticket, mail = mail.value()](const base::Result<std::string>& path) {
                 if (waiting_.find(ticket) == nullptr) return;
                 if (path) return begin(ticket, mail, path.value());
                 waiting_.answer(ticket,
                                 failed(path.error().message, Completion::Ending::Unreachable));
               });
}

void EmailExecutor::begin(ActionRequest::Ticket ticket, const Transfer::Mail& mail,
                          const std::string& tunnel) {
  transfers_.start(ticket, {mail, tunnel}, [this, ticket](const TransferEnd& end) {
    if (end.problem.empty()) {
      Completion well;
      well.outcome = scheduler::Outcome::Succeeded;
      well.ending = Completion::Ending::Answered;
      return waiting_.answer(ticket, well);
    }
    // What the server refused it has not taken; where it fell silent nobody knows.
    constexpr long refusal = 400;
    const Completion::Ending ending = !end.reached            ? Completion::Ending::Unreachable
                                      : end.status >= refusal ? Completion::Ending::Answered
                                                              : Completion::Ending::Lost;
    const std::string of = end.said_of.empty() ? "" : fmt::format(" of `{}`", end.said_of);
    const std::string said =
        !end.said.empty()       ? fmt::format("the mail server says{}: {}", of, end.said)
        : end.status >= refusal ? fmt::format("{} (the server said {})", end.problem, end.status)
                                : end.problem;
    waiting_.answer(ticket, failed(said, ending));
  });
}

void EmailExecutor::cancel(ActionRequest::Ticket ticket) {
  if (waiting_.find(ticket) == nullptr) return;
  transfers_.cancel(ticket);
  Completion cancelled = failed("cancelled", Completion::Ending::Answered);
  cancelled.outcome = scheduler::Outcome::Cancelled;
  waiting_.answer(ticket, cancelled);
}

}  // namespace sluice::runtime
