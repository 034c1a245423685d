#include "runtime/ssh_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/characters.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "plan/ssh_names.h"
#include "runtime/outputs.h"
#include "runtime/posix.h"
#include "runtime/powershell_actions.h"
#include "runtime/powershell_wrapper.h"
#include "runtime/ssh_login.h"
#include "runtime/ssh_options.h"

namespace sluice::runtime {

namespace {

constexpr std::uint32_t most_silent_ends = 3;
// As all wrappers say it.
constexpr std::string_view no_directory = "there is no directory for it";
constexpr std::string_view taken_over = "another controller has taken this run over";

// How much of the mark stands at the end of what came before the connection was cut.
std::size_t begun_mark(std::string_view written, std::string_view mark) {
  for (std::size_t size = std::min(written.size(), mark.size()); size > 0; --size) {
    if (written.ends_with(mark.substr(0, size))) return size;
  }
  return 0;
}

bool is_variable_name(std::string_view name) {
  const bool fits = std::all_of(name.begin(), name.end(),
                                [](char c) { return base::is_letter_or_digit(c) || c == '_'; });
  return fits && !name.empty() && (name.front() < '0' || name.front() > '9');
}

// Of UTF-16, which Windows bounds.
std::size_t units(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const base::CodePoint next = base::decode_utf8(text);
    count += next.value > 0xFFFF ? 2 : 1;
    text.remove_prefix(next.bytes);
  }
  return count;
}

// Why a Windows host could not take it; empty where it can.
std::string powershell_problem(const ActionRequest& request) {
  constexpr std::size_t most_units = 32'000;
  std::vector<std::string> entries = request.environment_with_secrets();
  for (std::string& entry : powershell_environment(request)) entries.push_back(std::move(entry));
  for (const std::string& entry : entries) {
    const std::string name = base::printable(entry.substr(0, entry.find('=')));
    if (base::find_invalid_utf8(entry) != std::string::npos) {
      return fmt::format("`{}` is no text of PowerShell", name);
    }
    if (units(entry) > most_units) {
      return fmt::format("`{}` is longer than a variable of Windows can be", name);
    }
  }
  const std::string_view body = request.text("body");
  const bool text = base::find_invalid_utf8(body) == std::string_view::npos &&
                    body.find('\0') == std::string_view::npos;
  return text ? "" : "the script is no text of PowerShell";
}

std::string problem_of(const ActionRequest& request) {
  for (const std::string& entry : request.environment_with_secrets()) {
    const std::string name = entry.substr(0, entry.find('='));
    if (is_variable_name(name)) continue;
    return fmt::format("`{}` is no name for a variable of a shell", base::printable(name));
  }
  return is_for_powershell(request) ? powershell_problem(request) : "";
}

ScriptPayload payload_of(const ActionRequest& request) {
  ScriptPayload payload;
  const std::string_view shell = request.text("shell");
  payload.shell = shell.empty() ? "sh" : shell;
  payload.body = request.text("body");
  payload.directory = request.text("directory");
  payload.environment = request.environment_with_secrets();
  if (is_for_powershell(request)) {
    for (std::string& entry : powershell_environment(request)) {
      payload.environment.push_back(std::move(entry));
    }
    return payload;
  }
  payload.arguments = request.texts("args");
  return payload;
}

}  // namespace

bool is_for_powershell(const ActionRequest& request) {
  return request.text("shell") == "powershell";
}

HostWrapper host_wrapper(const Place& place) {
  const std::string* given = place.setting(plan::wrapper_setting);
  if (given == nullptr) return {};
  return HostWrapper(*given == plan::perl_wrapper ? Wrapper::Perl : Wrapper::Shell);
}

// csh has no status of its own for it.
bool says_no_perl(int exit_value, std::string_view said) {
  return exit_value == 127 || said.find("perl: Command not found") != std::string_view::npos;
}

