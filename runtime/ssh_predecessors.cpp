#include "runtime/ssh_predecessors.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/ssh_attempt.h"

namespace sluice::runtime {

SshExecutor::Predecessors::Predecessors(Loop& loop, const SshSettings& settings, Host& host,
                                        std::vector<WrapperKey> lost, Over over)
    : loop_(loop),
      settings_(settings),
      host_(host),
      wrapper_(host.wrapper),
      lost_(std::move(lost)),
      over_(std::move(over)) {}

SshExecutor::Predecessors::~Predecessors() {
  host_.connection->release(session_);
}

void SshExecutor::Predecessors::begin() {
  const std::string nonce = fresh_nonce();
  answers_ = AnswerReader(nonce);
  verdict_.reset();
  SshConnection::Request request;
  asked_ = host_.keeper();
  address(request, asked_);
  request.input = request_cancel(nonce, lost_.back(), settings_.grace);
  request.patience = settings_.patience + settings_.grace;
  request.on_output = [this](Stream stream, std::string_view bytes) {
    if (stream != Stream::Errors) return;
    for (WrapperAnswer& answer : answers_.take(bytes)) {
      host_.connection->heard(session_);
      wrapper_.answered();
      const bool ends = answer.kind != WrapperAnswer::Kind::Running &&
                        answer.kind != WrapperAnswer::Kind::Outputs;
      if (ends) verdict_ = std::move(answer);
    }
  };
  request.on_end = [this](const SshConnection::End& end) { ended(end); };
  session_ = host_.connection->open(std::move(request));
}

void SshExecutor::Predecessors::ended(const SshConnection::End& end) {
  using How = SshConnection::End::How;
  session_ = 0;
  if (verdict_ && verdict_->kind != WrapperAnswer::Kind::Refused) {
    lost_.pop_back();
    back();
    if (!lost_.empty()) return begin();
    const Over over = std::move(over_);
    return over({});
  }
  // Perl where there is none, or none that can.
  const bool says_nothing = !verdict_ && end.how == How::Exited;
  if (says_nothing || (verdict_ && verdict_->text == lacks_perl_modules)) {
    wrapper_.gives_way(asked_);
  }
  if (end.how == How::Broken) wrapper_.was_cut(asked_);
  if (verdict_) return again_later(refusal_of(*verdict_, answers_));
  if (waits_for_host_ && end.how != How::Exited) return again_later(end.why);
  if (end.how == How::Unreachable) return give_up(Completion::Ending::Unreachable, end.why);
  if (end.how == How::Refused) return give_up(Completion::Ending::NotStarted, end.why);
  again_later(end.why.empty() ? ssh_reason(answers_.said()) : end.why);
}

void SshExecutor::Predecessors::back() {
  since_.reset();
  if (std::exchange(told_away_, false)) away_(false);
}

void SshExecutor::Predecessors::again_later(const std::string& why) {
  const base::Instant now = loop_.now();
  if (!since_) since_ = now;
  if (now - *since_ >= settings_.lost_after) return give_up(Completion::Ending::NotStarted, why);
  if (away_ && !told_away_ && now - *since_ >= settings_.told_after) {
    told_away_ = true;
    away_(true);
  }
  again_ = loop_.after(pause_before(tries_++), [this] { begin(); });
}

void SshExecutor::Predecessors::give_up(Completion::Ending ending, const std::string& why) {
  Completion problem;
  problem.ending = ending;
  problem.detail = fmt::format("what was lost there before cannot be ended: {}", why);
  const Over over = std::move(over_);
  over(problem);
}

}  // namespace sluice::runtime
