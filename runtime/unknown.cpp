#include "runtime/unknown.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/powershell_actions.h"

namespace sluice::runtime {

namespace {

constexpr std::uint32_t most_begun_anew = 3;  // of itself, without a person

// A request of another kind says what is to be, or asks: it may be made again.
bool changes_something(const ActionRequest& request) {
  using scheduler::Part;
  if (request.action.part != Part::Run && request.action.part != Part::Undo) return false;
  if (request.work == nullptr) return false;  // it was refused
  const std::string& kind = request.work->action.kind;
  const std::string_view method = request.text("method");
  const bool script = kind == "script" || kind == "azure_script" || kind == "service_fabric_script";
  return script || (kind == "http" && (method == "POST" || method == "PATCH"));
}

// Whether another program can find out what became of it.
bool leaves_files(const ActionRequest& request) {
  if (request.work == nullptr) return false;
  const std::string& kind = request.work->action.kind;
  return kind == "script" || kind == "service" || made_for_powershell(kind);
}

// Whether it can be asked for once more, and a person where nothing tells what came of it.
bool is_asked_for(const ActionRequest& request) {
  const bool by_name =
      request.work != nullptr && request.work->action.kind == "azure_resource_group";
  return by_name || leaves_files(request) || changes_something(request);
}

// Without a person.
std::uint32_t most_freely(const ActionRequest& request) {
  const bool freely = request.work->idempotent || !changes_something(request);
  return freely ? most_begun_anew : 0;
}

}  // namespace

UnknownOutcomes::UnknownOutcomes(Executor& inner, Probe probe, Ask ask, Told told)
    : inner_(inner), probe_(std::move(probe)), ask_(std::move(ask)), told_(std::move(told)) {}

void UnknownOutcomes::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  Row& row = rows_[ticket];
  row.request = std::move(request);
  row.done = std::move(done);
  if (row.request.retries > 0) {
    // A person was asked, and answered a program before this one. What came of all the times before
    // was settled then: none of them is begun now.
    row.begun_anew = most_freely(row.request) + row.request.retries;
    row.request.generation = row.begun_anew;
    // Nor is any of them known to be over.
    if (row.request.resumed && leaves_files(row.request)) {
      row.request.earlier = earlier_names(row.request);
    }
  }
  begin(ticket);
}

std::vector<std::string> UnknownOutcomes::earlier_names(ActionRequest request) const {
  std::vector<std::string> names;
  const std::uint32_t end = request.generation;
  for (request.generation = 0; request.generation < end; ++request.generation) {
    names.push_back(action_key(request));
    if (!changes_something(request)) continue;
    if (const auto probe = probe_(request)) names.push_back(action_key(*probe));
  }
  return names;
}

// In the order in which that program came to them, from behind its generation, or its `verify`.
std::vector<std::string> UnknownOutcomes::later_names(ActionRequest request, bool of_probe) const {
  std::vector<std::string> names;
  const std::uint32_t first = request.generation;
  const std::uint32_t most = most_freely(request) + request.retries;
  for (std::uint32_t generation = first; generation <= most; ++generation) {
    request.generation = generation;
    if (generation > first) names.push_back(action_key(request));
    if (!changes_something(request) || (of_probe && generation == first)) continue;
    if (const auto probe = probe_(request)) names.push_back(action_key(*probe));
  }
  return names;
}

void UnknownOutcomes::begin(ActionRequest::Ticket ticket) {
  Row& row = rows_[ticket];
  row.inner = ++last_;
  ActionRequest request = row.request;
  request.ticket = row.inner;
  if (request.resumed && leaves_files(request)) request.later = later_names(row.request, false);
  row.request.earlier.clear();  // the first time says it
  row.written = 0;
  row.begun = row.unanswered = row.rejoined = false;
  if (changes_something(request)) listen(ticket, request);
  auto ended = [this, ticket](Completion completion) { answered(ticket, std::move(completion)); };
  if (request.resumed && changes_something(request) && !leaves_files(request)) {
    // It was to be sent, and whether it was nobody knows. Answered as one that waits no time.
    request.refused = "it was to be sent, and whether it was is not known";
    return inner_.start(std::move(request), [ended](Completion completion) {
      completion.ending = Completion::Ending::Lost;
      ended(std::move(completion));
    });
  }
  inner_.start(std::move(request), std::move(ended));
}

std::uint64_t UnknownOutcomes::Row::take(std::uint64_t bytes) {
  const std::uint64_t known = std::min(written - came, bytes);
  came += bytes;
  written = std::max(written, came);
  return known;
}

// What has come of the output already is not handed on a second time. It comes from its first byte,
// so that a secret which the loss has cut in two is found.
void UnknownOutcomes::listen(ActionRequest::Ticket ticket, ActionRequest& request) {
  request.begun = [this, ticket, told = std::move(request.begun)] {
    rows_[ticket].begun = true;
    if (told) told();
  };
  rows_[ticket].came = 0;
  request.output = [this, ticket, write = std::move(request.output)](Stream stream,
                                                                     std::string_view bytes) {
    const std::uint64_t known = rows_[ticket].take(bytes.size());
    if (write && known < bytes.size()) write(stream, bytes.substr(known));
  };
  request.left_out = [this, ticket, left_out = std::move(request.left_out)](std::uint64_t bytes) {
    const std::uint64_t known = rows_[ticket].take(bytes);
    if (left_out && known < bytes) left_out(bytes - known);
  };
}