void address(SshConnection::Request& request, Wrapper wrapper) {
  switch (wrapper) {
    case Wrapper::Shell:
      request.command = wrapper_command();
      return;
    case Wrapper::Perl:
      request.command = perl_wrapper_command();
      return;
    case Wrapper::PowerShell:
      request.command = powershell_wrapper_command();
      request.opening = powershell_wrapper_opening();
      return;
  }
}

std::string refusal_of(const WrapperAnswer& answer, const AnswerReader& answers) {
  const std::string said = answers.said();
  return said.empty() ? answer.text : fmt::format("{} ({})", answer.text, ssh_reason(said));
}

base::Duration pause_before(std::uint32_t attempt) {
  constexpr std::array<base::Duration, 5> pauses{{{0}, {200}, {500}, {1'000}, {2'000}}};
  return pauses[std::min<std::size_t>(attempt, pauses.size() - 1)];
}

std::string fresh_nonce() {
  std::string nonce;
  for (int part = 0; part < 4; ++part) nonce += fmt::format("{:08x}", random_word());
  return nonce;
}

std::string wrapper_run_name(const std::string& run) {
  const auto plain = [](char c) { return base::is_letter_or_digit(c) || c == '-'; };
  const bool fits = !run.empty() && std::all_of(run.begin(), run.end(), plain);
  return fits ? run : base::sha256_hex(run);
}

WrapperKey wrapper_key(const ActionRequest& request) {
  WrapperKey key;
  key.run = wrapper_run_name(request.run);
  key.action = action_key(request);
  key.epoch = request.epoch;
  return key;
}

SshExecutor::Attempt::Attempt(Loop& loop, const SshSettings& settings, Host& host,
                              ActionRequest request, Answered answered)
    : loop_(loop),
      settings_(settings),
      connection_(*host.connection),
      host_wrapper_(host.wrapper),
      request_(std::move(request)),
      answered_(std::move(answered)),
      key_(wrapper_key(request_)),
      // Where it may have begun before, nobody says that nothing was done to the host.
      touched_(request_.resumed.has_value()),
      acknowledged_(request_.resumed && request_.resumed->begun),
      perhaps_begun_(request_.resumed.has_value()),
      asked_(request_.resumed.has_value()),
      now_or_never_(request_.rejoins && !request_.stands) {}

SshExecutor::Attempt::~Attempt() {
  release_all();
}

void SshExecutor::Attempt::release_all() {
  for (Session* session : {&starter_.session, &canceller_.session, &follower_, &rest_}) {
    connection_.release(*session);
    *session = 0;
  }
}

void SshExecutor::Attempt::begin() {
  if (const std::string problem = problem_of(request_); !problem.empty()) {
    again_ = loop_.after({}, [this, problem] {
      end(scheduler::Outcome::Failed, Completion::Ending::NotStarted, problem);
    });
    return;
  }
  ask(starter_);
}

std::string SshExecutor::Attempt::request_for(const Watcher& watcher, const std::string& nonce,
                                              bool stays) const {
  if (&watcher == &canceller_) return request_cancel(nonce, key_, settings_.grace);
  if (attaches()) return request_attach(nonce, key_, stays);
  // A Windows host has one place alone.
  const bool again = asked_ && !is_for_powershell(request_);
  return request_start(nonce, key_, payload_of(request_), stays, again);
}

// A slow link takes its time for what is sent, and a script its grace to end.
base::Duration SshExecutor::Attempt::patience_for(const std::string& input) const {
  return settings_.patience + settings_.grace + base::Duration{std::int64_t(input.size())};
}

Wrapper SshExecutor::Attempt::wrapper() const {
  return is_for_powershell(request_) ? Wrapper::PowerShell : host_wrapper_.kind();
}

