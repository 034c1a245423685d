// The driver: a turn of the loop is an instant. What has happened goes to the scheduler and to the
// journal, and only then is what follows from it carried out. It knows no clock: who drives it says
// what time it is, so the same driver runs in virtual time in the tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/journal.h"
#include "runtime/run_state.h"
#include "scheduler/scheduler.h"
#include "scheduler/timeline.h"

namespace sluice::runtime {

// Who listens: told of each instant when it is durable and before it is carried out.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void instant(const Instant& instant, const scheduler::Commands& commands) = 0;
  // One that a program before this one has committed; what followed from it was done then.
  virtual void replayed(const Instant&, const scheduler::Commands&) {}
  // What an action writes, on a host.
  virtual void output(const scheduler::Action& action, const std::string& host,
                      std::string_view bytes) = 0;
  // A host on which it runs has not answered for a while and is asked on, or answers again.
  virtual void away(const scheduler::Action&, const std::string& /*host*/, bool /*away*/) {}
};

class Driver {
 public:
  // All outlive the driver.
  Driver(const plan::Plan& plan, std::string run, Executor& executor, Journal& journal,
         Observer& observer, const Secrets* secrets = nullptr);
  ~Driver();

  // Before the first turn, of a run that was begun before: takes in what has happened. The first
  // turn then asks what has become of what was at work, and begins nothing a second time. Timeouts
  // stand still while no program carries the run on. `same_boot`: this machine has not booted since
  // the last of the instants.
  void resume(const std::vector<Instant>& instants, base::Instant now, bool same_boot);
  // Before the first turn: who carries the run on, to be written down with it.
  void begin_session(Session session);

  // One instant: what completed since the last turn, the timers that are due, what the operator
  // said. Nothing happens where there is nothing of it, but on the first turn, which begins. Fails
  // where the journal does: nothing more may be started then.
  base::Status turn(base::Instant now);

  // Operator: taken in the next turn.
  void pause();
  void abort();
  // To one of the questions; what is no longer open is ignored.
  void answer(const scheduler::Action& asked, scheduler::Answer answer);
  // The same, and written down with who said it. False where it answers nothing that is open. What
  // a `manual` action waits for is carried out by who knows it: the order alone is written down.
  bool said(const Order& order);

  // The attempts that failed and that a person is asked about, as AskOperator said them, in the
  // order in which they were asked; and outcomes that are not known.
  const std::vector<scheduler::Action>& questions() const;
  const std::map<RunState::OnHost, std::string>& unknown() const;
  // Every lane at work waits for a person: an answer, or an action that one carries out.
  bool waits_for_people() const;
  const RunState& run_state() const;
  // When the next turn is due for a timer's sake; Instant::never() for none.
  base::Instant next_timer() const;
  bool has_news() const;  // something waits for a turn
  // More is at work than has ended since the last turn.
  bool awaits_more() const;
  bool ended() const;
  bool at_rest() const;
  scheduler::State state() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sluice::runtime
