#include "runtime/notifier.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/utf8.h"
#include "runtime/posix.h"

namespace sluice::runtime {

namespace {

using base::Error;
using base::Result;

constexpr std::string_view variable_prefix = "env:";
constexpr int first_of_success = 200;
constexpr int first_of_redirects = 300;
constexpr int first_of_server_errors = 500;
constexpr int request_timeout = 408;
constexpr int too_many_requests = 429;

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// Without what stands before an `@` and behind the host: both may be secrets.
std::string origin_of(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  const std::size_t from = at == std::string::npos ? host : at + 1;
  return url.substr(0, host) + url.substr(from, end - from);
}

Result<Destination> url_destination_of(const std::string& url) {
  const bool odd = std::any_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  Destination destination{url, {}, base::printable(origin_of(url))};
  if (odd) return Error{fmt::format("the URL of `{}` has a blank in it", destination.name)};
  if (destination.name.ends_with("://")) return Error{"the URL has no host"};
  return destination;
}

Result<Destination> from_variable(const std::string& name) {
  const auto taken = take_variable(name);
  if (!taken) return taken.error();
  const std::string& url = taken.value();
  if (!is_url(url)) return Error{fmt::format("`{}` holds no URL of http or https", name)};
  return url_destination_of(url);
}

// Words as a shell would take them apart, and nothing else that a shell does.
Result<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote == 0 && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else {
      if (c == '\\' && quote != '\'') {
        if (++i == text.size()) return Error{"a backslash stands at its end"};
        c = text[i];
      }
      words.back() += c;
    }
  }
  if (quote != 0) return Error{fmt::format("it has a {} that is not closed", quote)};
  if (words.empty() || words[0].empty()) return Error{"it names no program"};
  return words;
}

}  // namespace

Result<Destination> read_destination(std::string_view text) {
  if (text.starts_with(variable_prefix)) {
    return from_variable(std::string(text.substr(variable_prefix.size())));
  }
  if (is_url(text)) return url_destination_of(std::string(text));
  if (text.find("://") < text.find_first_of(" \t")) {
    return Error{"a URL is one of http or https"};
  }
  auto words = words_of(text);
  if (!words) return words.error();
  const std::string& program = words.value()[0];
  Destination destination;
  destination.name = base::printable(program);
  if (!can_be_started(program)) {
    const std::string& name = destination.name;
    return Error{fmt::format("there is no program `{}` that could be started", name)};
  }
  destination.arguments = std::move(words).value();
  return destination;
}

Notifier::Notifier(Loop& loop, Destination destination, std::string certificates,
                   std::function<void(const std::string&)> warn, NotifierLimits limits)
    : loop_(loop),
      processes_(loop),
      transfers_(loop, std::move(certificates)),
      destination_(std::move(destination)),
      warn_(std::move(warn)),
      limits_(limits) {}

void Notifier::tell(Notification notification) {
  if (waiting_.size() > limits_.most_waiting) {
    waiting_.erase(waiting_.begin() + 1);
    ++not_told_;
  }
  waiting_.push_back(std::move(notification));
  if (waiting_.size() == 1) begin();
}

void Notifier::begin() {
  tries_ = 0;
  send();
}

void Notifier::send() {
  ++tries_;
  destination_.url.empty() ? start_program() : post();
}

void Notifier::post() {
  const Notification& first = waiting_.front();
  Transfer::Http request{destination_.url,
                         "POST",
                         first.document,
                         {"Content-Type: application/json", "Idempotency-Key: " + first.id}};
  transfers_.start(++ticket_, {std::move(request), ""}, [this](const TransferEnd& end) {
    const bool well =
        end.problem.empty() && end.status >= first_of_success && end.status < first_of_redirects;
    if (well) return settle(Outcome::Taken, "");
    const bool passes = !end.problem.empty() || end.status >= first_of_server_errors ||
                        end.status == request_timeout || end.status == too_many_requests;
    settle(passes ? Outcome::Passing : Outcome::Refused,
           end.problem.empty() ? fmt::format("it answered {}", end.status) : end.problem);
  });
  timer_ = loop_.after(limits_.one_try, [this] {
    transfers_.cancel(ticket_);
    settle(Outcome::Passing, fmt::format("no answer within {} s", limits_.one_try.ms / 1000));
  });
}

void Notifier::start_program() {
  ProcessOptions options;
  options.arguments = destination_.arguments;
  options.environment = inherited_environment();
  options.input = waiting_.front().document + "\n";
  options.on_end = [this](const ProcessEnd& end) {
    if (!process_) return;
    process_.reset();
    end.exit_code == 0 ? settle(Outcome::Taken, "") : settle(Outcome::Refused, describe(end));
  };
  process_ = processes_.start(std::move(options));
  timer_ = loop_.after(limits_.one_try, [this] {
    stop();
    settle(Outcome::Hung,
           fmt::format("it ran longer than {} s, and was ended", limits_.one_try.ms / 1000));
  });
}

// What is under way; nobody hears of it any more.
void Notifier::stop() {
  timer_ = Loop::Timer();
  if (process_) processes_.kill(*std::exchange(process_, std::nullopt));
  transfers_.cancel(ticket_);
}

void Notifier::settle(Outcome outcome, const std::string& problem) {
  timer_ = Loop::Timer();
  if (outcome == Outcome::Passing && tries_ < limits_.most_tries && !(done_ && failing_)) {
    const std::int64_t pause = limits_.before_next.ms << (tries_ - 1);
    timer_ = loop_.after({pause}, [this] { send(); });
    return;
  }
  failing_ = outcome == Outcome::Passing || outcome == Outcome::Hung;
  outcome == Outcome::Taken ? void(++told_) : fail(problem);
  waiting_.pop_front();
  go_on();
}

void Notifier::fail(const std::string& problem) {
  ++not_told_;
  if (warned_) return;
  warned_ = true;
  const std::string tries = tries_ > 1 ? fmt::format(", tried {} times", tries_) : "";
  warn_(fmt::format("`{}` could not be notified: {}{}; the run goes on", destination_.name, problem,
                    tries));
}

void Notifier::go_on() {
  if (done_ && failing_) {
    while (waiting_.size() > 1) {
      waiting_.pop_front();
      ++not_told_;
    }
  }
  if (!waiting_.empty()) return begin();
  if (done_) loop_.post(std::exchange(done_, nullptr));
}

void Notifier::finish(std::function<void()> done) {
  done_ = std::move(done);
  if (failing_ && waiting_.size() > 1) {
    stop();
    go_on();
  } else if (waiting_.empty()) {
    go_on();
  }
}

void Notifier::give_up() {
  stop();
  not_told_ += waiting_.size();
  waiting_.clear();
  go_on();
}

}  // namespace sluice::runtime