ActionRequest UnknownOutcomes::request_again(ActionRequest::Ticket ticket) {
  Row& row = rows_[ticket];
  row.inner = ++last_;
  ActionRequest request = row.request;
  request.ticket = row.inner;
  request.rejoins = true;
  if (request.resumed) request.later = later_names(row.request, false);
  const bool begun = row.begun || (request.resumed && request.resumed->begun);
  request.resumed = ActionRequest::Resumed{begun, true, base::Duration{}};
  listen(ticket, request);
  return request;
}

// The host may be back by now, where the script may run on or have ended: nothing else knows as
// well how, and a `verify` would be asked beside it.
void UnknownOutcomes::rejoin(ActionRequest::Ticket ticket) {
  rows_[ticket].rejoined = true;
  inner_.start(request_again(ticket), [this, ticket](Completion completion) {
    if (completion.unanswered) completion.detail = rows_[ticket].lost.detail;
    answered(ticket, std::move(completion));
  });
}

// For as long as a person is asked: a host that comes back knows it better.
void UnknownOutcomes::watch(ActionRequest::Ticket ticket) {
  ActionRequest request = request_again(ticket);
  request.stands = true;
  rows_[ticket].runs = false;
  request.begun = [this, ticket, told = std::move(request.begun)] {
    rows_[ticket].runs = true;
    told();
  };
  inner_.start(std::move(request),
               [this, ticket](Completion completion) { watched(ticket, std::move(completion)); });
}

void UnknownOutcomes::watched(ActionRequest::Ticket ticket, Completion completion) {
  using Ending = Completion::Ending;
  Row& row = rows_[ticket];
  row.before.push_back(row.inner);
  row.inner = 0;
  const bool known = completion.ending == Ending::Exited || completion.ending == Ending::Signalled;
  const bool unanswered = std::exchange(completion.unanswered, false);
  completion.forgotten = false;
  if (row.cancelled && !known) completion.outcome = scheduler::Outcome::Cancelled;
  if (known && told_) told_(row.request, completion);
  if (known || row.cancelled) return finish(ticket, std::move(completion));
  if (unanswered) return watch(ticket);
  if (completion.ending != Ending::Lost) return;
  // Nobody will know it any more, and why has changed.
  row.lost = std::move(completion);
  ask_(row.request, row.lost);
}

void UnknownOutcomes::stop_watching(Row& row) {
  if (row.inner != 0) inner_.let_go(row.inner);
  row.inner = 0;
}

void UnknownOutcomes::answered(ActionRequest::Ticket ticket, Completion completion) {
  Row& row = rows_[ticket];
  using Ending = Completion::Ending;
  const bool not_begun =
      completion.ending == Ending::NotStarted || completion.ending == Ending::Unreachable;
  row.never_begun = not_begun;
  if (row.request.generation > 0 && not_begun) {
    // This time; of the time before nobody knows.
    completion.detail = fmt::format("{}; begun anew: {}", row.lost.detail, completion.detail);
    completion.ending = Ending::Lost;
    if (completion.outcome == scheduler::Outcome::Unreachable) {
      completion.outcome = scheduler::Outcome::Failed;
    }
  }
  row.before.push_back(row.inner);
  row.inner = 0;
  const bool known = completion.ending != Completion::Ending::Lost || row.request.work == nullptr;
  // Nobody is asked about it any more.
  if (row.cancelled && !known) completion.outcome = scheduler::Outcome::Cancelled;
  const bool forgotten = std::exchange(completion.forgotten, false);
  row.unanswered = std::exchange(completion.unanswered, false);
  if (known || row.cancelled || !is_asked_for(row.request)) {
    return finish(ticket, std::move(completion));
  }
  row.lost = std::move(completion);
  if (forgotten && row.request.resumed && to_the_last(row)) return begin(ticket);
  decide(ticket);
}

// A host that was set up anew does not lead from one generation to the next: a later one may run
// there that a program before this one began since. The last is joined, or begun when those between
// are over.
bool UnknownOutcomes::to_the_last(Row& row) const {
  const std::uint32_t last = most_freely(row.request) + row.request.retries;
  if (row.request.generation >= last) return false;
  row.request.generation = row.begun_anew = last;
  row.request.resumed->begun = false;
  return true;
}

