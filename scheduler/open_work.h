// What the scheduler's commands have left open: actions at work, timers, questions, conditions that
// are not known. Kept by whoever drives it, and by whoever reads what was driven.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::scheduler {

class OpenWork {
 public:
  // The plan must outlive it.
  explicit OpenWork(const plan::Plan& whole) : plan(whole) {}

  struct Open {
    base::Instant since;
    bool begun = false;      // it is known to have begun
    bool cancelled = false;  // its end was asked for
    std::optional<base::Duration> timeout;
    bool operator==(const Open&) const = default;
  };

  const plan::Plan& plan;
  std::map<Action, Open> open;     // begun or to be begun, and not ended
  std::vector<Action> questions;   // failures that a person is asked about
  std::vector<Action> conditions;  // asked for, and not known
  std::multimap<base::Instant, Event> timers;
  // Of those that are open; who is to end one asks nobody any more.
  std::size_t manual_actions() const { return manual_; }

  // Of each instant first its events, then the commands that followed from them.
  void settle(const Event& event);
  void follow(const Command& command, base::Instant at);

 private:
  void close_question(const Action& action);
  bool is_manual(const Action& action) const;

  std::size_t manual_ = 0;
};

}  // namespace sluice::scheduler
