#include "cli/person.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/utf8.h"
#include "cli/load.h"
#include "runtime/request.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

using runtime::Order;
using scheduler::Action;
using scheduler::Outcome;

// The word, or any beginning of it.
bool is_word(const std::string& typed, std::string_view word) {
  return !typed.empty() && word.substr(0, typed.size()) == typed;
}

std::string first_word(std::string line) {
  const auto begin = line.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  line = line.substr(begin, line.find_first_of(" \t\r", begin) - begin);
  std::transform(line.begin(), line.end(), line.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return line;
}

runtime::Completion completion(Outcome outcome, std::string detail) {
  runtime::Completion made;
  made.outcome = outcome;
  made.ending = runtime::Completion::Ending::Answered;
  made.detail = std::move(detail);
  return made;
}

}  // namespace

Person::Person(runtime::Loop& loop, const plan::Plan& plan, int descriptor)
    : loop_(loop), plan_(plan), descriptor_(descriptor) {}

void Person::listen(Say say, Decided decided) {
  say_ = std::move(say);
  decided_ = std::move(decided);
}

void Person::questions(const std::vector<Action>& open,
                       const std::map<runtime::RunState::OnHost, std::string>& unknown) {
  std::erase_if(waiting_, [&](const Waiting& row) {
    if (!row.host.empty()) return !unknown.contains({row.action, row.host});
    return !row.done && std::find(open.begin(), open.end(), row.action) == open.end();
  });
  for (const Action& action : open) add(action, "", "");
  for (const auto& [where, why] : unknown) add(where.first, where.second, why);
  ask_first();
}

void Person::add(const Action& action, const std::string& host, const std::string& why) {
  const bool known = std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& row) {
    return row.action == action && row.host == host;
  });
  if (!known) put({action, 0, {}, why, host, ""});
}

// What others are to answer stands behind what is asked here.
void Person::put(Waiting waiting) {
  const auto behind = std::find_if(waiting_.begin(), waiting_.end(),
                                   [](const Waiting& row) { return !row.others.empty(); });
  waiting_.insert(waiting.others.empty() ? behind : waiting_.end(), std::move(waiting));
}

bool Person::carries_out(const Action& action) const {
  const auto is_it = [&](const Waiting& row) { return row.done && row.action == action; };
  return std::any_of(waiting_.begin(), waiting_.end(), is_it) ||
         std::any_of(said_.begin(), said_.end(), is_it);
}

// Empty: there is none.
Person::Sink Person::take_manual(const std::function<bool(const Waiting&)>& is_it) {
  for (std::deque<Waiting>* rows : {&waiting_, &said_}) {
    const auto found = std::find_if(rows->begin(), rows->end(),
                                    [&](const Waiting& row) { return row.done && is_it(row); });
    if (found == rows->end()) continue;
    Sink done = std::move(found->done);
    rows->erase(found);
    return done;
  }
  return {};
}

void Person::decide(const Order& order) {
  const Sink done = take_manual([&](const Waiting& row) { return row.action == order.action; });
  if (!done) return;
  shown_.reset();
  done(order.kind == Order::Kind::Approve
           ? completion(Outcome::Succeeded, "")
           : completion(Outcome::Failed, fmt::format("rejected by {}", order.who)));
  loop_.post([this] { ask_first(); });
}

void Person::start(runtime::ActionRequest request, Sink done) {
  std::string text(request.text("instructions"));
  const std::vector<std::string> may = request.texts("approvers");
  const bool here = may.empty() ||
                    std::find(may.begin(), may.end(), runtime::user_name(::geteuid())) != may.end();
  std::string others = here ? "" : base::printable(fmt::format("{}", fmt::join(may, ", ")));
  put({request.action, request.ticket, std::move(done), std::move(text), "", std::move(others)});
  loop_.post([this] { ask_first(); });
}

void Person::cancel(runtime::ActionRequest::Ticket ticket) {
  Sink found = take_manual([&](const Waiting& row) { return row.ticket == ticket; });
  if (!found) return;
  loop_.post([this, done = std::move(found)] {
    done(completion(Outcome::Cancelled, "nobody is asked any more"));
    ask_first();
  });
}

