// The person at the terminal: answers what is to come of a failure (`on failure ask`) and carries
// out what is `manual`, one question at a time in the order in which they came up. It knows no
// driver: what was answered is handed on.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "scheduler/scheduler.h"

namespace sluice::cli {

class Person : public runtime::Executor {
 public:
  using Say = std::function<void(const std::string&)>;
  using Answered = std::function<void(const scheduler::Action&, scheduler::Answer)>;

  // Reads lines from `descriptor`, a terminal; -1: nobody is there.
  Person(runtime::Loop& loop, const plan::Plan& plan, int descriptor);

  // Before anything is asked.
  void listen(Say say, Answered answered);
  // The failures that are asked about just now.
  void questions(const std::vector<scheduler::Action>& open);

  // False from the beginning, or since the terminal's end: nothing is asked any more.
  bool there() const { return descriptor_ >= 0; }
  bool asked() const { return !waiting_.empty(); }
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
  };

  void ask_first();
  void read_answer();
  void take_answer(std::string line);
  bool answer_failure(const std::string& word);
  bool answer_manual(const std::string& word);
  std::string question(const Waiting& waiting) const;

  runtime::Loop& loop_;
  const plan::Plan& plan_;
  int descriptor_;
  std::optional<runtime::Loop::Watch> watch_;  // from the first question on
  std::string unread_;
  Say say_;
  Answered answered_;
  std::deque<Waiting> waiting_;
  std::optional<scheduler::Action> shown_;  // the question that stands on the terminal
};

}  // namespace sluice::cli