void SshExecutor::Attempt::ask(Watcher& watcher) {
  const std::string nonce = fresh_nonce();
  watcher = {};
  watcher.wrapper = wrapper();
  watcher.asks_first = &watcher == &starter_ && !asked_;
  watcher.answers = AnswerReader(nonce);
  watcher.output = OutputReader(nonce);
  const bool stays = &watcher == &starter_ && (attaches() || carries_more(payload_of(request_)));
  if (stays) watcher.mark = answer_mark(nonce);
  SshConnection::Request request;
  request.use = &watcher == &canceller_ ? SshConnection::Use::Urgent : SshConnection::Use::Needed;
  address(request, watcher.wrapper);
  request.input = request_for(watcher, nonce, stays);
  asked_ = asked_ || &watcher == &starter_;
  request.stays = stays;
  request.patience = patience_for(request.input);
  request.on_output = [this, &watcher](Stream stream, std::string_view bytes) {
    heard(watcher, stream, bytes);
  };
  request.on_end = [this, &watcher](const SshConnection::End& end) { watcher_ended(watcher, end); };
  watcher.session = connection_.open(std::move(request));
}

void SshExecutor::Attempt::heard(Watcher& watcher, Stream stream, std::string_view bytes) {
  touched_ = true;
  if (stream == Stream::Output) {
    const std::string_view part = watcher.output.take(bytes);
    const std::size_t most = most_answered_output + 1 + watcher.mark.size();
    watcher.written.append(part.substr(0, most - watcher.written.size()));
    return take_mark(watcher);
  }
  for (WrapperAnswer& answer : watcher.answers.take(bytes)) {
    connection_.heard(watcher.session);
    host_wrapper_.answered();
    if (answer.kind == Verdict::Outputs) continue;
    if (answer.kind != Verdict::Running) {
      watcher.verdict = std::move(answer);
      tell_ended(*watcher.verdict);
      await_mark(watcher);
      take_mark(watcher);
      continue;
    }
    if (!acknowledged_ && request_.begun) request_.begun();
    acknowledged_ = true;
    now_or_never_ = false;
    is_back();
    tries_ = 0;
    silent_ends_ = 0;
    if (cancelled_ || follower_ != 0) continue;
    follow_timer_ = loop_.after(settings_.follow_after, [this] { follow(); });
  }
}

// What it wrote may be long on its way: behind a slow link, a flood, a host that is lost just then.
void SshExecutor::Attempt::tell_ended(const WrapperAnswer& verdict) {
  const bool known = verdict.kind == Verdict::Exited || verdict.kind == Verdict::Signalled;
  if (!known || cancelled_) return;
  if (const auto ended = std::exchange(request_.ended, nullptr)) ended();
}

// Where a login sends what is written nowhere, the mark never comes.
void SshExecutor::Attempt::await_mark(Watcher& watcher) {
  if (watcher.whole || watcher.mark.empty()) return;
  answered_soon_ = loop_.after(settings_.patience, [this, &watcher] {
    connection_.release(watcher.session);
    watcher_ended(watcher, {});
  });
}

// Both streams have brought all of the answer: the session is free for the next action.
void SshExecutor::Attempt::take_mark(Watcher& watcher) {
  if (!watcher.whole && !watcher.mark.empty() && watcher.written.ends_with(watcher.mark)) {
    watcher.whole = true;
    watcher.written.resize(watcher.written.size() - watcher.mark.size());
  }
  if (!watcher.whole || !watcher.verdict) return;
  answered_soon_ = loop_.after({}, [this, &watcher] { answered_whole(watcher); });
}

void SshExecutor::Attempt::answered_whole(Watcher& watcher) {
  if (settled_ || watcher.session == 0) return;
  connection_.keep(watcher.session);
  watcher.session = 0;
  settle(watcher, true);
}

// Its output as it grows, for as long as the host has a session to spare.
void SshExecutor::Attempt::follow() {
  const std::string nonce = fresh_nonce();
  follower_output_ = OutputReader(nonce);
  SshConnection::Request request;
  request.use = SshConnection::Use::Optional;
  address(request, wrapper());
  request.input = request_follow(nonce, key_, delivered_);
  request.keep_input_open = true;
  request.patience = patience_for(request.input);
  request.on_output = [this](Stream stream, std::string_view bytes) {
    if (stream == Stream::Output) deliver(follower_output_.take(bytes));
    if (follower_output_.open()) connection_.heard(follower_);
  };
  request.on_end = [this](const SshConnection::End&) { follower_ = 0; };
  follower_ = connection_.open(std::move(request));
}