std::string Person::question(const Waiting& waiting) const {
  const std::string name = base::printable(runtime::task_name(plan_, waiting.action));
  const std::string target =
      base::printable(plan::lane_name(plan_, waiting.action.step, waiting.action.lane));
  if (waiting.done) return fmt::format("`{}` on `{}`: approve or reject?", name, target);
  if (!waiting.host.empty()) {
    return fmt::format("what came of `{}` on `{}` is not known: succeeded, failed or retry?", name,
                       base::printable(waiting.host));
  }
  return fmt::format("`{}` failed on `{}`: retry, ignore, exclude or abort?", name, target);
}

std::vector<std::string> Person::open_questions() const {
  std::vector<std::string> texts;
  for (const Waiting& row : waiting_) texts.push_back(question(row));
  return texts;
}

void Person::ask_first() {
  if (waiting_.empty() || !there()) {
    if (watch_) watch_->on_readable({});
    shown_.reset();
    return;
  }
  const Waiting& first = waiting_.front();
  const std::pair<Action, std::string> asked(first.action, first.host);
  if (shown_ == asked) return;
  shown_ = asked;
  std::string rest = first.text;
  while (!rest.empty()) {  // instructions may have several lines
    const std::string line = rest.substr(0, rest.find('\n'));
    rest.erase(0, line.size() + 1);
    say_("    " + base::printable(line));
  }
  if (!first.others.empty()) {
    say_(fmt::format("{} ({} may answer, from another terminal)", question(first), first.others));
    if (watch_) watch_->on_readable({});
    return;
  }
  const std::size_t more = waiting_.size() - 1;
  forget_typed(descriptor_);
  say_(question(first) + (more == 0 ? "" : fmt::format("  (and {} more)", more)));
  if (!watch_) watch_ = loop_.watch(descriptor_);
  watch_->on_readable([this] { read_answer(); });
}

// A terminal hands over whole lines.
void Person::read_answer() {
  char bytes[1024];
  const ssize_t got = ::read(descriptor_, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    descriptor_ = -1;
    return ask_first();
  }
  unread_.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    take_answer(std::move(line));
  }
}

void Person::take_answer(std::string line) {
  if (!asked()) return;  // what was asked is no longer open
  const std::string word = first_word(std::move(line));
  const Waiting& first = waiting_.front();
  const bool understood = first.done           ? answer_manual(word)
                          : first.host.empty() ? answer_failure(word)
                                               : answer_unknown(word);
  shown_.reset();
  if (!understood) return ask_first();
  loop_.post([this] { ask_first(); });
}

bool Person::answer_failure(const std::string& word) {
  Order::Kind kind = Order::Kind::Retry;
  if (is_word(word, "ignore")) {
    kind = Order::Kind::Ignore;
  } else if (is_word(word, "exclude")) {
    kind = Order::Kind::Exclude;
  } else if (word == "abort") {  // in full: it ends all that runs
    kind = Order::Kind::AbortAll;
  } else if (!is_word(word, "retry")) {
    return false;
  }
  const Action action = waiting_.front().action;
  if (decided_(action, "", kind) != Way::TooLate) waiting_.pop_front();
  return true;
}

bool Person::answer_unknown(const std::string& word) {
  Order::Kind kind = Order::Kind::Retry;
  if (is_word(word, "succeeded")) {
    kind = Order::Kind::Succeeded;
  } else if (is_word(word, "failed")) {
    kind = Order::Kind::Failed;
  } else if (word != "retry") {  // in full: it may be done a second time
    return false;
  }
  const Waiting& first = waiting_.front();
  const Way way = decided_(first.action, first.host, kind);
  if (way != Way::TooLate) waiting_.pop_front();
  return true;
}

bool Person::answer_manual(const std::string& word) {
  const bool approved = is_word(word, "approve") || is_word(word, "yes");
  if (!approved && !is_word(word, "reject") && !is_word(word, "no")) return false;
  const Action action = waiting_.front().action;
  const Way way = decided_(action, "", approved ? Order::Kind::Approve : Order::Kind::Reject);
  if (way == Way::TooLate) return true;
  Waiting row = std::move(waiting_.front());
  waiting_.pop_front();
  if (way == Way::Written) {
    said_.push_back(std::move(row));
    return true;
  }
  row.done(approved ? completion(Outcome::Succeeded, "")
                    : completion(Outcome::Failed, "rejected by the person who was asked"));
  return true;
}

}  // namespace sluice::cli