void UnknownOutcomes::decide(ActionRequest::Ticket ticket) {
  Row& row = rows_[ticket];
  std::optional<ActionRequest> probe;
  // What could not be begun has changed nothing since it was asked the last time.
  if (changes_something(row.request) && !row.never_begun) probe = probe_(row.request);
  if (!probe) return again_or_ask(ticket);
  if (row.unanswered && !row.rejoined) return rejoin(ticket);
  // Beside what may run it could say that all is in place, and nothing would be over.
  probe->passed_over = row.unanswered && leaves_files(*probe);
  row.inner = ++last_;
  probe->ticket = row.inner;
  const bool here = probe->place.kind == plan::Connection::Kind::Local;
  if (row.request.resumed && row.asked_anew == 0 && (!here || leaves_files(*probe))) {
    // The program before this one may have asked, and gone on by the answer.
    probe->resumed = ActionRequest::Resumed{false, true, base::Duration{}};
    probe->later = later_names(row.request, true);
  }
  inner_.start(std::move(*probe), [this, ticket, here](const Completion& found) {
    Row& asked = rows_[ticket];
    asked.before.push_back(asked.inner);
    asked.inner = 0;
    if (asked.cancelled) {
      asked.lost.outcome = scheduler::Outcome::Cancelled;
      return finish(ticket, asked.lost);
    }
    // One that ran here and was cut off is over, and nothing was begun by what it said.
    const bool cut_off = here && found.ending == Completion::Ending::Lost;
    if (cut_off && asked.asked_anew++ < most_begun_anew) return decide(ticket);
    asked.asked_anew = 0;
    if (found.outcome != scheduler::Outcome::Succeeded) return again_or_ask(ticket);
    Completion completion = asked.lost;
    completion.outcome = scheduler::Outcome::Succeeded;
    completion.detail = fmt::format("{}; its `verify` finds it in place", asked.lost.detail);
    finish(ticket, std::move(completion));
  });
}

void UnknownOutcomes::again_or_ask(ActionRequest::Ticket ticket) {
  Row& row = rows_[ticket];
  if (row.begun_anew < most_freely(row.request) + row.request.retries) {
    ++row.begun_anew;
    // Who takes the run up asks for one generation after the other: none between may be free.
    if (!row.never_begun) ++row.request.generation;
    if (row.request.resumed) row.request.resumed->begun = false;
    return begin(ticket);
  }
  row.asked = true;
  const bool away = row.unanswered && !row.never_begun && leaves_files(row.request);
  ask_(row.request, row.lost);
  if (away) watch(ticket);
}

std::optional<ActionRequest::Ticket> UnknownOutcomes::asked_about(const scheduler::Action& action,
                                                                  const std::string& host) const {
  for (const auto& [ticket, row] : rows_) {
    const ActionRequest& request = row.request;
    if (row.asked && request.action == action && request.place.name == host) return ticket;
  }
  return std::nullopt;
}

bool UnknownOutcomes::asks(const scheduler::Action& action, const std::string& host) const {
  return asked_about(action, host).has_value();
}

bool UnknownOutcomes::answer(const scheduler::Action& action, const std::string& host,
                             Answer answer, const std::string& who) {
  const std::optional<ActionRequest::Ticket> ticket = asked_about(action, host);
  if (!ticket) return false;
  Row& row = rows_[*ticket];
  row.asked = false;
  stop_watching(row);
  if (answer == Answer::Retry) {
    row.request.generation = row.begun_anew = most_freely(row.request) + row.request.retries;
    row.never_begun = false;
    ++row.request.retries;
    // What was resumed has been settled: this one is begun by nobody else.
    if (!leaves_files(row.request)) row.request.resumed.reset();
    again_or_ask(*ticket);
    return true;
  }
  Completion completion = row.lost;
  const bool well = answer == Answer::Succeeded;
  completion.outcome = well ? scheduler::Outcome::Succeeded : scheduler::Outcome::Failed;
  completion.detail =
      fmt::format("{}; {} says that it {}", row.lost.detail, who, well ? "succeeded" : "failed");
  finish(*ticket, std::move(completion));
  return true;
}

void UnknownOutcomes::finish(ActionRequest::Ticket ticket, Completion completion) {
  const auto found = rows_.find(ticket);
  const Sink done = std::move(found->second.done);
  ended_[ticket] = std::move(found->second.before);
  rows_.erase(found);
  done(std::move(completion));
}

void UnknownOutcomes::cancel(ActionRequest::Ticket ticket) {
  const auto found = rows_.find(ticket);
  if (found == rows_.end()) return;
  Row& row = found->second;
  row.cancelled = true;
  // A host that is away is not waited for.
  if (row.asked && !row.runs) stop_watching(row);
  row.asked = false;
  if (row.inner != 0) return inner_.cancel(row.inner);
  // From the loop, as every answer: through one that does nothing but that.
  ActionRequest refused = row.request;
  refused.ticket = row.inner = ++last_;
  refused.refused = "what came of it is not known";
  inner_.start(std::move(refused), [this, ticket](Completion) {
    Completion completion = rows_[ticket].lost;
    completion.outcome = scheduler::Outcome::Cancelled;
    finish(ticket, std::move(completion));
  });
}

void UnknownOutcomes::settled(ActionRequest::Ticket ticket) {
  const auto found = ended_.find(ticket);
  if (found == ended_.end()) return;
  for (const ActionRequest::Ticket inner : found->second) inner_.settled(inner);
  ended_.erase(found);
}

}  // namespace sluice::runtime
