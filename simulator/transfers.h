// The transfers of actions that use a rate: an action has ended when both its own duration and its
// transfer have. One whose file says no `takes` lasts as long as its transfer alone.
#pragma once

#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "simulator/shared_rates.h"

namespace sluice::simulator {

class Transfers {
 public:
  explicit Transfers(const plan::Plan& plan);

  void start(base::Instant now, const scheduler::Action& action);
  void cancel(base::Instant now, const scheduler::Action& action);
  // Whether a transfer of it is under way.
  bool moves(const scheduler::Action& action) const {
    return action.slot < rows_.size() && rows_[action.slot].moving;
  }
  // The action's own duration is over. True: its transfer is not, and take_ended() will give the
  // event back.
  bool goes_on(const scheduler::Event& event);
  // When the next transfer ends; never() where none is under way.
  base::Instant next() const { return rates_.next(); }
  // Adds the ends of the actions whose transfers have ended last.
  void take_ended(base::Instant now, std::vector<scheduler::Event>& events);
  // The plan has no rate that anything uses.
  bool idle() const { return !any_; }

 private:
  // By slot: what is under way there.
  struct Row {
    bool moving = false;
    bool waiting = false;  // its own duration is over
    scheduler::Event end;
  };
  SharedRates::Kind kind_of(const scheduler::Action& action) const;

  const plan::Plan& plan_;
  bool any_ = false;
  SharedRates rates_;
  std::vector<const plan::Work*> works_;  // those that use a rate, and …
  std::vector<SharedRates::Kind> kinds_;  // … their kinds
  std::vector<Row> rows_;
  std::vector<std::uint32_t> ended_;
};

}  // namespace sluice::simulator
