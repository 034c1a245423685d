// The person at the terminal: answers what is to come of a failure (`on failure ask`) and carries
// out what is `manual`, one question at a time in the order in which they came up. It knows no
// driver: what was answered is handed on.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/order.h"
#include "runtime/run_state.h"
#include "scheduler/scheduler.h"

namespace sluice::cli {

class Person : public runtime::Executor {
 public:
  using Say = std::function<void(const std::string&)>;
  // What becomes of what was decided.
  enum class Way : std::uint8_t {
    Here,     // it is carried out at once
    Written,  // it is written down, and comes back to decide() as what is said elsewhere does
    TooLate,  // somebody else was quicker, and that is what comes
  };
  // What was decided; `host` of an outcome that is not known.
  using Decided =
      std::function<Way(const scheduler::Action&, const std::string& host, runtime::Order::Kind)>;

  // Reads lines from `descriptor`, a terminal; -1: nobody is there.
  Person(runtime::Loop& loop, const plan::Plan& plan, int descriptor);

  // Before anything is asked.
  void listen(Say say, Decided decided);
  // The failures that are asked about just now, and the outcomes that are not known.
  void questions(const std::vector<scheduler::Action>& open,
                 const std::map<runtime::RunState::OnHost, std::string>& unknown = {});
  // Whether it is a manual action that is asked about here.
  bool carries_out(const scheduler::Action& action) const;
  // What was said of one, from elsewhere or here.
  void decide(const runtime::Order& order);

  // False from the beginning, or since the terminal's end: nothing is asked any more.
  bool there() const { return descriptor_ >= 0; }
  bool asked() const { return !waiting_.empty() && waiting_.front().others.empty(); }
  // What waits for an answer, one a line.
  std::vector<std::string> open_questions() const;

  // `manual`
  void start(runtime::ActionRequest request, Sink done) override;
  void cancel(runtime::ActionRequest::Ticket ticket) override;

 private:
  struct Waiting {
    scheduler::Action action;
    runtime::ActionRequest::Ticket ticket = 0;  // of a manual action
    Sink done;                                  // empty: a failure is asked about
    std::string text;                           // what the person is to look at
    std::string host;                           // of an outcome that is not known
    std::string others;                         // who may answer, where it is not who is here
  };

  Sink take_manual(const std::function<bool(const Waiting&)>& is_it);
  void put(Waiting waiting);
  void ask_first();
  void read_answer();
  void take_answer(std::string line);
  bool answer_failure(const std::string& word);
  bool answer_unknown(const std::string& word);
  bool answer_manual(const std::string& word);
  void add(const scheduler::Action& action, const std::string& host, const std::string& why);
  std::string question(const Waiting& waiting) const;

  runtime::Loop& loop_;
  const plan::Plan& plan_;
  int descriptor_;
  std::optional<runtime::Loop::Watch> watch_;  // from the first question on
  std::string unread_;
  Say say_;
  Decided decided_;
  std::deque<Waiting> waiting_;
  std::deque<Waiting> said_;  // manual actions that were decided here, which is being written down
  std::optional<std::pair<scheduler::Action, std::string>>
      shown_;  // the question that stands on the terminal
};

}  // namespace sluice::cli