void SshExecutor::Attempt::deliver(std::string_view bytes) {
  if (bytes.empty()) return;
  delivered_ += bytes.size();
  if (request_.output) request_.output(Stream::Output, bytes);
}

void SshExecutor::Attempt::watcher_ended(Watcher& watcher, const SshConnection::End& end) {
  using How = SshConnection::End::How;
  watcher.session = 0;
  answered_soon_ = Loop::Timer();
  if (settled_) return;
  const bool is_over = cancelled_ && &watcher == &starter_;
  if (!is_over && lacks_perl(watcher, end) && host_wrapper_.gives_way(watcher.wrapper)) {
    if (watcher.asks_first) asked_ = false;
    return ask(watcher);
  }
  if (watcher.verdict && leaves_open(watcher)) {
    return ask_again_later(watcher, fmt::format("the host does not say what became of it: {}",
                                                refusal_of(*watcher.verdict, watcher.answers)));
  }
  if (watcher.verdict) {
    // Where a mark should stand behind its output and does not, not all has come.
    const Verdict kind = watcher.verdict->kind;
    const bool unmarked = watcher.mark.empty() || kind == Verdict::Refused || kind == Verdict::None;
    return settle(watcher, watcher.whole || (unmarked && end.how == How::Exited));
  }
  // Of what is cancelled, who cancels it learns how it ended.
  if (is_over) return;
  ended_without_verdict(watcher, end);
}

// It ended before it could begin anything.
bool SshExecutor::Attempt::lacks_perl(const Watcher& watcher, const SshConnection::End& end) const {
  if (watcher.verdict) {
    return watcher.verdict->kind == Verdict::Refused && watcher.verdict->text == lacks_perl_modules;
  }
  return end.how == SshConnection::End::How::Exited &&
         says_no_perl(end.exit_value, watcher.answers.said());
}

// Refused for now (a home that is not there for a moment, a full disk), and it may run, or begin
// yet where it is cancelled: that is no answer to what became of it. Another controller stays.
bool SshExecutor::Attempt::leaves_open(const Watcher& watcher) const {
  const bool may_begin = acknowledged_ || perhaps_begun_ || &watcher == &canceller_;
  return may_begin && watcher.verdict->kind == Verdict::Refused &&
         watcher.verdict->text != taken_over;
}

void SshExecutor::Attempt::ended_without_verdict(Watcher& watcher, const SshConnection::End& how) {
  using How = SshConnection::End::How;
  const scheduler::Outcome failed =
      cancelled_ ? scheduler::Outcome::Cancelled : scheduler::Outcome::Failed;
  switch (how.how) {
    case How::Unreachable:
      if (!touched_) return end(failed, Completion::Ending::Unreachable, how.why);
      return ask_again_later(watcher, "");
    case How::Refused:
      if (!touched_) return end(failed, Completion::Ending::NotStarted, how.why);
      return ask_again_later(watcher, "");
    case How::Broken:
      touched_ = true;
      perhaps_begun_ = true;
      host_wrapper_.was_cut(watcher.wrapper);
      // A connection that has gone since is noticed with what is sent through it.
      if (now_or_never_ && how.why.empty() && ++silent_ends_ < most_silent_ends) {
        return ask(watcher);
      }
      return ask_again_later(watcher, how.why);
    case How::Exited:
      break;
  }
  touched_ = true;
  const bool gives_way = host_wrapper_.gives_way(watcher.wrapper);
  if (++silent_ends_ < most_silent_ends) return ask(watcher);
  // So a wrapper ends as well whose errors the login sends nowhere.
  perhaps_begun_ = perhaps_begun_ || how.exit_value == 0;
  std::string detail = login_problem(how.exit_value, watcher.output.said(), watcher.answers.said());
  const bool needs_perl = watcher.wrapper == Wrapper::Perl && !gives_way;
  if (needs_perl && says_no_perl(how.exit_value, watcher.answers.said())) {
    detail += "; `wrapper = \"perl\"` needs Perl there";
  }
  // What was sent before may still come there, and begin.
  if (acknowledged_ || perhaps_begun_ || cancelled_) return ask_again_later(watcher, detail);
  end(failed, Completion::Ending::NotStarted, detail);
}

