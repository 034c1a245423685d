// What becomes of an attempt whose outcome is not known, in this order: a host that could not be
// asked is asked once more; its `verify` is asked; where it is `idempotent` it is begun anew; else
// a person says. An executor around all others.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/executor.h"

namespace sluice::runtime {

class UnknownOutcomes : public Executor {
 public:
  // The request of its `verify`, where it has one, on the same host.
  using Probe = std::function<std::optional<ActionRequest>(const ActionRequest&)>;
  // A person is to be asked; the completion says why nothing is known.
  using Ask = std::function<void(const ActionRequest&, const Completion&)>;

  // A person was asked, and need not say any more: the host has said it.
  using Told = std::function<void(const ActionRequest&, const Completion&)>;

  UnknownOutcomes(Executor& inner, Probe probe, Ask ask, Told told = {});

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;
  void settled(ActionRequest::Ticket ticket) override;

  enum class Answer : std::uint8_t { Succeeded, Failed, Retry };
  // False where nobody is asked about it.
  bool answer(const scheduler::Action& action, const std::string& host, Answer answer,
              const std::string& who);
  bool asks(const scheduler::Action& action, const std::string& host) const;

 private:
  struct Row {
    ActionRequest request;
    Sink done;
    ActionRequest::Ticket inner = 0;            // at work; 0: none
    std::vector<ActionRequest::Ticket> before;  // answered, their files are still there
    Completion lost;
    // So many bytes more have come; of the first of them so many were handed on before.
    std::uint64_t take(std::uint64_t bytes);
    std::uint64_t written = 0;     // bytes of output of this generation that were handed on
    std::uint64_t came = 0;        // and that have come since it was asked for the last time
    bool begun = false;            // so is this generation known to be
    bool unanswered = false;       // its host could not say that it is lost
    bool rejoined = false;         // was asked for once more
    std::uint32_t begun_anew = 0;  // how often, or tried to be
    bool never_begun = false;      // the last time: its generation is still free
    std::uint32_t asked_anew = 0;  // how often its `verify` was lost itself
    bool asked = false;
    bool runs = false;  // as its host has said while a person was asked
    bool cancelled = false;
  };

  std::vector<std::string> later_names(ActionRequest request, bool of_probe) const;
  std::vector<std::string> earlier_names(ActionRequest request) const;
  void begin(ActionRequest::Ticket ticket);
  void answered(ActionRequest::Ticket ticket, Completion completion);
  bool to_the_last(Row& row) const;
  void listen(ActionRequest::Ticket ticket, ActionRequest& request);
  std::optional<ActionRequest::Ticket> asked_about(const scheduler::Action& action,
                                                   const std::string& host) const;
  ActionRequest request_again(ActionRequest::Ticket ticket);
  void rejoin(ActionRequest::Ticket ticket);
  void watch(ActionRequest::Ticket ticket);
  void watched(ActionRequest::Ticket ticket, Completion completion);
  void stop_watching(Row& row);
  void decide(ActionRequest::Ticket ticket);
  void again_or_ask(ActionRequest::Ticket ticket);
  void finish(ActionRequest::Ticket ticket, Completion completion);

  Executor& inner_;
  Probe probe_;
  Ask ask_;
  Told told_;
  ActionRequest::Ticket last_ = 0;
  std::map<ActionRequest::Ticket, Row> rows_;
  std::map<ActionRequest::Ticket, std::vector<ActionRequest::Ticket>> ended_;
};

}  // namespace sluice::runtime