void SshExecutor::Attempt::is_away(base::Instant now) {
  if (!away_since_) away_since_ = now;
  const bool tells = !told_away_ && !request_.stands && request_.away;
  if (!tells || now - *away_since_ < settings_.told_after) return;
  told_away_ = true;
  request_.away(true);
}

void SshExecutor::Attempt::is_back() {
  away_since_.reset();
  if (std::exchange(told_away_, false)) request_.away(false);
}

// `why` it is given up in the end, where not for the connection.
void SshExecutor::Attempt::ask_again_later(Watcher& watcher, const std::string& why) {
  const base::Instant now = loop_.now();
  is_away(now);
  if (now_or_never_ || now - *away_since_ >= settings_.lost_after) {
    if (!why.empty()) return lose(why);
    return lose(fmt::format("{} was reached and then lost; it did not come back in {}",
                            request_.place.address,
                            plan::to_text(plan::Value{settings_.lost_after})));
  }
  // Each of the two has its own: while one waits to cancel, the other may come to its end.
  Loop::Timer& again = &watcher == &canceller_ ? cancel_again_ : again_;
  const base::Duration pause = request_.stands && !cancelled_ && tries_ > 0
                                   ? settings_.ask_again_after
                                   : pause_before(tries_);
  ++tries_;
  again = loop_.after(pause, [this, &watcher] { ask(watcher); });
}

// `whole`: what it wrote came whole, as far as it comes with the answer.
void SshExecutor::Attempt::settle(Watcher& watcher, bool whole) {
  settled_ = true;
  is_back();
  tries_ = 0;
  verdict_ = *watcher.verdict;
  follow_timer_ = Loop::Timer();
  again_ = Loop::Timer();
  cancel_again_ = Loop::Timer();
  const AnswerReader answers = std::move(watcher.answers);
  outputs_ = answers.outputs();
  std::string written = std::move(watcher.written);
  // Cut in the middle of the mark: what came of that is no output.
  if (!whole) written.resize(written.size() - begun_mark(written, watcher.mark));
  release_all();
  if (delivered_ < written.size()) deliver(std::string_view(written).substr(delivered_));
  if (verdict_.text == no_directory) {
    verdict_.text = fmt::format("there is no directory `{}` for it",
                                base::printable(request_.text("directory")));
  }
  if (verdict_.kind == Verdict::Refused) verdict_.text = refusal_of(verdict_, answers);
  if (whole && written.size() <= most_answered_output) return conclude();
  fetch_rest();
}

// What was written when it was first asked for, and of a flood the last of it alone: nobody waits
// for gigabytes to learn how a script has ended.
void SshExecutor::Attempt::fetch_rest() {
  connection_.release(rest_);
  if (!output_rest_) {
    output_rest_.emplace(
        delivered_, settings_.most_at_end, [this](std::string_view bytes) { deliver(bytes); },
        [this](std::uint64_t bytes) {
          if (request_.left_out) request_.left_out(bytes);
        });
  }
  SshConnection::Request request;
  const Wrapper asked = wrapper();
  address(request, asked);
  request.input = output_rest_->next(fresh_nonce(), key_);
  request.patience = patience_for(request.input);
  request.on_output = [this](Stream stream, std::string_view bytes) {
    if (stream == Stream::Output) output_rest_->take(bytes);
    if (output_rest_->open()) {
      connection_.heard(rest_);
      host_wrapper_.answered();
    }
    if (output_rest_->passes_over()) again_ = loop_.after({}, [this] { fetch_rest(); });
  };
  request.on_end = [this, asked](const SshConnection::End& end) {
    rest_ = 0;
    rest_ended(asked, end);
  };
  rest_ = connection_.open(std::move(request));
}

// A login that does not come as far as the wrapper has said nothing of it, nor has a wrapper that
// cannot read it (a home that is not there for a moment).
void SshExecutor::Attempt::rest_ended(Wrapper asked, const SshConnection::End& end) {
  if (output_rest_->whole()) return conclude();
  using How = SshConnection::End::How;
  if (end.how == How::Exited && !output_rest_->open()) host_wrapper_.gives_way(asked);
  if (end.how == How::Broken) host_wrapper_.was_cut(asked);
  base::Duration pause;
  if (!output_rest_->passes_over()) {
    const base::Instant now = loop_.now();
    is_away(now);
    if (now - *away_since_ >= settings_.lost_after) {
      output_is_cut_ = true;
      return conclude();
    }
    pause = pause_before(tries_++);
  }
  again_ = loop_.after(pause, [this] { fetch_rest(); });
}

void SshExecutor::Attempt::conclude() {
  ProcessEnd how;
  switch (verdict_.kind) {
    case Verdict::Exited:
      how.exit_code = verdict_.value;
      break;
    case Verdict::Signalled:
      how.signal = verdict_.value;
      break;
    case Verdict::Never:
      if (acknowledged_ || (request_.rejoins && !cancelled_)) return lose_unknown();
      return end(scheduler::Outcome::Cancelled, Completion::Ending::NotStarted,
                 "cancelled before it began");
    case Verdict::LostKilled:
      return lose("what watched over it on the host was killed");
    case Verdict::LostReboot:
      return lose("the host has booted since it began");
    case Verdict::Refused:
      if (acknowledged_ || perhaps_begun_) return lose(verdict_.text);
      return end(scheduler::Outcome::Failed, Completion::Ending::NotStarted, verdict_.text);
    default:
      return lose_unknown();
  }
  Completion completion = completion_of(how);
  if (output_is_cut_) {
    completion.detail += fmt::format("{}the host does not give the rest of its output",
                                     completion.detail.empty() ? "" : "; ");
  }
  if (cancelled_) completion.outcome = scheduler::Outcome::Cancelled;
  end(completion.outcome, completion.ending, completion.detail);
}

void SshExecutor::Attempt::lose_unknown() {
  lose(acknowledged_ ? "it was begun, and the host knows nothing of it any more"
                     : "it was sent, and the host knows nothing of it");
}

void SshExecutor::Attempt::lose(const std::string& detail) {
  end(cancelled_ ? scheduler::Outcome::Cancelled : scheduler::Outcome::Failed,
      Completion::Ending::Lost, detail);
}

void SshExecutor::Attempt::end(scheduler::Outcome outcome, Completion::Ending ending,
                               const std::string& detail) {
  release_all();
  Completion completion;
  completion.outcome = outcome;
  completion.ending = ending;
  completion.detail = detail;
  completion.forgotten = settled_ && ending == Completion::Ending::Lost &&
                         (verdict_.kind == Verdict::None || verdict_.kind == Verdict::Never);
  completion.unanswered = !settled_ && ending == Completion::Ending::Lost;
  if (ending == Completion::Ending::Exited) completion.exit_code = verdict_.value;
  if (ending == Completion::Ending::Signalled) completion.signal = verdict_.value;
  take_outputs(outputs_, completion);
  const Answered answered = std::move(answered_);
  answered(completion);
}

void SshExecutor::Attempt::cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  now_or_never_ = false;
  follow_timer_ = Loop::Timer();
  connection_.release(follower_);
  follower_ = 0;
  if (settled_) {
    connection_.release(rest_);
    rest_ = 0;
    again_ = loop_.after({}, [this] { conclude(); });
    return;
  }
  if (!touched_ && !connection_.begun(starter_.session)) {
    connection_.release(starter_.session);
    starter_.session = 0;
    again_ = loop_.after({}, [this] {
      end(scheduler::Outcome::Cancelled, Completion::Ending::NotStarted,
          "cancelled before it began");
    });
    return;
  }
  touched_ = true;
  again_ = Loop::Timer();
  ask(canceller_);
}

}  // namespace sluice::runtime
